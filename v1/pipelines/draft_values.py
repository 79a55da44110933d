"""The values that a pipeline draft assigns to the parameters of its graph.

``PipelineDraft.get_graph`` of the client needs the values of all parameters, so a draft shows the graph's defaults
beside what its user assigned, and gets all of them back with each change. Only the user's own are kept: a default must
not outlive the graph that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.graph_reading import Fields, checked_json
from amlbridge.v1.pipelines import draft_graphs
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request

_PARAMETERS, _DATASETS, _PATHS = "ParameterAssignments", "DataSetDefinitionValueAssignments", "DataPathAssignments"
_TEXTS = ("ExperimentName", "Description", "RunSource", "RunType")
_FLAGS = ("ContinueRunOnStepFailure", "EnableNotification")
#: What the client takes as the name of an experiment.
_NOT_IN_NAMES, _LONGEST_EXPERIMENT = re.compile(r"[^A-Za-z0-9_-]+"), 36
#: What a new draft assigns.
NOTHING: Mapping[str, Any] = {_PARAMETERS: {}, _DATASETS: {}, _PATHS: {}}


def shown(call: Call, info: Mapping[str, Any], graph: Resource | None) -> dict[str, Any]:
    """A PipelineSubmissionInfo: what the user assigned, and the graph's defaults for the rest."""
    interface = graph.body["EntityInterface"] if graph is not None else {}
    parameters, datasets = _defaults(call, interface)
    # A data path stands among the scalars, too, as in a pipeline run.
    paths = {name: _place(value) for name, value in info[_PATHS].items() if name in _places(interface)}
    return {
        **info,
        _PARAMETERS: {**parameters, **paths, **info[_PARAMETERS]},
        _DATASETS: {**datasets, **info[_DATASETS]},
    }


def read(call: Call, sent: Fields, kept: Mapping[str, Any], graph: Resource | None) -> dict[str, Any]:
    """What a PipelineSubmissionInfo assigns beyond the defaults that it was shown. ``kept`` is what the draft assigns
    so far. Raises a 400 :class:`ServiceError`."""
    before = [_defaults(call, graph.body[name]) for name in ("EntityInterface", "Before")] if graph is not None else []
    datasets = {name: _reference(sent.object(_DATASETS), name) for name in _present(sent, _DATASETS)}
    paths = {name: _reference(sent.object(_PATHS), name) for name in _present(sent, _PATHS)}
    paths = {
        name: value
        for name, value in paths.items()
        if name in kept[_PATHS] or all(_place(value) != defaults[0].get(name) for defaults in before)
    }
    parameters = sent.scalars(_PARAMETERS)
    places = _places(graph.body["EntityInterface"]) if graph is not None else set()
    mine = {
        name: text
        for name, text in parameters.items()
        if (name in kept[_PARAMETERS] or all(text != defaults[0].get(name) for defaults in before))
        and name not in places
        and name not in paths
        and name not in kept[_PATHS]
    }
    for name in places & parameters.keys():
        seen = [defaults[0].get(name) for defaults in before]
        seen += [_place(table[name]) for table in (paths, kept[_PATHS]) if name in table]
        if parameters[name] not in seen:
            raise bad_request(f"the parameter {name!r} is a data path: assign it in {_PATHS}, not in {_PARAMETERS}")
    chosen = {
        name: value
        for name, value in datasets.items()
        if name in kept[_DATASETS] or all(value != defaults[1].get(name) for defaults in before)
    }
    found: dict[str, Any] = {_PARAMETERS: mine, _DATASETS: chosen, _PATHS: paths}
    found |= {name: sent.text(name) for name in _TEXTS}
    found |= {name: sent.flag(name) if sent.content.get(name) is not None else None for name in _FLAGS}
    return {**found, "tags": sent.scalars("tags"), "Properties": sent.scalars("Properties")}


def of_run(body: Mapping[str, Any]) -> dict[str, Any]:
    """The PipelineSubmissionInfo of the record of a pipeline run: the values that it had."""
    info = body["creation_info"]
    proceed = info.get("ContinueExperimentOnNodeFailure") or info.get("ContinueRunOnStepFailure")
    return {
        **{name: info.get(name) for name in ("Description", "RunSource", "RunType", "tags", "Properties")},
        _PARAMETERS: {name: text for name, text in body["parameters"].items() if name not in body["paths"]},
        _DATASETS: body["datasets"],
        _PATHS: body["paths"],
        "ExperimentName": body["experiment"],
        "ContinueRunOnStepFailure": proceed,
    }


def of_published(body: Mapping[str, Any]) -> dict[str, Any]:
    """The PipelineSubmissionInfo of the record of a published pipeline. It belongs to no experiment, and a draft needs
    one to be submitted: its name, as far as that can be an experiment's."""
    experiment = _NOT_IN_NAMES.sub("-", body["Name"] or "").strip("-_")[:_LONGEST_EXPERIMENT] or "draft"
    given = {name: body[name] for name in ("Description", "ContinueRunOnStepFailure", "EnableNotification")}
    return {**body["Assigned"], **given, "ExperimentName": experiment}


def tables(info: Mapping[str, Any]) -> dict[str, Any]:
    """What the user assigned, by kind."""
    return {name: info[name] for name in (_PARAMETERS, _DATASETS, _PATHS)}


def creation_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """The CreationInfo of a run of the draft."""
    found = {name: value for name, value in info.items() if name not in ("ExperimentName", "EnableNotification")}
    found["RunHistoryExperimentName"] = info["ExperimentName"]
    return {name: value for name, value in found.items() if value is not None}


def _present(sent: Fields, table: str) -> list[str]:
    return [name for name, value in sent.object(table).content.items() if value is not None]


def _reference(table: Fields, name: str) -> dict[str, Any]:
    """A value without its null fields: the client sends those that it has read without them."""
    content: dict[str, Any] = checked_json(dict(table.object(name).content), table.at(name))
    return _without_null(content)


def _without_null(content: Mapping[str, Any]) -> dict[str, Any]:
    items = {name: value for name, value in content.items() if value is not None}
    return {name: _without_null(value) if isinstance(value, Mapping) else value for name, value in items.items()}


def _defaults(call: Call, interface: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """The defaults of a graph: of its scalars and data paths as texts, of its datasets."""
    parameters, datasets = {}, {}
    for item in interface.get("Parameters") or []:
        if item.get("DefaultValue") is not None:
            parameters[item["Name"]] = str(item["DefaultValue"])
    for item in interface.get("DataPathParameters") or []:
        if item.get("DefaultValue"):
            parameters[item["Name"]] = _place(item["DefaultValue"])
    for item in interface.get("DataPathParameterList") or []:
        if item.get("DefaultValue"):
            datasets[item["Name"]] = _without_null(draft_graphs.dataset_of(call, item["DefaultValue"]))
    return parameters, datasets


def _places(interface: Mapping[str, Any]) -> set[str]:
    """The parameters that are data paths."""
    return {item["Name"] for item in interface.get("DataPathParameters") or []}


def _place(value: Mapping[str, Any]) -> str:
    return f"{value.get('DataStoreName') or ''}/{value.get('RelativePath') or ''}"
