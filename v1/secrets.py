"""The key vault of a workspace, as `ws.get_default_keyvault()` and `Run.get_secret` speak to it.

Values lie in the records, in the state folder that only its owner can read, and never in a log or an error message.
"""

from __future__ import annotations

import re
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import Reply, Routes

routes = Routes("secrets", "/credential/v2.0/WS")

#: Azure Key Vault's rule for names; it compares them without case.
_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
#: Azure Key Vault's bound for a value, in bytes.
_LARGEST = 25 * 1024
_NO_TYPE = "application/NotProvided"


@routes.put("/secrets")
def set_secret(call: Call) -> Reply:
    """Sets a secret; an existing one gets the new value."""
    body = _checked(call.object, value=True)
    return _dto(call.records.resources.put(call.workspace.id, _kind(call), body["name"].lower(), body))


@routes.get("/secrets")
def list_secrets(call: Call) -> Reply:
    """The names of all secrets; values are not listed."""
    found = call.records.resources.list(call.workspace.id, _kind(call))
    return {"value": [{"name": item.body["name"]} for item in found], "continuationToken": None}


@routes.put("/secrets:putbatch")
def set_secrets(call: Call) -> Reply:
    """Sets several secrets: all of them or, when one is malformed, none."""
    bodies = [_checked(item, value=True) for item in _batch(call)]
    with call.records.database.write():
        done = [call.records.resources.put(call.workspace.id, _kind(call), b["name"].lower(), b) for b in bodies]
    return {"secrets": [_dto(item) for item in done], "notFoundSecrets": []}


@routes.post("/secrets:getbatch")
def get_secrets(call: Call) -> Reply:
    """Several secrets with their values, and which of the names there are not."""
    names = [_checked(item, value=False)["name"] for item in _batch(call)]
    found = {name: call.records.resources.find(call.workspace.id, _kind(call), name.lower()) for name in names}
    return {
        "secrets": [{**_dto(item), "name": name} for name, item in found.items() if item is not None],
        "notFoundSecrets": [name for name, item in found.items() if item is None],
    }


@routes.get("/secrets/{name}")
def get_secret(call: Call) -> Reply:
    """A secret with its value."""
    found = call.records.resources.find(call.workspace.id, _kind(call), call.params["name"].lower())
    if found is None:
        raise _missing(call.params["name"])
    return _dto(found)


@routes.delete("/secrets/{name}")
def delete_secret(call: Call) -> Reply:
    """Deletes a secret."""
    if not call.records.resources.delete(call.workspace.id, _kind(call), call.params["name"].lower()):
        raise _missing(call.params["name"])
    return None


def _kind(call: Call) -> str:
    """Azure's own secrets (``systemSecret``) have a name space of their own."""
    return "system-secret" if call.query.get("systemsecret", "").lower() == "true" else "secret"


def _batch(call: Call) -> list[Any]:
    secrets = call.field("secrets", list)
    return [item if isinstance(item, dict) else _not_an_object() for item in secrets]


def _not_an_object() -> Any:
    raise bad_request("secrets must hold objects")


def _checked(item: dict[str, Any], *, value: bool) -> dict[str, Any]:
    name = typed(item, "name", str)
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of a secret: 1 to 127 letters, digits and hyphens", "InvalidSecretName"
        )
    if not value:
        return {"name": name}
    content = typed(item, "value", str)
    if len(content.encode("utf-8", "surrogatepass")) > _LARGEST:
        raise bad_request(f"the secret {name!r} is larger than {_LARGEST} bytes")
    return {"name": name, "value": content, "contentType": typed(item, "contentType", str, _NO_TYPE)}


def _dto(item: Resource) -> dict[str, Any]:
    return {**item.body, "createdTime": iso(item.created), "modifiedTime": iso(item.modified)}


def _missing(name: str) -> Exception:
    return not_found(f"there is no secret {name!r} in the key vault of this workspace", "SecretNotFound")
