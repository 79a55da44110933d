"""What a client asks before anything else: the cloud's endpoints, a token, the addresses of the services."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse

from amlbridge.wire.addresses import CLOUD
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.identity import TENANT
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.tenant_hints import tenant_of_caller

routes = Routes("bootstrap")

#: The names under which the SDKs look services up in the discovery document.
_DISCOVERED = (
    "api",
    "catalog",
    "designer",
    "experimentation",
    "history",
    "hyperdrive",
    "inferencing",
    "modelmanagement",
    "notebooks",
    "onlineExperimentation",
    "pipelines",
    "studio",
)


@routes.get("/metadata/endpoints", access="open")
def cloud_endpoints(call: Call) -> Reply:
    """The one cloud there is, under two names.

    Classes of the v1 client hardcode AzureCloud. The v2 client has built-in addresses for that name, and asks us only
    for one that it does not know; the v1 data set engine uses the v2 client when that is installed.
    """
    service = call.service
    base = service.https_url
    others = ("gallery", "graph", "batch", "sqlManagement", "media", "vmImageAliasDoc", "activeDirectoryDataLake")
    cloud: dict[str, Any] = {
        "name": "AzureCloud",
        "portal": service.http_url,
        "resourceManager": f"{base}/",
        "graphAudience": f"{base}/",
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "storage": f"core.windows.net@{service.host}:{service.https_port}",
            "keyVaultDns": "vault.azure.net",
            "sqlServerHostname": "database.windows.net",
            "acrLoginServer": "azurecr.io",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
        },
    }
    cloud.update(dict.fromkeys(others, base))
    return [cloud, {**cloud, "name": CLOUD}]


@routes.post("/msi/{key}/token", access="open")
@routes.post("/msi/{key}/environments/{environments}/token", access="open")
def token_v1(call: Call) -> Reply:
    """A token for a v1 client (form field ``resource``); the key in the path proves who asks."""
    form = parse_qs(call.body.decode("utf-8", "replace"))
    return _token(call, form.get("resource", [call.query.get("resource", "")])[0])


@routes.get("/msi/{key}/token", access="open")
@routes.get("/msi/{key}/environments/{environments}/token", access="open")
def token_v2(call: Call) -> Reply:
    """A token for a v2 client (query parameter ``resource``); the key in the path proves who asks."""
    return _token(call, call.query.get("resource", ""))


def _token(call: Call, resource: str) -> Reply:
    if call.params["key"] != call.service.issuer.msi_key:
        raise ServiceError(401, "AuthenticationFailed", "MSI_ENDPOINT does not belong to this workspace service")
    if not resource:
        raise bad_request("a token request must name its resource", "invalid_request")
    # The session's choice of environments (`amlbridge run --environments`) comes back with each of its requests.
    environments = call.params.get("environments")
    tenant = call.query.get("tenant") or tenant_of_caller(call) or TENANT
    token, expires = call.service.issuer.issue(resource, tenant=tenant, environments=environments)
    answer = {
        "access_token": token,
        "expires_on": str(expires),
        "expires_in": str(expires - int(call.service.clock())),
        "not_before": str(int(call.service.clock())),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": call.identity.subject if call.identity else "amlbridge",
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


#: SDK v1 asks with plain requests, SDK v2 names itself.
_V1_AGENT = "python-requests/"


@routes.get("/discovery/{workspace_id}/{signature}", access="open")
def discovery(call: Call) -> Reply:
    """Where each service of a workspace is; the clients ask without a token, so the URL carries a signature."""
    if not call.service.issuer.check(f"discovery/{call.params['workspace_id']}", call.params["signature"]):
        raise ServiceError(401, "AuthenticationFailed", "this discovery URL was not issued by this workspace service")
    addresses = dict.fromkeys(_DISCOVERED, call.service.http_url)
    # A browser has no token: the address itself tells that its holder may see the pages of this workspace.
    key = studio_key(call.params["workspace_id"])
    if not call.headers.get("user-agent", "").startswith(_V1_AGENT):
        # SDK v2 sends tokens over TLS only, and finds its services under this name. For v1 TLS would be lost time.
        addresses["api"] = call.service.https_url
    return {**addresses, "studio": f"{call.service.http_url}/{key}/{call.service.issuer.sign(key)}"}


def studio_key(workspace_id: str) -> str:
    """The path of a workspace's pages, and what the signature behind it signs."""
    return f"studio/{workspace_id}"


def discovery_url(service: Service, workspace_id: str) -> str:
    """The discovery URL of a workspace. The v1 client caches by it, so it changes with the port."""
    return f"{service.http_url}/discovery/{workspace_id}/{service.issuer.sign(f'discovery/{workspace_id}')}"
