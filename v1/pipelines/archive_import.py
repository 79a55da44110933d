"""An archive as a published pipeline of this workspace, with ids of its own.

What the archive holds is checked first, then what the workspace lacks; only then files and records are written, the
records in one transaction. Code snapshots get ids that follow from their content: importing twice stores them once.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.resources import Resource
from amlbridge.v1 import dataset_records, environments, snapshots
from amlbridge.v1.dataset_records import Definition
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import (
    archive_format,
    archive_rewrite,
    data_locations,
    data_sources,
    data_types,
    modules,
    published,
)
from amlbridge.v1.pipelines.archive_format import Archive, invalid
from amlbridge.v1.pipelines.archive_rewrite import Names
from amlbridge.v1.pipelines.entities import UPLOADED, only
from amlbridge.wire import computes, storage
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, bad_request

_MODULE_TABLES = ("Inputs", "Outputs", "Parameters", "MetadataParameters", "Arguments")


@dataclass(frozen=True)
class Options:
    """What the user says about an import: another name for the pipeline, and other names of this workspace for the
    computes and datastores that the archive names."""

    name: str | None
    computes: Mapping[str, str]
    datastores: Mapping[str, str]


def import_archive(call: Call, path: Path, options: Options) -> dict[str, Any]:
    """Makes a published pipeline of an archive. Returns what was made. Raises a :class:`ServiceError`; then nothing is
    recorded."""
    with archive_format.opened(path, call.service.home) as archive:
        _check_shape(archive)
        _check_needs(call, archive.manifest, options)
        trees = _store_snapshots(call, archive)
        with call.records.database.write():
            return _record(call, archive, options, trees)


# -- checks ------------------------------------------------------------------------------------------------------------


def _check_shape(archive: Archive) -> None:
    """What the rest takes for granted; what a graph must be is checked when it is published."""
    manifest = archive.manifest
    for node in manifest.object("graph").objects("ModuleNodes"):
        if node.required("ModuleId") not in manifest.object("modules").content:
            raise invalid(f"{node.at('ModuleId')} names a module that the archive does not hold: export it again")
        for parameters in ("ModuleParameters", "ModuleMetadataParameters"):
            _check_assignments(list(node.objects(parameters)))
    for module_id in manifest.object("modules").content:
        document = manifest.object("modules").object(module_id)
        for table in _MODULE_TABLES:
            list(document.object("StructuredInterface").objects(table))
        snapshot_id = document.text("StorageId")
        if snapshot_id and snapshot_id not in archive.snapshots:
            raise invalid(f"{document.at('StorageId')} names a code snapshot that the archive does not hold")
    for node in manifest.object("graph").objects("DatasetNodes"):
        node.text("DatasetId")
    for item in manifest.object("interface").objects("Parameters"):
        item.required("Name")
    manifest.object("assigned").object("ParameterAssignments")


def _check_assignments(items: list[Fields]) -> None:
    for item in items:
        if item.label("ValueType") in ("GraphParameterName", "1"):
            item.required("Value")


def _check_needs(call: Call, manifest: Fields, options: Options) -> None:
    """Raises a 400 :class:`ServiceError` that names every compute and datastore that is missing, and what to do."""
    service, workspace = call.service, call.workspace
    needs = manifest.object("needs")
    wanted = {"compute": needs.texts("computes"), "datastore": needs.texts("datastores")}
    renamed = {"compute": options.computes, "datastore": options.datastores}
    for kind, names in renamed.items():
        for name in names.keys() - set(wanted[kind]):
            has = ", ".join(wanted[kind]) or "none"
            raise bad_request(f"--{kind} {name}=…: the archive names no {kind} {name!r}; it names: {has}")
    known = {
        "compute": [item.name for item in call.records.resources.list(workspace.id, computes.KIND)],
        "datastore": [item.name for item in storage.datastores(service, workspace)],
    }
    found = {
        "compute": lambda name: computes.exists(service, workspace, name),
        "datastore": lambda name: name.lower() in known["datastore"],
    }
    problems = []
    for kind, names_wanted in wanted.items():
        missing = [name for name in names_wanted if not found[kind](renamed[kind].get(name, name))]
        for name in missing:
            label = renamed[kind].get(name, name)
            problems.append(
                f"there is no {kind} {label!r} in the workspace {workspace.name} (it has: "
                f"{', '.join(known[kind]) or 'none'}): create it, or name another one with --{kind} {name}=NAME"
            )
    if problems:
        raise bad_request("; ".join(problems), "MissingResources")


# -- code --------------------------------------------------------------------------------------------------------------


def _store_snapshots(call: Call, archive: Archive) -> dict[str, str]:
    """Stores files and trees; the digest of each tree by the old id. They are named with the records."""
    store = snapshots.store(call.service)
    stored: set[str] = set()
    trees = {}
    for snapshot_id, files in archive.snapshots.items():
        for file in files:
            if file.sha256 in stored or store.content(file).exists():
                continue
            with archive.content(file.sha256) as source:
                found, _ = store.add(source)  # type: ignore[arg-type]  # all that it needs is read()
            if found != file.sha256:
                raise invalid(f"{archive.path} changed while it was imported: export the pipeline again")
            stored.add(file.sha256)
        try:
            trees[snapshot_id] = store.create(files)
        except InvalidNameError as error:
            raise invalid(f"a file of the archive cannot be kept: {error}") from error
    return trees


def _name_snapshots(call: Call, archive: Archive, trees: Mapping[str, str]) -> dict[str, str]:
    """The new id of each snapshot: one that follows from its content."""
    store, found = snapshots.store(call.service), {}
    for old, digest in trees.items():
        root = archive.manifest.object("snapshots").object(old).object("root").content
        details = {"parent": snapshots.EMPTY, "root": dict(root), "properties": {}, "tags": {}}
        found[old] = str(uuid.UUID(digest[:32]))
        store.name(call.workspace.id, found[old], digest, {**details, "created": iso(call.service.clock())})
    return found


# -- records -----------------------------------------------------------------------------------------------------------


def _record(call: Call, archive: Archive, options: Options, trees: Mapping[str, str]) -> dict[str, Any]:
    manifest = archive.manifest
    names = Names(computes=options.computes, datastores=options.datastores)
    _data_types(call, manifest)
    made_environments, versions = _environments(call, manifest)
    made_datasets, saved, registered = _datasets(call, manifest, names)
    code = _name_snapshots(call, archive, trees)
    names = dataclasses.replace(names, saved=saved, registered=registered, environments=versions)
    names = dataclasses.replace(
        names, modules=_modules(call, manifest, names, code), data_sources=_data_sources(call, manifest, names)
    )
    graph = dict(manifest.object("graph").content)
    targets = archive_rewrite.target_parameters(graph)
    pipeline = manifest.object("pipeline")
    assigned = archive_rewrite.assigned(manifest.object("assigned").content, names, targets)
    body = {
        **pipeline.content,
        "Name": options.name or pipeline.text("Name"),
        "Graph": archive_rewrite.graph(graph, names),
        "GraphInterface": archive_rewrite.interface(manifest.object("interface").content, names, targets),
        **assigned,
    }
    resource = published.create(call.service, call.workspace, Fields(body, "the pipeline"))
    return {
        "id": resource.name,
        "name": resource.body["Name"],
        "version": resource.body["Version"],
        "workspace": call.workspace.name,
        "url": published.endpoint(call.service, call.workspace, resource.name),
        "exported_id": pipeline.text("id"),
        "steps": resource.body["TotalRunSteps"],
        "files": sum(len(files) for files in archive.snapshots.values()),
        "environments": made_environments,
        "datasets": made_datasets,
        "missing_data": _missing_data(call, manifest, options),
    }


def _data_types(call: Call, manifest: Fields) -> None:
    table = manifest.object("data_types")
    for name in table.content:
        known = call.records.resources.find(call.workspace.id, data_types.KIND, name)
        if known is None and name not in data_types.BUILT_IN:
            item = table.object(name)
            document = {
                "Id": name,
                "Name": item.text("Name") or name,
                "Description": item.text("Description"),
                "IsDirectory": item.flag("IsDirectory"),
                "ParentDataTypeIds": item.texts("ParentDataTypeIds"),
            }
            call.records.resources.put(call.workspace.id, data_types.KIND, name, document)


def _environments(call: Call, manifest: Fields) -> tuple[list[dict[str, Any]], dict[tuple[str, str], str]]:
    """Registers what is not there. One that steps name without a version is what this workspace calls so, if it has
    one; a version that stands for something else here becomes the next version."""
    made, versions = [], {}
    for item in manifest.objects("environments"):
        name, version, pinned = item.required("name"), item.required("version"), item.flag("pinned")
        resources, workspace = call.records.resources, call.workspace
        latest = resources.latest(workspace.id, environments.KIND, name)
        there = resources.find(workspace.id, environments.KIND, name, version) if pinned else latest
        definition = item.object("definition").content
        if there is not None and (not pinned or there.body["definition"] == definition):
            made.append({"name": name, "version": there.version, "registered": False})
            continue
        registered = environments.ensure(call.service, workspace, name, definition)
        if registered is None:
            raise invalid(f"{item.at('name')}: {name!r} cannot be the name of an environment")
        if pinned:
            versions[name, version] = registered
        made.append({"name": name, "version": registered, "registered": True})
    return made, versions


def _datasets(
    call: Call, manifest: Fields, names: Names
) -> tuple[list[dict[str, Any]], dict[str, str], dict[tuple[str, str], str]]:
    """Records the definitions. A dataset whose latest version the pipeline reads is the one of this workspace, if it
    has one of that name."""
    made: list[dict[str, Any]] = []
    saved, registered = {}, {}
    table = manifest.object("datasets").object("saved")
    for old in table.content:
        item = table.object(old)
        saved[old] = dataset_records.save(call.service, call.workspace, _definition(call, manifest, item, names))
        made.append({"name": item.text("registered_as"), "id": saved[old], "registered": False})
    for item in manifest.object("datasets").objects("registered"):
        name, label = item.required("name"), item.required("version")
        definition = _definition(call, manifest, item, names)
        there = dataset_records.find(call.service, call.workspace, name)
        found = there.version if there is not None else None
        if there is not None and label != "latest":
            found = _equal_version(call, name, definition)
        is_new = found is None
        if found is None:
            found = dataset_records.register(call.service, call.workspace, name, definition).version
        if label != "latest":
            registered[name, label] = found.version
        made.append({"name": f"{name}:{found.version}", "id": found.body["savedDatasetId"], "registered": is_new})
    return made, saved, registered


def _definition(call: Call, manifest: Fields, item: Fields, names: Names) -> Definition:
    origin = manifest.object("workspace")
    scope = (
        f"subscriptions/{origin.required('subscription_id')}/resourcegroups/{origin.required('resource_group')}"
        f"/workspaces/{origin.required('name')}/"
    )
    flow = archive_rewrite.definition(item.required("dataflow"), scope, call.workspace, names)
    return dataset_records.definition(item.text("type"), flow, dict(item.object("properties").content))


def _equal_version(call: Call, name: str, definition: Definition) -> Resource | None:
    """The version of a registered dataset that has this definition."""
    for version in call.records.resources.list(call.workspace.id, dataset_records.VERSION, name):
        known = dataset_records.saved(call.service, call.workspace, version.body["savedDatasetId"])
        if known.normal_form == definition.normal_form:
            return version
    return None


def _modules(call: Call, manifest: Fields, names: Names, code: Mapping[str, str]) -> dict[str, str]:
    """Records the modules; the new id of each. They are not found by their hash: that is for what a client made."""
    table, found = manifest.object("modules"), {}
    for old in table.content:
        content = archive_rewrite.module(table.object(old).content, names)
        snapshot_id = content.get("StorageId")
        sent = {**content, "StorageId": code[snapshot_id] if snapshot_id else None, "KvTags": content.get("tags")}
        found[old] = str(uuid.uuid4())
        document = modules.document(call, Fields(sent, f"the module {old}"))
        call.records.resources.put(call.workspace.id, modules.KIND, found[old], document)
    return found


def _data_sources(call: Call, manifest: Fields, names: Names) -> dict[str, str]:
    table, found = manifest.object("data_sources"), {}
    for old in table.content:
        item = Fields(archive_rewrite.references(table.object(old).content, names), f"the data source {old}")
        store, path = item.required("DataStoreName"), item.text("PathOnDataStore")
        for field in ("Name", "DataTypeId", "Description", "IdentifierHash"):
            item.text(field)
        document = {
            **only(item, ("Name", "DataTypeId", "Description", "DataStoreName", "PathOnDataStore", "IdentifierHash")),
            "UploadState": UPLOADED,
            "DataLocation": data_locations.of_path(call.service, call.workspace, store, path),
        }
        found[old] = str(uuid.uuid4())
        call.records.resources.put(call.workspace.id, data_sources.KIND, found[old], document)
    return found


def _missing_data(call: Call, manifest: Fields, options: Options) -> list[str]:
    """The paths that the pipeline reads unless a submit says otherwise, and that hold nothing yet."""
    missing = []
    for place in manifest.object("needs").texts("data"):
        store, _, path = place.partition("/")
        store = options.datastores.get(store, store)
        fixed = path.partition("*")[0]
        folder = fixed if fixed == path else fixed.rpartition("/")[0]
        try:
            if not storage.resolve(call.service, call.workspace, store, folder).exists():
                missing.append(f"{store}/{path}")
        except (ServiceError, InvalidNameError) as error:
            raise bad_request(f"the pipeline reads {store}/{path}: {error}") from error
    return missing
