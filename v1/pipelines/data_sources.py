"""Data sources: paths and queries on datastores that a graph reads (``DataReference`` in the SDK)."""

from __future__ import annotations

import uuid
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines import data_locations
from amlbridge.v1.pipelines.entities import UPLOADED, body_of, make_routes, only, stamped, status_of
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.routing import REST, Reply

routes = make_routes()
KIND, HASH_KIND = "data_source", "data_source_hash"
#: What a source on a database says instead of a path -> the field of its reference.
_QUERY = {
    "SqlTableName": "TableName",
    "SqlQuery": "SqlQuery",
    "SqlStoredProcedureName": "StoredProcedureName",
    "SqlStoredProcedureParams": "StoredProcedureParameters",
}


def find(service: Service, workspace: Workspace, source_id: str) -> dict[str, Any] | None:
    """The data source of this id, or None."""
    record = service.records.resources.find(workspace.id, KIND, source_id)
    return record.body if record is not None else None


@routes.post("/DataSources")
def create_data_source(call: Call) -> Reply:
    """Makes a data source. One on a database is kept, too: a graph that reads it is refused when it is submitted."""
    body = body_of(call)
    name, store = body.required("Name"), body.required("DataStoreName")
    for field in ("DataTypeId", "Description", "IdentifierHash", "SqlTableName", "SqlQuery", "SqlStoredProcedureName"):
        body.text(field)
    parameters = [item.content for item in body.objects("SqlStoredProcedureParams")]
    query = {target: body.content.get(field) for field, target in _QUERY.items()}
    query["StoredProcedureParameters"] = parameters or None
    try:
        place = data_locations.of_path(call.service, call.workspace, store, body.text("PathOnDataStore"), query)
    except ServiceError as error:
        raise bad_request(f"the data source {name!r}: {error.message}") from error
    document = {
        **only(body, ("Name", "DataTypeId", "Description", "DataStoreName", "PathOnDataStore", "IdentifierHash")),
        "UploadState": UPLOADED,
        "DataLocation": place,
    }
    resources, workspace, source_id = call.records.resources, call.workspace.id, str(uuid.uuid4())
    with call.records.database.write():
        record = resources.put(workspace, KIND, source_id, document)
        if body.text("IdentifierHash"):
            resources.put(workspace, HASH_KIND, body.required("IdentifierHash"), {"id": source_id})
    return stamped(record)


@routes.get("/DataSources/{id}")
def get_data_source(call: Call) -> Reply:
    """A data source."""
    return _dto(call, call.params["id"])


@routes.put("/DataSources/{id}", others=REST)
def update_data_source(call: Call) -> Reply:
    """Changes the name, the description and the status of a data source; its place never changes."""
    body = body_of(call)
    values = {"Name": body.required("Name"), "Description": body.text("Description"), "EntityStatus": status_of(body)}
    _dto(call, call.params["id"])
    record = call.records.resources.change(
        call.workspace.id, KIND, call.params["id"], lambda document: document.update(values)
    )
    return stamped(record)


@routes.get("/DataSources/Hash/{hash}")
def find_data_source_by_hash(call: Call) -> Reply:
    """The data source that has this hash, 404 when there is none."""
    found = call.records.resources.find(call.workspace.id, HASH_KIND, call.params["hash"])
    if found is None:
        raise not_found(f"there is no data source with the hash {call.params['hash']}")
    return _dto(call, found.body["id"])


def _dto(call: Call, source_id: str) -> dict[str, Any]:
    record = call.records.resources.find(call.workspace.id, KIND, source_id)
    if record is None:
        raise not_found(f"there is no data source {source_id}")
    return stamped(record)
