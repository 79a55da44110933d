"""Datastores as SDK v2 speaks of them; the records are those of SDK v1.

A client gets what makes it come to us, whatever account a datastore names: it puts our host in by itself (the storage
suffix of the cloud), and the key and signatures are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from amlbridge.v2 import arm_lists
from amlbridge.v2.assets.asset import common, system_data
from amlbridge.wire import blob_sas, storage
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.storage import Datastore

routes = Routes("v2 datastores")

#: The words of v2 for the kinds, and the fields that hold account and container there.
_KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "AzureBlob": (storage.BLOB, {"accountName": "accountName", "containerName": "containerName"}),
    "AzureFile": (storage.FILE, {"accountName": "accountName", "fileShareName": "containerName"}),
    "AzureDataLakeGen2": (storage.LAKE2, {"accountName": "accountName", "filesystem": "containerName"}),
    "AzureDataLakeGen1": (storage.LAKE, {"storeName": "storeName"}),
}
_BACK = {kind: (word, fields) for word, (kind, fields) in _KINDS.items()}
_OUTSIDE = (
    "Datastores of the type {0} are services outside of this machine that amlbridge does not reach: export the data "
    "to files and use a blob datastore."
)
#: Which credentials there are, and the secret of each in the request.
_SECRETS = {
    "AccountKey": "key",
    "Sas": "sasToken",
    "ServicePrincipal": "clientSecret",
    "Certificate": "certificate",
    "None": None,
}
#: Fields of a credential that are no secret.
_PRINCIPAL = ("authorityUrl", "resourceUrl", "tenantId", "clientId", "thumbprint")


@routes.get("/WS/datastores")
def list_datastores(call: Call) -> Reply:
    """The datastores of the workspace, by isDefault, names, searchText and orderBy."""
    query = call.query
    found = storage.datastores(call.service, call.workspace)
    default = storage.default_datastore(call.service, call.workspace).name
    if query.get("isdefault"):
        if query["isdefault"].lower() not in ("true", "false"):
            raise bad_request(f"isDefault must be true or false, not {query['isdefault']!r}")
        found = [item for item in found if (item.name == default) == (query["isdefault"].lower() == "true")]
    names = {name.strip().lower() for name in query.get("names", "").split(",") if name.strip()}
    text = query.get("searchtext", "").lower()
    found = [item for item in found if (not names or item.name in names) and text in item.name]
    # orderBy names a field here, and orderByAsc the direction; without it they come in the order of registration.
    if query.get("orderby"):
        direction = "asc" if query.get("orderbyasc", "true").lower() == "true" else "desc"
        call.query = {**query, "orderby": f"{query['orderby']} {direction}"}
        found = [row.store for row in arm_lists.ordered(call, [_Row(item) for item in found])]
        call.query = query
    return arm_lists.page(call, found, lambda item: _dto(call.service, item, default), 30)


class _Row:
    """A datastore with what lists are ordered by."""

    def __init__(self, store: Datastore) -> None:
        self.store, self.name, self.version = store, store.name, ""
        self.created, self.modified = store.created, store.modified


@routes.get("/WS/datastores/{name}")
def get_datastore(call: Call) -> Reply:
    """One datastore, without its secrets."""
    store = _store(call)
    return _dto(call.service, store, storage.default_datastore(call.service, call.workspace).name)


@routes.put("/WS/datastores/{name}")
def create_datastore(call: Call) -> Reply:
    """Registers a datastore or replaces its registration; a folder of ours stands behind it."""
    name, given = call.params["name"], call.field("properties", dict)
    word = typed(given, "datastoreType", str)
    known = next((key for key in _KINDS if key.lower() == word.lower()), None)
    if known is None:
        raise bad_request(_OUTSIDE.format(word), "NotSupported")
    kind, fields = _KINDS[known]
    section: dict[str, Any] = {}
    for field, ours in fields.items():
        section[ours] = typed(given, field, str)
        if not section[ours]:
            raise bad_request(f"properties.{field} must not be empty")
    checked = common(given)
    section |= _credentials(typed(given, "credentials", dict, {"credentialsType": "None"}))
    for key in ("endpoint", "protocol", "resourceGroup", "subscriptionId", "serviceDataAccessAuthIdentity"):
        value = typed(given, key, str, None)
        if value is not None:
            section[key] = value
    section["description"] = checked["description"]
    exists = any(item.name == name.lower() for item in storage.datastores(call.service, call.workspace))
    store = storage.register(call.service, call.workspace, name, kind, section, checked["tags"], replace=exists)
    if typed(given, "isDefault", bool, False):
        storage.set_default(call.service, call.workspace, store.name)
    default = storage.default_datastore(call.service, call.workspace).name
    return JsonResponse(_dto(call.service, store, default), 200 if exists else 201)


@routes.delete("/WS/datastores/{name}")
def delete_datastore(call: Call) -> Reply:
    """Forgets a datastore; its files stay. Not for the built-in ones and not for the default."""
    try:
        storage.unregister(call.service, call.workspace, call.params["name"])
    except ServiceError as error:
        if error.status == 404:
            return Response(status_code=204)
        raise
    return None


@routes.post("/WS/datastores/{name}/listSecrets")
def list_secrets(call: Call) -> Reply:
    """The secret of a datastore: with expirableSecret a signature for its account, otherwise its key."""
    store = _store(call)
    expirable = typed(call.object, "expirableSecret", bool, False)
    typed(call.object, "expireAfterHours", int, None)
    kind = _credential_type(store)
    if kind in ("ServicePrincipal", "Certificate"):
        secret = str(_SECRETS[kind])
        return {"secretsType": kind, secret: store.section.get("clientSecret") or store.section.get("certificate")}
    if kind == "None" or not store.has_folder:
        raise bad_request(f"the datastore {store.name} has no secrets: it is read with the caller's own identity")
    storage.folder(call.service, store)
    if (expirable and store.kind != storage.FILE) or kind == "Sas":
        return {"secretsType": "Sas", "sasToken": blob_sas.account_sas(call.service, store.account)}
    account = str(store.section["accountName"])
    return {"secretsType": "AccountKey", "key": call.service.issuer.account_key(account)}


@routes.operation("POST", "/WS/setDefaultDatastore/{name}", others=REST)
def set_default(call: Call) -> Reply:
    """Makes a datastore the default."""
    storage.set_default(call.service, call.workspace, call.params["name"])
    return None


def _store(call: Call) -> Datastore:
    try:
        return storage.datastore(call.service, call.workspace, call.params["name"])
    except ServiceError as error:
        raise not_found(error.message) from error


def _credentials(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a registration that say how it is reached. Raises a 400 ServiceError."""
    word = typed(given, "credentialsType", str, "None")
    kind = next((key for key in _SECRETS if key.lower() == word.lower()), None)
    if kind is None:
        raise bad_request(f"credentialsType must be one of {', '.join(_SECRETS)}, not {word!r}")
    found: dict[str, Any] = {"credentialType": kind}
    found.update({key: typed(given, key, str, None) for key in _PRINCIPAL if given.get(key) is not None})
    secrets: dict[str, Any] = typed(given, "secrets", dict, {})
    field = _SECRETS[kind]
    if field is not None:
        secret = typed(secrets, field, str, None)
        found["credential" if field in ("key", "sasToken") else field] = secret
    return found


def _credential_type(store: Datastore) -> str:
    kind = store.section.get("credentialType")
    if kind in _SECRETS:
        return str(kind)
    has_key = store.built_in or store.section.get("credential")
    return "AccountKey" if has_key else "ServicePrincipal" if store.section.get("clientSecret") else "None"


def _dto(service: Service, store: Datastore, default: str) -> dict[str, Any]:
    word, fields = _BACK.get(store.kind, (store.kind, {}))
    section, kind = store.section, _credential_type(store)
    credentials: dict[str, Any] = {"credentialsType": kind}
    credentials.update({key: section.get(key) for key in _PRINCIPAL if kind in ("ServicePrincipal", "Certificate")})
    properties: dict[str, Any] = {
        "datastoreType": word,
        "description": section.get("description"),
        "tags": dict(store.tags),
        "properties": {},
        "isDefault": store.name == default,
        "credentials": credentials,
        "serviceDataAccessAuthIdentity": section.get("serviceDataAccessAuthIdentity") or "None",
        "resourceGroup": section.get("resourceGroup"),
        "subscriptionId": section.get("subscriptionId"),
    }
    properties.update({field: section.get(ours) for field, ours in fields.items()})
    if store.kind in (storage.BLOB, storage.FILE, storage.LAKE2):
        properties |= {"endpoint": "core.windows.net", "protocol": "https"}
    if store.has_folder:
        # The storage clients expect that the container is there.
        storage.folder(service, store)
    return {
        "id": f"{store.workspace.scope}/datastores/{store.name}",
        "name": store.name,
        "type": "Microsoft.MachineLearningServices/workspaces/datastores",
        "systemData": system_data(store.created, store.modified),
        "properties": properties,
    }
