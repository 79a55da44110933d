"""The graphs of pipeline drafts: they change until a run is submitted or a pipeline is published from them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.graph_reading import Fields, checked_json, scalar_text
from amlbridge.v1.pipelines import graphs, revisions
from amlbridge.v1.pipelines.entities import body_of, make_routes, stamped
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, not_found
from amlbridge.wire.routing import Reply

routes = make_routes()
KIND = "graph_draft"
_NODES = ("ModuleNodes", "DatasetNodes", "Edges")
#: Kept as they come: where the studio draws a node, what it suggests for new ones.
_KEPT = ("GraphLayout", "DefaultCompute")
#: Ours: changes are counted; the interface before the last change tells which values of a draft were its defaults.
_OURS = ("revision", "Before")


def find(service: Service, workspace: Workspace, graph_id: str) -> Resource | None:
    """The graph of this id, or None."""
    return service.records.resources.find(workspace.id, KIND, graph_id.lower())


def store(service: Service, workspace: Workspace, content: Mapping[str, Any]) -> Resource:
    """Keeps a graph (the nodes, edges and ``EntityInterface``) of a new draft."""
    document = {**content, "Before": {}, "revision": 1}
    return service.records.resources.add(workspace.id, KIND, str(uuid.uuid4()), document)


def delete(service: Service, workspace: Workspace, graph_id: str) -> int:
    """Deletes a graph. Returns how many were there."""
    return service.records.resources.delete(workspace.id, KIND, graph_id.lower())


def of_submitted(service: Service, workspace: Workspace, graph_id: str) -> dict[str, Any]:
    """What :func:`store` takes, of a graph that was submitted or published. Raises :class:`NotFoundError`."""
    body = service.records.resources.get(workspace.id, graphs.KIND, graph_id).body
    nodes = {name: body["Graph"].get(name) or [] for name in _NODES}
    return {**nodes, "EntityInterface": body["GraphInterface"]}


def to_submit(graph: Resource) -> dict[str, Any]:
    """The graph as a submission has it: ``Graph`` and ``GraphInterface``."""
    return {"Graph": {name: graph.body[name] for name in _NODES}, "GraphInterface": graph.body["EntityInterface"]}


def _read(body: Fields) -> dict[str, Any]:
    """The checked graph of a body. Raises a 400 :class:`ServiceError`; whether it can run is checked when it shall."""
    for name in _NODES:
        for item in body.objects(name):
            if name != "Edges":
                item.required("Id")
            item.object("DataSetDefinition").object("Value").object("DataSetReference")
    interface = body.object("EntityInterface")
    for name in ("Parameters", "DataPathParameters", "DataPathParameterList"):
        for item in interface.objects(name):
            item.required("Name")
            if name == "Parameters" and item.content.get("DefaultValue") is not None:
                scalar_text(item.content["DefaultValue"], item.at("DefaultValue"))
            elif name != "Parameters":
                item.object("DefaultValue").object("DataSetReference")
    found: dict[str, Any] = {name: checked_json(body.items(name), body.at(name)) for name in _NODES}
    found["EntityInterface"] = checked_json(dict(interface.content), interface.spot)
    for name in _KEPT:
        if body.content.get(name) is not None:
            found[name] = checked_json(dict(body.object(name).content), body.at(name))
    return found


def dto(call: Call, graph: Resource) -> dict[str, Any]:
    """A GraphDraftEntity. Datasets are named as in a submitted graph (:func:`graphs.get_graph`)."""
    content = {name: value for name, value in graph.body.items() if name not in _OURS}
    content["DatasetNodes"] = [_with_dataset(call, node) for node in content["DatasetNodes"]]
    content["EntityInterface"] = {**content["EntityInterface"]}
    for name in ("Parameters", "MetadataParameters", "DataPathParameters", "DataPathParameterList"):
        content["EntityInterface"][name] = content["EntityInterface"].get(name) or []
    entity = stamped(dataclasses.replace(graph, body=content))
    del entity["EntityStatus"]
    return {**entity, "Id": graph.name, "Etag": revisions.etag(graph)}


def _with_dataset(call: Call, node: dict[str, Any]) -> dict[str, Any]:
    definition = node.get("DataSetDefinition") or {}
    if not definition.get("Value"):
        return node
    return {**node, "DataSetDefinition": {**definition, "Value": dataset_of(call, definition["Value"])}}


def dataset_of(call: Call, value: dict[str, Any]) -> dict[str, Any]:
    """A DataSetDefinitionValue with the saved dataset that a registered one stands for, while that is there: a draft
    whose data have gone can still be read and mended; its submission names what is missing."""
    try:
        return graphs.resolved_value(call, value) or value
    except ServiceError:
        return value


@routes.post("/GraphDrafts")
def create_graph_draft(call: Call) -> Reply:
    """Keeps the graph of a new draft."""
    return dto(call, store(call.service, call.workspace, _read(body_of(call))))


@routes.get("/GraphDrafts/{id}")
def get_graph_draft(call: Call) -> Reply:
    """The graph of a draft."""
    return dto(call, _get(call))


@routes.put("/GraphDrafts/{id}")
def update_graph_draft(call: Call) -> Reply:
    """Changes the graph of a draft."""
    body = body_of(call)
    changed = _read(body)
    with call.records.database.write():
        graph = _get(call)
        revisions.check(graph, body, f"the graph {graph.name} of a draft")
        before = {"Before": graph.body["EntityInterface"], "revision": graph.body["revision"] + 1}
        kept = {name: graph.body[name] for name in _KEPT if name in graph.body}
        return dto(call, call.records.resources.put(call.workspace.id, KIND, graph.name, {**kept, **changed, **before}))


@routes.delete("/GraphDrafts/{id}")
def delete_graph_draft(call: Call) -> Reply:
    """Deletes the graph of a draft; the client does so before it deletes the draft itself."""
    delete(call.service, call.workspace, _get(call).name)
    return None


def _get(call: Call) -> Resource:
    graph = find(call.service, call.workspace, call.params["id"])
    if graph is None:
        raise not_found(f"there is no graph {call.params['id']} of a draft in this workspace")
    return graph
