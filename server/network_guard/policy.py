"""Which hosts are Azure's, and what to tell someone whose script called one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from amlbridge.server.network_options import EVERYTHING

#: Domains whose hosts are Azure's or Microsoft's (public cloud and the national ones).
AZURE_DOMAINS = (
    "azure.com",
    "azure.net",
    "azure.cn",
    "azure.us",
    "azure-api.net",
    "azurecr.io",
    "azuredatalakestore.net",
    "azuredatalakeanalytics.net",
    "azuredatabricks.net",
    "azureedge.net",
    "azurefd.net",
    "azureml.ms",
    "azureml.net",
    "azurewebsites.net",
    "chinacloudapi.cn",
    "microsoft.com",
    "microsoftonline.com",
    "microsoftonline-p.com",
    "microsoftonline.us",
    "msauth.net",
    "sts.windows.net",
    "usgovcloudapi.net",
    "visualstudio.com",
    "windows-ppe.net",
    "windows.net",
)
#: Telemetry, the metadata service of Azure's machines, schemas: libraries call them in the background and do without.
_BACKGROUND = (
    "applicationinsights.azure.com",
    "applicationinsights.microsoft.com",
    "dc.services.visualstudio.com",
    "events.data.microsoft.com",
    "in.applicationinsights.azure.com",
    "monitor.azure.com",
    "rt.services.visualstudio.com",
    "services.visualstudio.com",
    "vortex.data.microsoft.com",
    "azcliprod.blob.core.windows.net",  # azure-cli-core looks for a newer version
    "azuremlschemas.azureedge.net",
    "azuremlschemasprod.azureedge.net",  # azure-ai-ml checks MLTable files of the user's by a schema, if it can
    "169.254.169.254",
    "168.63.129.16",
)


@dataclass(frozen=True)
class Stop:
    """A connection, or a request of one, that was not answered. ``at`` is in seconds since the epoch; ``ends``: the
    script is to be ended.

    ``why``: ``azure`` (a real host of Azure), ``background`` (telemetry), ``other`` (any host, of a session that
    intercepts), ``unmapped`` (a URL of a host that has mapped ones), ``missing`` (no such file behind an intercepted
    URL). ``url`` is given for the last two.
    """

    session: str
    host: str
    port: int
    at: float
    ends: bool
    why: str = "azure"
    url: str = ""


class Verdict(Enum):
    """What happens to a connection."""

    PASS = "pass"
    #: Refused and told; the script is ended.
    STOP = "stop"
    #: Refused and noted; the script goes on, as it would when the host were down.
    REFUSE = "refuse"
    #: Answered by the service itself, in the name of the host.
    LOCAL = "local"


def judge(host: str, allowed: Collection[str] = ()) -> Verdict:
    """What happens to a connection to ``host``; ``allowed`` are hosts, or domains, that the user lets through."""
    name = host.rstrip(".").lower()
    if EVERYTHING in allowed or _within(name, allowed):
        return Verdict.PASS
    if _within(name, _BACKGROUND):
        return Verdict.REFUSE
    return Verdict.STOP if _within(name, AZURE_DOMAINS) else Verdict.PASS


def let_through(host: str, allowed: Collection[str]) -> bool:
    """Whether the user named this host, or a domain of it, among those to let through."""
    return _within(host.rstrip(".").lower(), allowed)


def _within(name: str, domains: Collection[str]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in (item.lower() for item in domains))


def advice(host: str) -> str:
    """What to do about a stopped connection to ``host``."""
    name = host.rstrip(".").lower()
    let_through = f"or let this host through with --allow-host {name} (every host: --allow-network)"
    if _within(name, ("microsoftonline.com", "microsoftonline.us", "login.windows.net", "sts.windows.net")) or (
        name.startswith("login.")
    ):
        return (
            "the script signs in to Azure by itself: --intercept signs it in to the local workspace, unchanged; or "
            f"leave the credential out, or use MsiAuthentication() or DefaultAzureCredential(); {let_through}"
        )
    if _within(name, ("blob.core.windows.net", "dfs.core.windows.net", "file.core.windows.net", "azureml.net")):
        return (
            f"map the URL to a copy on this machine: amlbridge map add https://{name}/... PATH; or answer the whole "
            f"account from local folders with --intercept; {let_through}"
        )
    if name.startswith("management."):
        return (
            "the script speaks to Azure Resource Manager itself, or takes the variables away that lead the SDK to the "
            f"local workspace (`amlbridge env` lists them); {let_through}"
        )
    return f"take this call out of what you run locally; {let_through}"
