"""Azure's login, for service principals: what ``login.microsoftonline.com`` answers when a session intercepts it.

These operations are on no port: only connections that the network guard has authenticated reach them. That the caller
is one of ours is proven there, so any client id and secret (or certificate) will do; they belong to a directory that we
do not know. The tenant of the URL becomes the ``tid`` of the token, which the clients compare with the script's.

Sources: "Microsoft identity platform and the OAuth 2.0 client credentials flow" and "OpenID Connect on the Microsoft
identity platform" in Microsoft's reference; measured with msal 1.39 and azure-identity 1.27.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import JSONResponse

from amlbridge.wire.caller import caller
from amlbridge.wire.context import Call
from amlbridge.wire.identity import TENANT
from amlbridge.wire.routing import Reply, Routes

routes = Routes("login")

_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
#: In the URL of :func:`amlbridge.wire.bootstrap.token_v1`.
_ENVIRONMENTS = re.compile(r"/msi/[0-9a-f]+/environments/([^/]+)/token$")
_ANY_TENANT = {"common", "organizations", "consumers"}
_ALIASES = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]


@routes.get("/{tenant}/discovery/instance", access="open")
def instance_discovery(call: Call) -> Reply:
    """Which hosts are the login of one cloud, and where the tenant of the asked-for authority is described.

    MSAL asks the public login about an authority that it does not know, which is how it meets that of our cloud: the
    tenant stands in the query.
    """
    host = _host(call)
    asked = urlsplit(call.query.get("authorization_endpoint", "")).path.strip("/").partition("/")[0]
    tenant = asked or call.params["tenant"]
    aliases = _ALIASES if host in _ALIASES else [host]
    return {
        "tenant_discovery_endpoint": f"https://{host}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": aliases[0], "preferred_cache": aliases[0], "aliases": aliases}],
    }


@routes.get("/{tenant}/v2.0/.well-known/openid-configuration", access="open")
def openid_configuration(call: Call) -> Reply:
    """Where the login's endpoints are."""
    return _configuration(call, "/v2.0")


@routes.get("/{tenant}/.well-known/openid-configuration", access="open")
def openid_configuration_v1(call: Call) -> Reply:
    """Where the login's endpoints are, those of version 1."""
    return _configuration(call, "")


@routes.post("/{tenant}/oauth2/v2.0/token", access="open")
def token(call: Call) -> Reply:
    """A token for a service principal and a scope; other ways to sign in are refused."""
    form = _form(call)
    problem = _problem(call, form)
    if problem is not None:
        return problem
    scopes = [scope for scope in form.get("scope", "").split() if scope.endswith("/.default")]
    if len(scopes) != 1:
        return _error("invalid_scope", "a service principal asks for one scope that ends in /.default")
    access, expires = _issue(call, scopes[0].removesuffix("/.default"))
    left = expires - int(call.service.clock())
    return _answer({"token_type": "Bearer", "expires_in": left, "ext_expires_in": left, "access_token": access})


@routes.post("/{tenant}/oauth2/token", access="open")
def token_v1(call: Call) -> Reply:
    """A token for a service principal and a resource (version 1); other ways to sign in are refused."""
    form = _form(call)
    problem = _problem(call, form)
    if problem is not None:
        return problem
    if not form.get("resource"):
        return _error("invalid_request", "the request must name its resource")
    access, expires = _issue(call, form["resource"])
    now = int(call.service.clock())
    times = {"expires_in": expires - now, "ext_expires_in": expires - now, "expires_on": expires, "not_before": now}
    answer = {name: str(value) for name, value in times.items()}
    return _answer({"token_type": "Bearer", **answer, "resource": form["resource"], "access_token": access})


_NOBODY = "Nobody signs in here: Workspace.from_config() without a credential reaches the local workspace."


@routes.operation("POST", "/{tenant}/oauth2/v2.0/devicecode", access="open", refused=_NOBODY)
def device_code(call: Call) -> Reply:
    """Starts the login of a person with a code."""


@routes.operation("GET", "/{tenant}/oauth2/v2.0/authorize", access="open", refused=_NOBODY)
def authorize(call: Call) -> Reply:
    """The login page of a person."""


def _issue(call: Call, audience: str) -> tuple[str, int]:
    """A token that carries the session's choice of environments, as those from MSI_ENDPOINT do: no request of a login
    names it, the variables of the calling process do."""
    process = caller(call)
    named = _ENVIRONMENTS.search(process.environment.get("MSI_ENDPOINT", "")) if process is not None else None
    return call.service.issuer.issue(audience, tenant=_tenant(call), environments=named and named[1])


def _configuration(call: Call, version: str) -> dict[str, Any]:
    host, named = _host(call), call.params["tenant"]
    base = f"https://{host}/{named}"
    issuer = _tenant(call) if named.lower() not in _ANY_TENANT else "{tenantid}"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "end_session_endpoint": f"{base}/oauth2{version}/logout",
        "jwks_uri": f"{base}/discovery{version}/keys",
        "issuer": f"https://{host}/{issuer}/v2.0" if version else f"https://sts.windows.net/{issuer}/",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "tenant_region_scope": None,
    }


def _host(call: Call) -> str:
    return call.headers.get("host", _ALIASES[0]).partition(":")[0].lower()


def _tenant(call: Call) -> str:
    """The tenant's id. A directory that is named by a domain gets one that is always the same."""
    named = call.params["tenant"].lower()
    if named in _ANY_TENANT:
        return TENANT
    return named if _GUID.fullmatch(named) else str(uuid.uuid5(uuid.NAMESPACE_DNS, named))


def _form(call: Call) -> dict[str, str]:
    pairs = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in pairs.items()}


def _problem(call: Call, form: dict[str, str]) -> JSONResponse | None:
    kind = form.get("grant_type", "")
    if kind != "client_credentials":
        return _error(
            "unsupported_grant_type",
            f"amlbridge signs in service principals only (client_credentials), not {kind or 'without a grant_type'}: "
            "leave the credential out, or use MsiAuthentication() or DefaultAzureCredential()",
        )
    if call.params["tenant"].lower() in _ANY_TENANT:
        return _error("invalid_request", "a service principal signs in to a tenant of its own, not to 'common'")
    if not form.get("client_id"):
        return _error("invalid_request", "the request must name its client_id")
    if not form.get("client_secret") and not form.get("client_assertion"):
        return _error("invalid_client", "the request has neither a client_secret nor a client_assertion", 401)
    return None


def _error(code: str, text: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": f"amlbridge: {text}", "error_codes": []}, status)


def _answer(content: dict[str, Any]) -> JSONResponse:
    return JSONResponse(content, headers={"Cache-Control": "no-store"})
