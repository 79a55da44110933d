"""The environment variables that lead the real clients to the service (protocol notes, section 1 of each SDK)."""

from __future__ import annotations

import json
import os

from amlbridge.server import certificates
from amlbridge.server.home import Home
from amlbridge.wire.identity import TokenIssuer, load_secret

#: Variables that would lead a client elsewhere.
UNSET = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "APPSETTING_WEBSITE_SITE_NAME", "MSI_SECRET")


def variables(home: Home, http_port: int, https_port: int, host: str = "127.0.0.1") -> dict[str, str]:
    """What to set for a client of the service at these ports."""
    http, https = f"http://{host}:{http_port}", f"https://{host}:{https_port}"
    token = f"{http}/msi/{TokenIssuer(load_secret(home.secret)).msi_key}/token"
    bundle = str(certificates.bundle(home.certificates))
    hosts = f"{host},localhost"
    own = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    if own and hosts not in own:
        hosts = f"{own},{hosts}"
    elif own:
        hosts = own
    return {
        "AMLBRIDGE_HOME": str(home.root),
        "ARM_CLOUD_METADATA_URL": f"{http}/metadata/endpoints?rm={https}/",
        "AZUREML_CURRENT_CLOUD": "AzureCloud",
        "AZURE_CONFIG_DIR": str(home.azure_config),
        "MSI_ENDPOINT": token,
        "IDENTITY_ENDPOINT": token,
        "IDENTITY_HEADER": "amlbridge",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "HBI_WORKSPACE_JOB": "true",
        "NO_PROXY": hosts,
        "no_proxy": hosts,
        "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{https}/",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }


def forget_cached_cloud(home: Home) -> None:
    """Deletes the client's cache of the cloud's endpoints if it names other ports: it would win for ever."""
    cache = home.azure_config / "cloudEndpoints.json"
    address = home.read_address()
    if address is None or not cache.exists():
        return
    if f":{address['https_port']}/" not in json.dumps(cache.read_text()):
        cache.unlink(missing_ok=True)
