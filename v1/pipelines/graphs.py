"""Graphs as they were submitted, and their interfaces."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataset_records
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines.entities import make_routes, stamped
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import not_found
from amlbridge.wire.routing import Reply

routes = make_routes()
KIND = "graph"


def store(service: Service, workspace: Workspace, creation: Mapping[str, Any]) -> str:
    """Keeps the graph of a submission. Returns its id."""
    graph_id = str(uuid.uuid4())
    document = {"Graph": creation.get("Graph") or {}, "GraphInterface": creation.get("GraphInterface") or {}}
    service.records.resources.put(workspace.id, KIND, graph_id, document)
    return graph_id


def find_dataset(
    service: Service, workspace: Workspace, dataset_id: str | None, name: str | None, version: str | None
) -> str:
    """The saved dataset behind a registered one; its name counts before its id. Raises a 404 :class:`ServiceError`."""
    if name:
        found = dataset_records.get(service, workspace, name, version)
    else:
        found = dataset_records.by_id(service, workspace, dataset_id or "", version)
    return found.saved_id


@routes.get("/Graphs/{id}")
def get_graph(call: Call) -> Reply:
    """A graph. Datasets are named by their definition: this SDK cannot resolve the id of a registered one any more."""
    record = _get(call)
    graph = dict(record.body["Graph"])
    for field in ("ModuleNodes", "DatasetNodes", "Edges"):
        graph[field] = graph.get(field) or []
    graph["DatasetNodes"] = [_resolved_node(call, node) for node in graph["DatasetNodes"]]
    return {**stamped(Resource(KIND, record.name, "", {}, record.created, record.modified)), **graph, "Id": record.name}


@routes.get("/Graphs/{id}/Interface")
def get_graph_interface(call: Call) -> Reply:
    """The parameters of a graph with their defaults."""
    interface = dict(_get(call).body["GraphInterface"])
    parameters = interface.get("DataPathParameterList") or []
    interface["DataPathParameterList"] = [
        {**item, "DefaultValue": resolved_value(call, item.get("DefaultValue"))} for item in parameters
    ]
    for field in ("Parameters", "DataPathParameters", "MetadataParameters"):
        interface[field] = interface.get(field) or []
    return interface


def _get(call: Call) -> Resource:
    record = call.records.resources.find(call.workspace.id, KIND, call.params["id"])
    if record is None:
        raise not_found(f"there is no graph {call.params['id']}")
    return record


def _resolved_node(call: Call, node: dict[str, Any]) -> dict[str, Any]:
    definition = node.get("DataSetDefinition")
    if not definition or not definition.get("Value"):
        return node
    return {**node, "DataSetDefinition": {**definition, "Value": resolved_value(call, definition["Value"])}}


def resolved_value(call: Call, value: dict[str, Any] | None) -> dict[str, Any] | None:
    """A DataSetDefinitionValue with the saved dataset that a registered one stands for."""
    reference = (value or {}).get("DataSetReference")
    if not reference:
        return value
    fields = Fields(reference, "DataSetReference")
    version = fields.label("Version")
    latest = version is None or version.lower() == "latest"
    saved = find_dataset(
        call.service, call.workspace, fields.text("Id"), fields.text("Name"), None if latest else version
    )
    return {"SavedDataSetReference": {"Id": saved}}
