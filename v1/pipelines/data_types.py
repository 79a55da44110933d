"""Data types of ports: eleven that every workspace has, and those that a client makes."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines.entities import ACTIVE, body_of, make_routes, stamped
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.routing import REST, Reply

routes = make_routes()
KIND = "data_type"
#: The client makes these itself when they are missing, which costs it eleven requests.
BUILT_IN = (
    "AnyFile",
    "AnyDirectory",
    "AzureBlobReference",
    "AzureDataLakeReference",
    "AzureFilesReference",
    "AzureSqlDatabaseReference",
    "AzurePostgresDatabaseReference",
    "AzureDataLakeGen2Reference",
    "AzureMLDataset",
    "AzureMySqlDatabaseReference",
    "DBFSReference",
)


def _built_in(name: str, workspace: Workspace) -> dict[str, Any]:
    return {
        "Etag": '"1"',
        "CreatedDate": iso(workspace.created),
        "LastModifiedDate": iso(workspace.created),
        "EntityStatus": ACTIVE,
        "Id": name,
        "Name": name,
        "Description": name,
        "IsDirectory": name == "AnyDirectory",
        "ParentDataTypeIds": [],
    }


def _all(service: Service, workspace: Workspace) -> dict[str, dict[str, Any]]:
    found = {name: _built_in(name, workspace) for name in BUILT_IN}
    for record in service.records.resources.list(workspace.id, KIND):
        found[record.name] = stamped(record)
    return found


def _checked(call: Call, name: str | None) -> dict[str, Any]:
    body = body_of(call)
    parents = body.texts("ParentDataTypeIds")
    known = _all(call.service, call.workspace)
    for parent in parents:
        if parent not in known:
            raise bad_request(f"the parent data type {parent!r} does not exist: create it first")
    identity = name or body.required("Id")
    return {
        "Id": identity,
        "Name": body.text("Name") or identity,
        "Description": body.text("Description"),
        "IsDirectory": body.flag("IsDirectory"),
        "ParentDataTypeIds": parents,
    }


@routes.get("/DataTypes")
def list_data_types(call: Call) -> Reply:
    """All data types."""
    return list(_all(call.service, call.workspace).values())


@routes.post("/DataTypes", others=REST)
def create_data_type(call: Call) -> Reply:
    """Makes a data type; the client looks for "already exist" when the name is taken."""
    body = _checked(call, None)
    with call.records.database.write():
        if body["Id"] in _all(call.service, call.workspace):
            raise conflict(f"the data type {body['Id']!r} already exists")
        return stamped(call.records.resources.put(call.workspace.id, KIND, body["Id"], body))


@routes.put("/DataTypes/{id}", others=REST)
def update_data_type(call: Call) -> Reply:
    """Changes the description and the parents of a data type."""
    name = call.params["id"]
    if name in BUILT_IN:
        raise bad_request(f"the data type {name!r} is built in and cannot be changed")
    with call.records.database.write():
        if call.records.resources.find(call.workspace.id, KIND, name) is None:
            raise not_found(f"there is no data type {name!r}")
        return stamped(call.records.resources.put(call.workspace.id, KIND, name, _checked(call, name)))
