"""Azure Key Vault, as azure-keyvault-secrets speaks to a vault's own host name under ``--intercept``.

The vault that a workspace of ours names is that workspace's own, with the secrets of ``ws.get_default_keyvault()``.
Any other is a vault of its own, kept under its name. Only the current version of a secret is kept.

Source: "Azure Key Vault REST API reference, Secrets" in Microsoft's reference.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.responses import JSONResponse, Response

from amlbridge.engine.records.resources import Resource
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import Reply, Routes

routes = Routes("vault")

#: The kind of the records, the same as that of a workspace's secrets.
_KIND = "secret"
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_LARGEST = 25 * 1024
#: The subscription of vaults that belong to no workspace: records need a workspace.
_ELSEWHERE = "00000000-0000-0000-0000-000000000000"


def challenge() -> Response:
    """401 that tells the client where to get a token: it asks without one first.

    No tenant is named, so that the client signs in to that of its credential; it refuses any other.
    """
    content = {"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token."}}
    where = 'Bearer authorization="https://login.microsoftonline.com", resource="https://vault.azure.net"'
    return JSONResponse(content, 401, {"WWW-Authenticate": where})


@routes.put("/secrets/{name}")
def set_secret(call: Call) -> Reply:
    """Sets a secret; an existing one gets the new value."""
    name = call.params["name"]
    if not _NAME.fullmatch(name):
        raise bad_request(f"{name!r} cannot name a secret: 1 to 127 letters, digits and hyphens", "BadParameter")
    value = call.field("value", str)
    if len(value.encode("utf-8", "surrogatepass")) > _LARGEST:
        raise bad_request(f"the secret {name!r} is larger than {_LARGEST} bytes", "BadParameter")
    body: dict[str, Any] = {
        "name": name,
        "value": value,
        "contentType": call.field("contentType", str, None) or "application/NotProvided",
        "tags": call.field("tags", dict, {}),
    }
    return _bundle(call, call.records.resources.put(_owner(call), _KIND, name.lower(), body))


@routes.get("/secrets")
def list_secrets(call: Call) -> Reply:
    """The names of all secrets; values are not listed."""
    found = call.records.resources.list(_owner(call), _KIND)
    return {"value": [_described(call, item, versioned=False) for item in found], "nextLink": None}


@routes.get("/secrets/{name}/versions")
def list_versions(call: Call) -> Reply:
    """The versions of a secret: the current one."""
    return {"value": [_described(call, _secret(call), versioned=True)], "nextLink": None}


@routes.get("/secrets/{name}")
def get_secret(call: Call) -> Reply:
    """A secret with its value."""
    return _bundle(call, _secret(call))


@routes.get("/secrets/{name}/{version}")
def get_version(call: Call) -> Reply:
    """A secret with its value, by its version."""
    found = _secret(call)
    if call.params["version"] != _version(found):
        raise not_found(f"there is no such version of the secret {call.params['name']}", "SecretNotFound")
    return _bundle(call, found)


@routes.delete("/secrets/{name}")
def delete_secret(call: Call) -> Reply:
    """Deletes a secret for good: it cannot be recovered."""
    found = _secret(call)
    call.records.resources.delete(_owner(call), _KIND, call.params["name"].lower())
    return _described(call, found, versioned=True)


def _owner(call: Call) -> str:
    """The workspace whose vault the host names, or the name of a vault of its own."""
    vault = _host(call).partition(".")[0]
    for workspace in call.records.workspaces.list():
        if workspace.storage_account == vault:
            return workspace.id
    return call.records.workspaces.ensure(_ELSEWHERE, "key-vaults", vault).id


def _host(call: Call) -> str:
    return call.headers.get("host", "").partition(":")[0].lower()


def _secret(call: Call) -> Resource:
    name = call.params["name"]
    found = call.records.resources.find(_owner(call), _KIND, name.lower())
    if found is None:
        raise not_found(f"A secret with (name/id) {name} was not found in this key vault.", "SecretNotFound")
    return found


def _version(item: Resource) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{item.name}/{item.modified}").hex


def _described(call: Call, item: Resource, *, versioned: bool) -> dict[str, Any]:
    name = typed(item.body, "name", str)
    times = {"created": int(item.created), "updated": int(item.modified)}
    return {
        "id": f"https://{_host(call)}/secrets/{name}" + (f"/{_version(item)}" if versioned else ""),
        "attributes": {"enabled": True, **times, "recoveryLevel": "Purgeable", "recoverableDays": 0},
        "contentType": item.body["contentType"],
        "tags": item.body.get("tags", {}),
    }


def _bundle(call: Call, item: Resource) -> dict[str, Any]:
    return {**_described(call, item, versioned=True), "value": item.body["value"]}
