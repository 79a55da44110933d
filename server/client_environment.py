"""The environment variables that lead the real clients to the service (protocol notes, section 1 of each SDK)."""

from __future__ import annotations

import os
import time

from amlbridge.server import certificates
from amlbridge.server.docker import place as docker
from amlbridge.server.home import Home
from amlbridge.server.network_guard.upstream import SESSION_PREFIX
from amlbridge.wire.addresses import CLOUD, tracking_uri
from amlbridge.wire.identity import TokenIssuer, load_secret

#: Variables that would lead a client elsewhere.
UNSET = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "APPSETTING_WEBSITE_SITE_NAME", "MSI_SECRET")
#: What names a service principal for DefaultAzureCredential: kept when logins are answered here.
SERVICE_PRINCIPAL = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET")
#: The end of the names of sessions whose Azure hosts are answered here.
_INTERCEPTS = "-intercept"
#: What names a proxy, in the two spellings that libraries look for.
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def variables(
    home: Home,
    http_port: int,
    https_port: int,
    host: str = "127.0.0.1",
    *,
    guard_port: int | None = None,
    session: str = f"{SESSION_PREFIX}env",
    environments: str | None = None,
    scope: str | None = None,
) -> dict[str, str]:
    """What to set for a client of the service at these ports.

    With ``guard_port`` every connection but those to loopback goes through the network guard, which stops those to
    Azure. ``session`` is a name of letters, digits and ``-`` under which they are recorded: :func:`step_session` for a
    step. It begins with ``amlbridge-``. ``environments`` says how the runs that the client submits get their
    environments, when that is not as the service was started. ``scope``, the ARM id of a workspace, is where MLflow
    tracks to.
    """
    http, https = f"http://{host}:{http_port}", f"https://{host}:{https_port}"
    issuer = TokenIssuer(load_secret(home.secret))
    token = token_url(http, issuer, environments)
    bundle = str(certificates.bundle(home.certificates))
    result = {
        "AMLBRIDGE_HOME": str(home.root),
        "ARM_CLOUD_METADATA_URL": f"{http}/metadata/endpoints?rm={https}/",
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "AZURE_CONFIG_DIR": str(home.azure_config),
        "MSI_ENDPOINT": token,
        "IDENTITY_ENDPOINT": token,
        "IDENTITY_HEADER": "amlbridge",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "HBI_WORKSPACE_JOB": "true",
        "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{https}/",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # For a script that sets the tracking URI of its workspace, which MLflow's client knows no token for.
        "MLFLOW_TRACKING_TOKEN": TokenIssuer(load_secret(home.secret), _today).issue("mlflow")[0],
        "DO_NOT_TRACK": "true",
        **docker.variables(home.root),
    }
    if scope is not None:
        result["MLFLOW_TRACKING_URI"] = tracking_uri(http, scope)
    own = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    if guard_port is not None:
        proxy = f"http://{session}:{guard_password(issuer, session)}@{host}:{guard_port}"
        result.update(dict.fromkeys(PROXY_VARIABLES, proxy))
        # The user's own exceptions are the guard's business: one for an Azure host would lead past it.
        own = ""
    listed = [item.strip() for item in own.split(",") if item.strip()]
    hosts = ",".join([*listed, *(name for name in (host, "localhost") if name not in listed)])
    return {**result, "NO_PROXY": hosts, "no_proxy": hosts}


def _today() -> float:
    """When this day began: all clients of a day get one token."""
    day = 24 * 3600
    return time.time() // day * day


def token_url(http_url: str, issuer: TokenIssuer, environments: str | None = None) -> str:
    """MSI_ENDPOINT. Its path carries the choice of environments, and the tokens from there carry it on."""
    chosen = f"/environments/{environments}" if environments is not None else ""
    return f"{http_url}/msi/{issuer.msi_key}{chosen}/token"


def step_session(run_id: str) -> str:
    """The network guard's session of a step."""
    return f"{SESSION_PREFIX}step-{run_id}"


def intercepting(session: str) -> str:
    """The session's name when Azure's hosts are to be answered by the service (``--intercept``)."""
    return f"{session}{_INTERCEPTS}"


def intercepts(session: str) -> bool:
    """Whether :func:`intercepting` made this name."""
    return session.endswith(_INTERCEPTS)


def guard_password(issuer: TokenIssuer, session: str) -> str:
    """What proves to the network guard that a session is one of ours."""
    return issuer.sign(f"amlbridge-guard?{session}")[:40]


def forget_cached_cloud(home: Home, https_port: int | None = None) -> None:
    """Deletes the client's cache of the cloud's endpoints if it names other ports: it would win for ever. Without
    ``https_port`` it is compared with the running service."""
    cache = home.azure_config / "cloudEndpoints.json"
    address = home.read_address() if https_port is None else {"https_port": https_port}
    if address is None or not cache.exists():
        return
    content = cache.read_text(errors="replace")
    if f":{address['https_port']}/" not in content or f'"{CLOUD}"' not in content:
        cache.unlink(missing_ok=True)
