"""The documents of a pipeline with the names and ids of another workspace. Pure functions: they change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow
from amlbridge.v1.graph_reading import parse

_SAVED, _REGISTERED = "SavedDataSetReference", "DataSetReference"
_STORE_FIELDS = frozenset({"DataStoreName", "AmlDataStoreName"})
_TARGET = "Target"
_PLACE = re.compile(
    r"azureml://(?P<scope>subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/(?P<store>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Names:
    """Old name or id -> new one; what is not in a table stays. ``environments`` and ``registered`` (datasets) map name
    and version."""

    computes: Mapping[str, str] = field(default_factory=dict)
    datastores: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    data_sources: Mapping[str, str] = field(default_factory=dict)
    saved: Mapping[str, str] = field(default_factory=dict)
    registered: Mapping[tuple[str, str], str] = field(default_factory=dict)
    environments: Mapping[tuple[str, str], str] = field(default_factory=dict)


def dataset_references(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every reference to a dataset in a document: ``saved`` or ``registered``, and the reference."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in (_SAVED, _REGISTERED) and isinstance(item, Mapping) and item:
                yield ("saved" if key == _SAVED else "registered"), item
            else:
                yield from dataset_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from dataset_references(item)


def with_registered(value: Any, named: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Any:
    """A document whose references to registered datasets are what ``named`` makes of them."""
    if isinstance(value, Mapping):
        return {
            key: dict(named(item))
            if key == _REGISTERED and isinstance(item, Mapping) and item
            else with_registered(item, named)
            for key, item in value.items()
        }
    return [with_registered(item, named) for item in value] if isinstance(value, list) else value


def references(value: Any, names: Names) -> Any:
    """A document with datastores and datasets renamed, wherever they stand."""
    if isinstance(value, list):
        return [references(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key in _STORE_FIELDS and isinstance(item, str):
            found[key] = names.datastores.get(item, item)
        elif key == _SAVED and isinstance(item, Mapping) and item:
            saved_id = item.get("Id")
            found[key] = {**item, "Id": names.saved.get(saved_id, saved_id) if isinstance(saved_id, str) else saved_id}
        elif key == _REGISTERED and isinstance(item, Mapping) and item:
            place = (str(item.get("Name")), str(item.get("Version")))
            found[key] = {**item, "Version": names.registered.get(place, item.get("Version"))}
        else:
            found[key] = references(item, names)
    return found


def graph(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A graph with the new names."""
    found: dict[str, Any] = references(document, names)
    found["ModuleNodes"] = [_node(node, names) for node in found.get("ModuleNodes") or []]
    nodes = []
    for node in found.get("DatasetNodes") or []:
        source = node.get("DatasetId")
        nodes.append({**node, "DatasetId": names.data_sources.get(source, source)} if source else node)
    found["DatasetNodes"] = nodes
    default = found.get("DefaultCompute")
    if isinstance(default, Mapping) and isinstance(default.get("Name"), str):
        found["DefaultCompute"] = {**default, "Name": names.computes.get(default["Name"], default["Name"])}
    return found


def _node(node: Mapping[str, Any], names: Names) -> dict[str, Any]:
    found = {**node, "ModuleId": names.modules.get(node["ModuleId"], node["ModuleId"])}
    for table in ("ModuleParameters", "ModuleMetadataParameters"):
        if isinstance(found.get(table), list):
            found[table] = [_renamed(item, "Value", names) for item in found[table]]
    return {**found, "Runconfig": run_configuration(found.get("Runconfig"), names)}


def module(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """A module with the new names; its code stays to be set."""
    found: dict[str, Any] = references(document, names)
    interface = dict(found.get("StructuredInterface") or {})
    for table in ("Parameters", "MetadataParameters"):
        if isinstance(interface.get(table), list):
            interface[table] = [_renamed(item, "DefaultValue", names) for item in interface[table]]
    found["StructuredInterface"] = interface
    return {**found, "Runconfig": run_configuration(found.get("Runconfig"), names)}


def _renamed(item: Any, key: str, names: Names) -> Any:
    if not isinstance(item, Mapping) or item.get("Name") != _TARGET or not isinstance(item.get(key), str):
        return item
    if str(item.get("ValueType") or "Literal") not in ("Literal", "0"):
        return item
    return {**item, key: names.computes.get(item[key], item[key])}


def target_parameters(document: Mapping[str, Any]) -> set[str]:
    """The pipeline parameters that name the compute of a step."""
    return {
        item["Value"]
        for node in document.get("ModuleNodes") or []
        for table in ("ModuleParameters", "ModuleMetadataParameters")
        for item in node.get(table) or []
        if item.get("Name") == _TARGET and str(item.get("ValueType")) in ("GraphParameterName", "1")
    }


def interface(document: Mapping[str, Any], names: Names, targets: set[str]) -> dict[str, Any]:
    """An interface with the new names; ``targets``: see :func:`target_parameters`."""
    found: dict[str, Any] = references(document, names)
    found["Parameters"] = [
        {**item, "DefaultValue": names.computes.get(item["DefaultValue"], item["DefaultValue"])}
        if item.get("Name") in targets and isinstance(item.get("DefaultValue"), str)
        else item
        for item in found.get("Parameters") or []
    ]
    return found


def assigned(values: Mapping[str, Any], names: Names, targets: set[str]) -> dict[str, Any]:
    """The publisher's assignments with the new names."""
    found: dict[str, Any] = references(values, names)
    parameters = dict(found.get("ParameterAssignments") or {})
    for name in targets & parameters.keys():
        if isinstance(parameters[name], str):
            parameters[name] = names.computes.get(parameters[name], parameters[name])
    return {**found, "ParameterAssignments": parameters}


def run_configuration(text: Any, names: Names) -> Any:
    """A RunConfiguration, JSON in a string, with the new compute and the new version of its environment."""
    if not isinstance(text, str) or not text:
        return text
    try:
        content = parse(text, "Runconfig")
    except ValueError:
        return text  # reading the graph says so, with the step's name
    if not isinstance(content, dict):
        return text
    before = json.dumps(content)
    if isinstance(content.get("target"), str):
        content["target"] = names.computes.get(content["target"], content["target"])
    named = content.get("environment")
    if isinstance(named, dict):
        version = names.environments.get((str(named.get("name")), str(named.get("version"))))
        if version is not None:
            named["version"] = version
    after = json.dumps(content)
    return text if after == before else after


# -- dataset definitions -----------------------------------------------------------------------------------------------


def datastores_of(dataflow_json: str) -> Iterator[tuple[str, str]]:
    """Datastore and path of everything that a dataset's definition reads from a datastore."""
    content = dataflow.load(dataflow.of_json(dataflow_json))
    if "query_source" not in content:
        for source in dataflow.sources(content):
            if source.datastore is not None:
                yield source.datastore, source.path


def definition(dataflow_json: str, old: str, new: Workspace, names: Names) -> str:
    """A dataset's definition that reads in the new workspace what it read in the old one, whose scope is ``old``
    (:func:`scope_of`); unchanged where it names neither."""
    content = dataflow.load(dataflow.of_json(dataflow_json))
    moved = [_moved_entry(entry, old, new, names) for entry in content.get("paths") or []]
    if moved == (content.get("paths") or []):
        return dataflow_json
    return dataflow.to_json(dataflow.dump({**content, "paths": moved}))


def scope_of(workspace: Workspace) -> str:
    """The part of a long URI that names the workspace."""
    return (
        f"subscriptions/{workspace.subscription_id}/resourcegroups/{workspace.resource_group}"
        f"/workspaces/{workspace.name}/"
    )


def _moved_entry(entry: Any, old: str, new: Workspace, names: Names) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {key: _moved(value, old, new, names) if key in dataflow.SOURCES else value for key, value in entry.items()}


def _moved(value: Any, old: str, new: Workspace, names: Names) -> Any:
    if isinstance(value, dict):
        return _moved_legacy(value, names)
    match = _PLACE.match(value) if isinstance(value, str) else None
    if match is None:
        return value
    scope = match["scope"] or ""
    plain = re.sub(r"providers/[^/]+/", "", scope)
    if plain.lower() == old.lower():
        scope = scope_of(new)
    elif scope:
        return value  # another workspace's data
    return f"azureml://{scope}datastores/{names.datastores.get(match['store'], match['store'])}{value[match.end() :]}"


def _moved_legacy(value: dict[str, Any], names: Names) -> dict[str, Any]:
    arguments = value.get("arguments")
    name = arguments.get("datastoreName") if isinstance(arguments, dict) else None
    new = names.datastores.get(name, name) if isinstance(name, str) else None
    if not isinstance(arguments, dict) or new is None or new == name:
        return value
    found = {**value, "arguments": {**arguments, "datastoreName": new}}
    for key in ("resource_id", "resourceidentifier"):
        if isinstance(found.get(key), str) and found[key].startswith(f"{name}/"):
            found[key] = new + found[key][len(str(name)) :]
    return found
