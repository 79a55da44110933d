"""Where data lies, as the pipelines service says it: a reference whose type is the datastore's."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import storage
from amlbridge.wire.context import Service

#: The datastore's type -> the number and the name of the reference's type, and its field.
_REFERENCES = {
    storage.BLOB: ("1", "AzureBlobReference"),
    storage.LAKE: ("2", "AzureDataLakeReference"),
    storage.FILE: ("3", "AzureFilesReference"),
    "AzureSqlDatabase": ("4", "AzureSqlDatabaseReference"),
    "AzurePostgreSql": ("5", "AzurePostgresDatabaseReference"),
    storage.LAKE2: ("6", "AzureDataLakeGen2Reference"),
    "DBFS": ("7", "DBFSReference"),
    "AzureMySql": ("8", "AzureMySqlDatabaseReference"),
}
_DATABASES = ("4", "5", "8")
#: DataLocation.StorageType: a reference to a datastore.
_REFERENCE = "4"


def of_path(service: Service, workspace: Workspace, store: str, path: str | None, query: Any = None) -> dict[str, Any]:
    """The DataLocation of a path on a datastore, or of a ``query`` ({TableName, …}) on a database.

    Raises a 404 :class:`amlbridge.wire.errors.ServiceError` for an unknown datastore.
    """
    found = storage.datastore(service, workspace, store)
    number, field = _REFERENCES.get(found.kind, _REFERENCES[storage.BLOB])
    place: dict[str, Any] = {"AmlDataStoreName": found.name}
    if number in _DATABASES:
        place.update(query or {})
    else:
        place["RelativePath"] = path
    containers = {"1": "Container", "3": "Share", "6": "FileSystemName"}
    if number in containers:
        place.update({containers[number]: found.container, "Account": found.account, "Uri": None})
    reference: dict[str, Any] = {"Type": number, field: place}
    return {"StorageType": _REFERENCE, "StorageId": None, "Uri": None, "DataReference": reference}
