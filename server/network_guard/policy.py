"""Which hosts are Azure's, and what to tell someone whose script called one."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

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
#: Telemetry and the metadata service of Azure's machines: libraries call them in the background and do without.
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
    "169.254.169.254",
    "168.63.129.16",
)
#: For every host: the user said so.
EVERYTHING = "*"


class Verdict(Enum):
    """What happens to a connection."""

    PASS = "pass"
    #: Refused and told; the script is ended.
    STOP = "stop"
    #: Refused and noted; the script goes on, as it would when the host were down.
    REFUSE = "refuse"


def judge(host: str, allowed: Collection[str] = ()) -> Verdict:
    """What happens to a connection to ``host``; ``allowed`` are hosts, or domains, that the user lets through."""
    name = host.rstrip(".").lower()
    if EVERYTHING in allowed or _within(name, allowed):
        return Verdict.PASS
    if _within(name, _BACKGROUND):
        return Verdict.REFUSE
    return Verdict.STOP if _within(name, AZURE_DOMAINS) else Verdict.PASS


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
            "the script signs in to Azure by itself: leave the credential out (Workspace.from_config() signs in to the "
            f"local workspace), or use MsiAuthentication() or DefaultAzureCredential(); {let_through}"
        )
    if _within(name, ("blob.core.windows.net", "dfs.core.windows.net", "file.core.windows.net", "azureml.net")):
        return f"copy the data to this machine once and give the script its path; {let_through}"
    if name.startswith("management."):
        return (
            "the script speaks to Azure Resource Manager itself, or takes the variables away that lead the SDK to the "
            f"local workspace (`amlbridge env` lists them); {let_through}"
        )
    return f"take this call out of what you run locally; {let_through}"
