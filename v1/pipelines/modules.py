"""Modules: what a step is, apart from the graph it stands in. The client finds one that it made before by a hash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph_ports, snapshots
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines.entities import UPLOADED, body_of, make_routes, only, stamped, status_of
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import REST, Reply

routes = make_routes()
KIND, HASH_KIND = "module", "module_hash"
_KEPT = ("Name", "Hash", "Description", "IsDeterministic", "ModuleExecutionType", "ModuleType", "IdentifierHash")
_ALSO_KEPT = ("StructuredInterface", "StorageId", "Properties", "Category", "Runconfig", "CloudSettings", "StepType")


def find(service: Service, workspace: Workspace, module_id: str) -> dict[str, Any] | None:
    """The module of this id as the client posted it, or None."""
    record = service.records.resources.find(workspace.id, KIND, module_id)
    return record.body if record is not None else None


def document(call: Call, body: Fields) -> dict[str, Any]:
    """The document of a new module. Raises a 400 :class:`ServiceError` when it is malformed or its code is missing."""
    body.required("Name")
    interface = body.object("StructuredInterface")
    for field in ("Inputs", "Outputs", "Parameters", "MetadataParameters"):
        graph_ports.by_name(list(interface.objects(field)))
    for argument in interface.objects("Arguments"):
        argument.text("Value")
    for field in (*_KEPT, "StorageId", "Category", "Runconfig", "StepType"):
        if field != "IsDeterministic":
            body.label(field)
    storage_id = body.text("StorageId")
    if storage_id:
        check_snapshot(call, storage_id)
    kept = only(body, (*_KEPT, *_ALSO_KEPT))
    return {
        **kept,
        "IsDeterministic": body.flag("IsDeterministic", True),
        "UploadState": UPLOADED,
        "DataLocation": {"StorageType": "1", "StorageId": storage_id, "Uri": None, "DataReference": None},
        "tags": body.scalars("KvTags"),
        "Properties": body.scalars("Properties"),
    }


def check_snapshot(call: Call, snapshot_id: str) -> None:
    """Raises a 400 :class:`ServiceError` when there is no such code snapshot."""
    try:
        snapshots.digest(call.service, call.workspace, snapshot_id)
    except NotFoundError as error:
        raise bad_request(
            f"the module's code snapshot {snapshot_id} is not there: submit again to upload it"
        ) from error


def dto(call: Call, module_id: str) -> dict[str, Any]:
    """A Module: its entity and the interface that graphs see. Raises a 404 :class:`ServiceError`."""
    record = call.records.resources.find(call.workspace.id, KIND, module_id)
    if record is None:
        raise not_found(f"there is no module {module_id}")
    return {"Data": stamped(record), "Interface": interface_dto(record.body.get("StructuredInterface") or {})}


def entity(call: Call, module_id: str) -> dict[str, Any]:
    """A ModuleEntity. Raises a 404 :class:`ServiceError`."""
    found: dict[str, Any] = dto(call, module_id)["Data"]
    return found


def interface_dto(structured: Mapping[str, Any]) -> dict[str, Any]:
    """The EntityInterface that follows from a StructuredInterface."""

    def parameters(field: str) -> list[dict[str, Any]]:
        return [
            {
                "Name": item["Name"],
                "Documentation": item.get("Description"),
                "DefaultValue": item.get("DefaultValue"),
                "IsOptional": item.get("IsOptional") or False,
                "MinMaxRules": [],
                "EnumRules": [],
                "Type": "3",
            }
            for item in structured.get(field) or []
        ]

    inputs = [
        {
            "Name": item["Name"],
            "Documentation": item.get("Label"),
            "DataTypesIds": item.get("DataTypeIdsList") or [],
            "IsOptional": item.get("IsOptional") or False,
        }
        for item in structured.get("Inputs") or []
    ]
    outputs = [
        {"Name": item["Name"], "Documentation": item.get("Label"), "DataTypeId": item.get("DataTypeId")}
        for item in structured.get("Outputs") or []
    ]
    return {
        "Parameters": parameters("Parameters"),
        "MetadataParameters": parameters("MetadataParameters"),
        "Ports": {"Inputs": inputs, "Outputs": outputs},
        "DataPathParameters": [],
        "DataPathParameterList": [],
    }


def store(call: Call, body: Mapping[str, Any]) -> str:
    """Keeps a module and makes it the one of its hash. Returns its id."""
    module_id = str(uuid.uuid4())
    resources, workspace = call.records.resources, call.workspace.id
    with call.records.database.write():
        resources.put(workspace, KIND, module_id, body)
        if body.get("IdentifierHash"):
            resources.put(workspace, HASH_KIND, body["IdentifierHash"], {"id": module_id})
    return module_id


@routes.post("/Modules")
def create_module(call: Call) -> Reply:
    """Makes a module."""
    return entity(call, store(call, document(call, body_of(call))))


@routes.get("/Modules/{id}")
def get_module(call: Call) -> Reply:
    """A module with its interface."""
    return dto(call, call.params["id"])


@routes.put("/Modules/{id}", others=REST)
def update_module(call: Call) -> Reply:
    """Changes the description and the status of a module; the rest of a module never changes."""
    body = body_of(call)
    description, status = body.text("Description"), status_of(body)

    def change(document: dict[str, Any]) -> None:
        document.update(Description=description, EntityStatus=status)

    call.records.resources.change(call.workspace.id, KIND, call.params["id"], change)
    return entity(call, call.params["id"])


@routes.get("/Modules/Hash/{hash}")
def find_module_by_hash(call: Call) -> Reply:
    """The module that has this hash: the client then uploads nothing. 404 when there is none, or its code is gone."""
    found = call.records.resources.find(call.workspace.id, HASH_KIND, call.params["hash"])
    if found is None:
        raise not_found(f"there is no module with the hash {call.params['hash']}")
    module = dto(call, found.body["id"])
    storage_id = module["Data"].get("StorageId")
    if storage_id and not snapshots.store(call.service).exists(call.workspace.id, storage_id):
        raise not_found(f"the code of the module {found.body['id']} is gone")
    return module
