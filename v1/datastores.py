"""The datastore service: what ``Datastore`` of azureml-core and the dataset engine ask.

Both clients get what makes them come to us, whatever account a datastore names: our endpoint and a key that our blob
endpoint accepts. The Python classes see the type that was registered. The dataset engine (rslex), which would speak the
Azure Files and Data Lake protocols for the other types, is told the blob container that stands behind the datastore.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.wire import blob_sas, storage
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.storage import Datastore

routes = Routes("datastores", "/datastore/v1.0/WS")

_STORAGE, _LAKE, _SQL = "azureStorageSection", "azureDataLakeSection", "azureSqlDatabaseSection"
_POSTGRES, _MYSQL, _HDFS = "azurePostgreSqlSection", "azureMySqlSection", "hdfsSection"
#: The section of each type in the DTO, and the fields of it that a registration must give.
SECTIONS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    storage.BLOB: (_STORAGE, ("accountName", "containerName")),
    storage.FILE: (_STORAGE, ("accountName", "containerName")),
    storage.LAKE2: (_STORAGE, ("accountName", "containerName")),
    storage.LAKE: (_LAKE, ("storeName",)),
    "AzureSqlDatabase": (_SQL, ("serverName", "databaseName")),
    "AzurePostgreSql": (_POSTGRES, ("serverName", "databaseName")),
    "AzureMySql": (_MYSQL, ("serverName", "databaseName")),
    "DBFS": (None, ()),
    "Hdfs": (_HDFS, ("nameNodeAddress",)),
}
#: Fields that are answered only with ``includeSecret``.
_SECRETS = (
    "credential",
    "accountKey",
    "sasToken",
    "clientSecret",
    "certificate",
    "userPassword",
    "credentialValue",
    "clientCredentials",
)
_LARGEST_PAGE = 1000
#: In the user agent of the dataset engine.
_ENGINE = "azureml-dataprep-rslex"


@routes.get("/datastores")
def list_datastores(call: Call) -> Reply:
    """The datastores of the workspace, in pages; ``dataStoreNames`` selects some by name."""
    found = storage.datastores(call.service, call.workspace)
    wanted = call.query.get("datastorenames")
    if wanted:
        names = {name.strip().lower() for name in wanted.split(",")}
        found = [store for store in found if store.name in names]
    start, size = _page(call)
    page = found[start : start + size]
    rest = start + size < len(found)
    secret = _flag(call, "includesecret", True)
    return {
        "value": [_answer(call, store, secret) for store in page],
        "continuationToken": str(start + size) if rest else None,
        "nextLink": None,
    }


def _page(call: Call) -> tuple[int, int]:
    token, count = call.query.get("continuationtoken") or "0", call.query.get("count") or "30"
    if not token.isdecimal():
        raise bad_request(f"continuationToken {token!r} was not issued by this service")
    if not count.isdecimal() or not 0 < int(count) <= _LARGEST_PAGE:
        raise bad_request(f"count must be a number from 1 to {_LARGEST_PAGE}, not {count!r}")
    return int(token), int(count)


def _flag(call: Call, name: str, default: bool) -> bool:
    value = call.query.get(name, "").lower()
    if value not in ("", "true", "false"):
        raise bad_request(f"{name} must be true or false, not {value!r}")
    return value == "true" if value else default


@routes.post("/datastores")
def register_datastore(call: Call) -> Reply:
    """Registers a datastore of any type. A folder of ours stands behind it, so nothing is validated with Azure."""
    _register(call, replace=False)
    return None


@routes.put("/datastores/{name}")
def update_datastore(call: Call) -> Reply:
    """Replaces a datastore's registration (``overwrite=True``). Files stay with their account and container."""
    storage.datastore(call.service, call.workspace, call.params["name"])
    if call.field("name", str).lower() != call.params["name"].lower():
        raise bad_request("a datastore cannot be renamed: the name in the body differs from the path's")
    _register(call, replace=True)
    return None


def _register(call: Call, *, replace: bool) -> None:
    _flag(call, "createifnotexists", False), _flag(call, "skipvalidation", False)
    name, kind = call.field("name", str), call.field("dataStoreType", str)
    if kind not in SECTIONS:
        raise bad_request(f"datastores of the type {kind!r} cannot be registered; the types are {', '.join(SECTIONS)}")
    tags = call.field("tags", dict, {})
    if not all(isinstance(value, str) for value in tags.values()):
        raise bad_request("the tags of a datastore must be strings")
    section_name, required = SECTIONS[kind]
    section: dict[str, Any] = call.field(section_name, dict) if section_name else {}
    for field in required:
        if not typed(section, field, str):
            raise bad_request(f"{section_name}.{field} must not be empty")
    storage.register(call.service, call.workspace, name, kind, section, tags, replace=replace)


@routes.get("/datastores/{name}")
def get_datastore(call: Call) -> Reply:
    """One datastore with its credentials."""
    store = storage.datastore(call.service, call.workspace, call.params["name"])
    return _answer(call, store, True)


@routes.delete("/datastores/{name}")
def delete_datastore(call: Call) -> Reply:
    """Forgets a datastore; its files stay. Not for the built-in ones and not for the default."""
    storage.unregister(call.service, call.workspace, call.params["name"])
    return None


@routes.get("/default")
def get_default_datastore(call: Call) -> Reply:
    """The default datastore."""
    return _answer(call, storage.default_datastore(call.service, call.workspace), True)


@routes.put("/default/{name}")
def set_default_datastore(call: Call) -> Reply:
    """Makes a datastore the default."""
    storage.set_default(call.service, call.workspace, call.params["name"])
    return None


def _answer(call: Call, store: Datastore, secret: bool) -> dict[str, Any]:
    if store.has_folder:
        # The storage clients expect that the container is there.
        storage.folder(call.service, store)
    if _is_dataset_engine(call.headers):
        return engine_dto(call.service, store)
    return datastore_dto(call.service, store, secret=secret)


def _is_dataset_engine(headers: Mapping[str, str]) -> bool:
    return _ENGINE in headers.get("user-agent", "")


def datastore_dto(service: Service, store: Datastore, *, secret: bool = True) -> dict[str, Any]:
    """The DTO for the Python classes: type and fields as registered, with endpoint, protocol and key ours."""
    section_name = SECTIONS.get(store.kind, (None, ()))[0]
    section = dict(store.section)
    if section_name == _STORAGE:
        section = _storage_section(service, store)
    elif section_name is not None:
        section.setdefault("serviceDataAccessAuthIdentity", _identity(section))
    if not secret:
        section = {key: None if key in _SECRETS else value for key, value in section.items()}
    dto = _frame(store, store.kind)
    if section_name is not None:
        dto[section_name] = section
    return dto


def engine_dto(service: Service, store: Datastore) -> dict[str, Any]:
    """The DTO for the dataset engine: the blob container behind the datastore. Raises a 400 :class:`ServiceError` for
    a datastore that has none, which the engine shows to the user."""
    if not store.has_folder:
        raise ServiceError(400, "UserError", storage.unreadable(store))
    dto = _frame(store, storage.BLOB)
    dto[_STORAGE] = _container(service, store, store.account) | _key(service, store.account)
    return dto


def _frame(store: Datastore, kind: str) -> dict[str, Any]:
    return {"name": store.name, "dataStoreType": kind, "hasBeenValidated": True, "tags": dict(store.tags)}


def _storage_section(service: Service, store: Datastore) -> dict[str, Any]:
    given = store.section
    account = str(given["accountName"])
    section = {key: value for key, value in given.items() if key != "ServiceDataAccessAuthIdentity"}
    section |= _container(service, store, account)
    section |= {
        "blobCacheTimeout": given.get("blobCacheTimeout"),
        "areWorkspaceManagedIdentitiesAllowed": given.get("areWorkspaceManagedIdentitiesAllowed") or False,
        "serviceDataAccessAuthIdentity": _identity(given),
    }
    kind = given.get("credentialType")
    if store.built_in or kind in ("AccountKey", "Sas") or (kind is None and given.get("credential")):
        return section | _key(service, account)
    section |= {"credentialType": kind or "None", "credential": None, "accountKey": None, "sasToken": None}
    if store.kind == storage.BLOB:
        # On Azure the client reads a public container without a credential: here nothing is read without one.
        sas = blob_sas.container_sas(service, store.account, store.container)
        section |= {"credentialType": "Sas", "credential": sas, "sasToken": sas, "isSas": True}
    return section


def _container(service: Service, store: Datastore, account: str) -> dict[str, Any]:
    container = store.section.get("containerName") or store.container
    subscription = store.section.get("subscriptionId") or store.workspace.subscription_id
    group = store.section.get("resourceGroup") or store.workspace.resource_group
    return {
        "accountName": account,
        "containerName": container,
        "endpoint": service.storage_endpoint,
        "protocol": "https",
        "subscriptionId": subscription,
        "resourceGroup": group,
    }


def _key(service: Service, account: str) -> dict[str, Any]:
    key = service.issuer.account_key(account)
    return {"credentialType": "AccountKey", "credential": key, "accountKey": key, "sasToken": None, "isSas": False}


def _identity(section: Mapping[str, Any]) -> str:
    given = section.get("ServiceDataAccessAuthIdentity") or section.get("serviceDataAccessAuthIdentity")
    return str(given or "None")
