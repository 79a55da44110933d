"""Which datastores a workspace has, and which folder stands behind each: the model that v1, v2 and the engine share.

Behind every datastore that can hold files stands one container of the :class:`~amlbridge.engine.blobs.BlobStore`; two
registrations of the same account and container share their data, in whatever workspaces they are, as in Azure. File
shares and Data Lake gen1 stores have name spaces of their own there, so their accounts get a suffix. SQL databases,
DBFS and HDFS are kept as registered, and every attempt to read them says why it cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request, not_found

#: The kind of the records.
KIND = "datastore"
#: What :class:`Datastore.kind` can be: the ``dataStoreType`` of the wire.
BLOB, FILE, LAKE, LAKE2 = "AzureBlob", "AzureFile", "AzureDataLake", "AzureDataLakeGen2"
KINDS = (
    BLOB,
    FILE,
    LAKE,
    LAKE2,
    "AzureSqlDatabase",
    "AzurePostgreSql",
    "AzureMySql",
    "DBFS",
    "Hdfs",
    "Custom",
    "Git",
    "OneLake",
)
FOLDERS = (BLOB, FILE, LAKE, LAKE2)

DEFAULT = "workspaceblobstore"
ARTIFACTS = "workspaceartifactstore"
#: The share of `workspaceworkingdirectory`; every Azure workspace has the same.
_CODE_SHARE = "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"
#: Suffixes of the accounts of what is no blob container. No Azure account has a hyphen; a dot would end the account's
#: name for rslex.
FILE_ACCOUNT, LAKE_ACCOUNT = "-file", "-lake"
_LAKE_CONTAINER = "root"
_DEFAULT_PROPERTY = "default_datastore"
_NAME = re.compile(r"[a-z0-9_-]{1,255}")


@dataclass(frozen=True)
class Datastore:
    """One datastore. ``account`` and ``container`` are those of the blob folder behind it ("" when there is none);
    ``section`` is what the user registered, as the user gave it. Times are seconds since the epoch."""

    workspace: Workspace
    name: str
    kind: str
    account: str
    container: str
    section: Mapping[str, Any]
    tags: Mapping[str, str]
    built_in: bool
    created: float
    modified: float

    @property
    def has_folder(self) -> bool:
        """Whether files can be kept in it."""
        return self.kind in FOLDERS


def built_in(workspace: Workspace) -> dict[str, Datastore]:
    """The four datastores that every workspace is born with, by name."""
    shares = {
        "workspacefilestore": f"azureml-filestore-{workspace.id}",
        "workspaceworkingdirectory": _CODE_SHARE,
    }
    containers = {DEFAULT: f"azureml-blobstore-{workspace.id}", ARTIFACTS: "azureml"}
    names = {name: (BLOB, container) for name, container in containers.items()}
    names |= {name: (FILE, share) for name, share in shares.items()}
    made = workspace.created
    found = {}
    for name, (kind, container) in names.items():
        section = {"accountName": workspace.storage_account, "containerName": container}
        account, container = location(kind, section)
        found[name] = Datastore(workspace, name, kind, account, container, section, {}, True, made, made)
    return found


def location(kind: str, section: Mapping[str, Any]) -> tuple[str, str]:
    """Account and container of the folder behind a registration; two empty strings when it has none."""
    if kind in (BLOB, LAKE2):
        return str(section["accountName"]), str(section["containerName"])
    if kind == FILE:
        return str(section["accountName"]) + FILE_ACCOUNT, str(section["containerName"])
    if kind == LAKE:
        return str(section["storeName"]) + LAKE_ACCOUNT, _LAKE_CONTAINER
    return "", ""


def datastore(service: Service, workspace: Workspace, name: str) -> Datastore:
    """The datastore of this name, compared without case. Raises a 404 :class:`ServiceError`."""
    key = name.lower()
    found = built_in(workspace).get(key)
    if found is not None:
        return found
    record = service.records.resources.find(workspace.id, KIND, key)
    if record is None:
        raise not_found(f"Could not find datastore: {name}", "UserError")
    return _of_record(workspace, record)


def datastores(service: Service, workspace: Workspace) -> list[Datastore]:
    """Every datastore: the built-in ones, then the registered ones in the order of their registration."""
    records = service.records.resources.list(workspace.id, KIND)
    return [*built_in(workspace).values(), *(_of_record(workspace, record) for record in records)]


def _of_record(workspace: Workspace, record: Resource) -> Datastore:
    body = record.body
    account, container = location(body["kind"], body["section"])
    return Datastore(
        workspace,
        record.name,
        body["kind"],
        account,
        container,
        body["section"],
        body["tags"],
        False,
        record.created,
        record.modified,
    )


def default_datastore(service: Service, workspace: Workspace) -> Datastore:
    """The workspace's default datastore."""
    current = service.records.workspaces.get(workspace.id)
    return datastore(service, workspace, current.properties.get(_DEFAULT_PROPERTY, DEFAULT))


def set_default(service: Service, workspace: Workspace, name: str) -> Datastore:
    """Makes a datastore the default. Raises a 404 :class:`ServiceError`; a 400 one when it cannot hold files."""
    found = datastore(service, workspace, name)
    if not found.has_folder:
        raise bad_request(f"{found.name} is {found.kind}: only a datastore that holds files can be the default")

    def change(properties: dict[str, Any]) -> None:
        properties[_DEFAULT_PROPERTY] = found.name

    service.records.workspaces.change(workspace.id, change)
    return found


def register(
    service: Service,
    workspace: Workspace,
    name: str,
    kind: str,
    section: Mapping[str, Any],
    tags: Mapping[str, str],
    *,
    replace: bool = False,
) -> Datastore:
    """Records a datastore. ``replace``: an existing one is replaced, otherwise it is an error.

    Raises a 400 :class:`ServiceError`; a taken name has the wording for which the v1 client looks before it overwrites.
    """
    key = name.lower()
    if not _NAME.fullmatch(key):
        raise bad_request(f"{name!r} cannot be the name of a datastore: use letters, digits, _ and - (at most 255)")
    account, container = location(kind, section)
    if kind in FOLDERS:
        service.blobs.container(account, container)
    body = {"kind": kind, "section": dict(section), "tags": dict(tags)}
    with service.records.database.write():
        if key in built_in(workspace):
            if replace:
                raise bad_request(f"{key} is built into the workspace and cannot be changed: register another name")
            raise _taken(key)
        if not replace and service.records.resources.find(workspace.id, KIND, key) is not None:
            raise _taken(key)
        return _of_record(workspace, service.records.resources.put(workspace.id, KIND, key, body))


def _taken(name: str) -> ServiceError:
    return bad_request(f"Another datastore with the same name already exists: {name}")


def unregister(service: Service, workspace: Workspace, name: str) -> None:
    """Forgets a datastore; its files stay. Raises a 404 :class:`ServiceError`, a 400 one for a built-in or the default
    datastore."""
    found = datastore(service, workspace, name)
    if found.built_in:
        raise bad_request(f"{found.name} is built into the workspace and cannot be deleted")
    with service.records.database.write():
        if default_datastore(service, workspace).name == found.name:
            raise bad_request(f"{found.name} is the default datastore: make another one the default first")
        service.records.resources.delete(workspace.id, KIND, found.name)


def folder(service: Service, store: Datastore) -> Path:
    """The plain folder behind a datastore, made on first use. Raises a 400 :class:`ServiceError` when it has none."""
    if not store.has_folder:
        raise bad_request(unreadable(store), "NotSupported")
    path = service.blobs.container(store.account, store.container)
    if not path.is_dir():
        service.blobs.create_container(store.account, store.container)
    return path


def unreadable(store: Datastore) -> str:
    """Why the content of a datastore without a folder is out of reach, and the way out."""
    return (
        f"the datastore {store.name} is {store.kind}, a service outside of this machine that amlbridge does not reach: "
        "export the data to files, upload them to a blob datastore and make the dataset from those"
    )


def resolve(service: Service, workspace: Workspace, store: str | Datastore, path: str) -> Path:
    """Where a path of a datastore lies, whether anything is there or not. "", "." and "/" mean its root; slashes at
    either end and "./" in front do not matter.

    Raises a 404 or 400 :class:`ServiceError`, and :class:`~amlbridge.engine.errors.InvalidNameError` for a path that
    would leave the datastore.
    """
    found = store if isinstance(store, Datastore) else datastore(service, workspace, store)
    root = folder(service, found)
    name = normal(path)
    return service.blobs.path(found.account, found.container, name) if name else root


def normal(path: str) -> str:
    """A path of a datastore without the slashes and dots that mean nothing; "" for the root."""
    segments = [segment for segment in path.split("/") if segment not in ("", ".")]
    return "/".join(segments)
