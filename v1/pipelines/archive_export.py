"""A published pipeline as an archive: everything that it consists of, and what it needs besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.plan import DataReference, Node, Plan
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataset_records, environments, snapshots
from amlbridge.v1.pipelines import archive_format, archive_rewrite, data_sources, data_types, graphs, modules
from amlbridge.v1.pipelines import submissions as graph_submissions
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, conflict

#: What of a published pipeline's record goes with it; the graph and the values are kept apart, times and ids stay.
_KEPT = ("Name", "Description", "Version", "ContinueRunOnStepFailure", "EnableNotification", "tags", "Properties")
_STORE, _SAVED = "azureml://datastores/", "azureml://saved_datasets/"
#: Files of which a user may not know that they go with the code.
_SENSITIVE = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.pypirc|\.git/config|id_(rsa|dsa|ecdsa|ed25519)|[^/]*(secret|credential|password|token)"
    r"[^/]*|[^/]*\.(pem|key|pfx|p12|jks|kdbx|ppk))$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Graph:
    """What a published pipeline runs; references to registered datasets are by name and version."""

    graph: dict[str, Any]
    interface: dict[str, Any]
    assigned: dict[str, Any]
    plan: Plan


def export(
    service: Service, workspace: Workspace, pipeline: Resource, path: Path, *, overwrite: bool
) -> dict[str, Any]:
    """Writes a published pipeline to an archive. Returns what is in it, for the user to read. Raises a
    :class:`ServiceError` when a part of it is gone or the file cannot be written."""
    found = _graph_of(service, workspace, pipeline)
    manifest, contents = _manifest(service, workspace, pipeline, found)
    written = archive_format.write(path, manifest, contents, overwrite=overwrite)
    return {"path": str(path), "size": written, **summary(manifest)}


def _graph_of(service: Service, workspace: Workspace, pipeline: Resource) -> _Graph:
    stored = service.records.resources.get(workspace.id, graphs.KIND, pipeline.body["GraphId"]).body
    whole = {**stored, "CreationInfo": pipeline.body["Assigned"]}
    plan = graph_submissions.parse(service, workspace, whole, complete=False).plan

    def named(reference: Mapping[str, Any]) -> Mapping[str, Any]:
        # As :func:`graphs.find_dataset`: the name counts before the id.
        label = reference.get("Version")
        latest = label is None or str(label).lower() == "latest"
        asked = None if latest else str(label)
        if reference.get("Name"):
            registered = dataset_records.get(service, workspace, str(reference["Name"]), asked)
        else:
            registered = dataset_records.by_id(service, workspace, str(reference.get("Id")), asked)
        return {"Name": registered.named.name, "Version": "latest" if latest else registered.version.version}

    documents = (stored["Graph"], stored["GraphInterface"], pipeline.body["Assigned"])
    graph, interface, assigned = (archive_rewrite.with_registered(item, named) for item in documents)
    return _Graph(graph, interface, assigned, plan)


def _manifest(
    service: Service, workspace: Workspace, pipeline: Resource, found: _Graph
) -> tuple[dict[str, Any], dict[str, Path]]:
    store = snapshots.store(service)
    used = _modules(service, workspace, found.graph)
    contents: dict[str, Path] = {}
    trees: dict[str, Any] = {}
    for document in used.values():
        snapshot_id = document.get("StorageId")
        if snapshot_id and snapshot_id not in trees:
            files = store.files(workspace.id, snapshot_id)
            contents |= {file.sha256: store.content(file) for file in files}
            rows = [
                {"name": file.name, "sha256": file.sha256, "size": file.size, "executable": file.executable}
                for file in files
            ]
            details = store.details(workspace.id, snapshot_id)
            trees[snapshot_id] = {"files": rows, "root": details.get("root") or {}}
    datasets = _datasets(service, workspace, found)
    sources = _data_sources(service, workspace, found.graph)
    manifest = {
        "format": archive_format.FORMAT,
        "format_version": archive_format.FORMAT_VERSION,
        "made_by": f"amlbridge {version('amlbridge')}",
        "exported": iso(service.clock()),
        "workspace": {
            "subscription_id": workspace.subscription_id,
            "resource_group": workspace.resource_group,
            "name": workspace.name,
        },
        "pipeline": {"id": pipeline.name, **{name: pipeline.body.get(name) for name in _KEPT}},
        "graph": found.graph,
        "interface": found.interface,
        "assigned": found.assigned,
        "modules": used,
        "data_sources": sources,
        "data_types": _data_types(service, workspace, used),
        "snapshots": trees,
        "environments": _environments(service, workspace, found.plan),
        "datasets": datasets,
        "needs": needs(found.plan, datasets),
        "steps": [_step(node, found.plan) for node in found.plan.nodes],
    }
    return manifest, contents


def _modules(service: Service, workspace: Workspace, graph: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    for node in graph.get("ModuleNodes") or []:
        document = modules.find(service, workspace, node["ModuleId"])
        assert document is not None, "the graph was read with it"
        found[node["ModuleId"]] = document
    return found


def _data_sources(service: Service, workspace: Workspace, graph: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    for node in graph.get("DatasetNodes") or []:
        if source_id := node.get("DatasetId"):
            document = data_sources.find(service, workspace, source_id)
            assert document is not None, "the graph was read with it"
            found[source_id] = document
    return found


def _data_types(service: Service, workspace: Workspace, used: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Those that a client made and that ports name, with their parents."""
    wanted = []
    for document in used.values():
        interface = document.get("StructuredInterface") or {}
        wanted += [name for port in interface.get("Inputs") or [] for name in port.get("DataTypeIdsList") or []]
        wanted += [port["DataTypeId"] for port in interface.get("Outputs") or [] if port.get("DataTypeId")]
    found: dict[str, dict[str, Any]] = {}
    while wanted:
        name = wanted.pop()
        record = None if name in found else service.records.resources.find(workspace.id, data_types.KIND, name)
        if record is not None:
            found[name] = record.body
            wanted += record.body["ParentDataTypeIds"]
    return found


def _environments(service: Service, workspace: Workspace, plan: Plan) -> list[dict[str, Any]]:
    """The registered environments that steps name, also where the graph has the definition as well. Curated ones are
    everywhere. ``pinned``: the graph says the version."""
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for node in plan.nodes:
        named = node.environment
        if not named.name:
            continue
        resources = service.records.resources
        if named.version and named.version.lower() != "latest":
            record = resources.find(workspace.id, environments.KIND, named.name, named.version)
        else:
            record = resources.latest(workspace.id, environments.KIND, named.name)
        if record is not None:
            pinned = record.version == named.version
            definition = record.body["definition"]
            row = {"name": named.name, "version": record.version, "pinned": pinned, "definition": definition}
            found[named.name, named.version] = row
    return list(found.values())


def _datasets(service: Service, workspace: Workspace, found: _Graph) -> dict[str, Any]:
    """The definitions of the datasets that the pipeline reads unless a submit says otherwise, without their data."""
    saved: dict[str, Any] = {}
    registered: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, reference in archive_rewrite.dataset_references([found.graph, found.interface, found.assigned]):
        if kind == "registered":
            name, label = str(reference["Name"]), str(reference["Version"])
            item = dataset_records.get(service, workspace, name, None if label == "latest" else label)
            definition = _definition(service, workspace, item.saved_id)
            registered[name, label] = {"name": name, "version": label, **definition}
        elif saved_id := reference.get("Id"):
            bound = dataset_records.of_saved(service, workspace, saved_id)
            known_as = f"{bound.named.name}:{bound.version.version}" if bound is not None else None
            saved[saved_id] = {**_definition(service, workspace, saved_id), "registered_as": known_as}
    return {"saved": saved, "registered": list(registered.values())}


def _definition(service: Service, workspace: Workspace, saved_id: str) -> dict[str, Any]:
    try:
        made = dataset_records.saved(service, workspace, saved_id)
    except ServiceError as error:
        raise conflict(f"{error.message}: publish the pipeline anew with a dataset that is there") from error
    flow = made.dataflow_json
    return {"type": made.dataset_type, "dataflow": flow, "properties": dict(made.properties), "reads": _reads(flow)}


def _reads(flow: str) -> list[str]:
    return [f"{store}/{path}" for store, path in archive_rewrite.datastores_of(flow)]


def needs(plan: Plan, datasets: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a workspace must have for the pipeline to run: computes, datastores, and the paths that are read."""
    computes = {node.resources.compute or plan.settings.default_compute for node in plan.nodes}
    reads = {path for item in [*datasets["saved"].values(), *datasets["registered"]] for path in item["reads"]}
    for reference in _references(plan):
        if reference.uri.startswith(_STORE):
            store, _, path = reference.uri.removeprefix(_STORE).partition("/paths/")
            reads.add(f"{store}/{path}")
    stores = {path.partition("/")[0] for path in reads}
    stores |= {output.datastore for node in plan.nodes for output in node.outputs.values()}
    return {
        "computes": sorted(name for name in computes if name is not None),
        "datastores": sorted(stores),
        "data": sorted(reads),
    }


def _references(plan: Plan) -> Iterable[DataReference]:
    for node in plan.nodes:
        for item in node.inputs.values():
            if isinstance(item.source, DataReference):
                yield item.source
    for parameter in plan.data_parameters:
        if parameter.default is not None:
            yield parameter.default


def _step(node: Node, plan: Plan) -> dict[str, Any]:
    return {
        "name": node.name,
        "script": node.command.script,
        "compute": node.resources.compute or plan.settings.default_compute,
        "environment": node.environment.name,
        "variables": sorted(node.variables),
    }


def summary(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What is in an archive, for the user to read before it is given away."""
    trees = {
        key: [{"name": file["name"], "size": file["size"]} for file in tree["files"]]
        for key, tree in manifest["snapshots"].items()
    }
    datasets = manifest["datasets"]
    registered = {item["name"]: f"{item['name']}:{item['version']}" for item in manifest["environments"]}
    # The others stand in the graph with their definition.
    environments_used = {registered.get(name, name) for step in manifest["steps"] if (name := step["environment"])}
    definitions = [
        *((item["registered_as"], item["reads"]) for item in datasets["saved"].values()),
        *((f"{item['name']}:{item['version']}", item["reads"]) for item in datasets["registered"]),
    ]
    names = [file["name"] for files in trees.values() for file in files]
    return {
        "pipeline": {key: manifest["pipeline"].get(name) for key, name in _IDENTITY.items()},
        "steps": manifest["steps"],
        "snapshots": trees,
        "environments": sorted(environments_used),
        "datasets": [
            {"name": name, "reads": reads}
            for index, (name, reads) in enumerate(definitions)
            if (name, reads) not in definitions[:index]
        ],
        "needs": manifest["needs"],
        "variables": sorted({name for step in manifest["steps"] for name in step["variables"]}),
        "sensitive": sorted({name for name in names if _SENSITIVE.search(name)}),
    }


_IDENTITY = {"id": "id", "name": "Name", "version": "Version"}
