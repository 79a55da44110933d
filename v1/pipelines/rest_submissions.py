"""Runs of published pipelines: the checked body of a REST submit, and how it becomes a run.

The body is what any HTTP client posts to the endpoint of a published pipeline (the SDK's ``PublishedPipeline.submit``,
too): ``{"ExperimentName": …, "ParameterAssignments": {…}, …}``. Azure's backend compares the names of fields without
case and ignores those that it does not know; the names of parameters, tags and properties count as they are.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.plan import Scalar
from amlbridge.engine.records import schema
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph_parameters
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks, run_records, submissions, templates
from amlbridge.v1.pipelines.entities import DISABLED
from amlbridge.v1.pipelines.templates import Contract
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.identity import Identity

log = logging.getLogger(__name__)

_PARAMETERS, _DATASETS, _PATHS = "ParameterAssignments", "DataSetDefinitionValueAssignments", "DataPathAssignments"
#: The fields of a submit by their names in lower case. The last two change nothing here.
_FIELDS = {
    name.lower(): name
    for name in (
        *("ExperimentName", "DisplayName", "Description", "Tags", "Properties", "RunSource", "RunType"),
        *(_PARAMETERS, _DATASETS, _PATHS, "ContinueRunOnStepFailure", "ParentRunId"),
        *("ScheduleId", "EnableNotification"),
    )
}
#: The fields of what is assigned to a data parameter.
_REFERENCES = {
    name.lower(): name
    for name in (
        *("SavedDataSetReference", "DataSetReference", "LiteralValue", "Id", "Name", "Version"),
        *("DataStoreName", "RelativePath", "SqlDataPath"),
    )
}
_RUN_TYPES = {name.lower(): name for name in ("HTTP", "SDK", "Schedule", "Portal")}
_BOOLEANS = {"true": True, "false": False}
_DEEPEST = 4


@dataclass(frozen=True)
class Submission:
    """The checked body of a submit. ``parameters`` are the values by name as they were sent (strings, numbers,
    booleans), ``datasets`` and ``data_paths`` the assignments by parameter; ``continue_on_step_failure`` is None where
    the published pipeline decides."""

    experiment: str
    display_name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    run_source: str | None = None
    run_type: str | None = None
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    datasets: Mapping[str, Any] = field(default_factory=dict)
    data_paths: Mapping[str, Any] = field(default_factory=dict)
    continue_on_step_failure: bool | None = None
    parent_run_id: str | None = None


@dataclass(frozen=True)
class Origin:
    """What started a run: a published pipeline, perhaps through an endpoint or a schedule."""

    pipeline_id: str
    endpoint_id: str | None = None
    endpoint_version: str | None = None
    schedule_id: str | None = None


# -- the body ----------------------------------------------------------------------------------------------------------


def read(fields: Fields) -> Submission:
    """The checked body of a submit. Raises a 400 :class:`ServiceError` that names what is wrong."""
    try:
        return _read(fields)
    except ServiceError as error:
        raise bad_request(error.message, "InvalidRequest") from error


def _read(fields: Fields) -> Submission:
    unknown = [name for name in fields.content if name.lower() not in _FIELDS]
    if unknown:
        log.info("ignored in a submit, as Azure does: %s", ", ".join(sorted(name[:80] for name in unknown)))
    body = Fields(_folded(fields.content, _FIELDS), fields.spot)
    if not body.text("ExperimentName"):
        raise bad_request('the body needs the name of an experiment: {"ExperimentName": "…"}')
    datasets, paths = _assignments(body, _DATASETS), _assignments(body, _PATHS)
    twice = datasets.keys() & paths.keys()
    if twice:
        raise bad_request(f"{', '.join(sorted(twice))} stands in both {_DATASETS} and {_PATHS}: name it in one of them")
    # For its checks: what was sent counts, not its text.
    scalars = body.scalars(_PARAMETERS)
    return Submission(
        experiment=submissions.experiment_name(body.text("ExperimentName")),
        display_name=body.text("DisplayName") or None,
        description=body.text("Description"),
        tags=body.scalars("Tags"),
        properties=body.scalars("Properties"),
        run_source=body.text("RunSource") or None,
        run_type=_run_type(body),
        parameters={name: body.object(_PARAMETERS).content[name] for name in scalars},
        datasets=datasets,
        data_paths=paths,
        continue_on_step_failure=_flag(body, "ContinueRunOnStepFailure"),
        parent_run_id=body.text("ParentRunId") or None,
    )


def _folded(content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """With the names that are known as they are written; of two spellings of one name, the last counts."""
    return {names.get(name.lower(), name): value for name, value in content.items()}


def _assignments(body: Fields, name: str) -> dict[str, Any]:
    table = body.object(name)
    return {key: _reference(table.object(key)) for key, value in table.content.items() if value is not None}


def _reference(item: Fields, depth: int = 0) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise bad_request(f"{item.spot} is nested too deeply")
    found = _folded(item.content, _REFERENCES)
    saved = found.get("SavedDataSetReference")
    if isinstance(saved, Mapping) and not any(saved.get(name) for name in saved if name.lower() == "id"):
        # In the SDK, the id of a dataset that is not registered is None.
        raise bad_request(f"{item.at('SavedDataSetReference')} has no Id: a dataset has an id once it is registered")
    return {
        name: _reference(Fields(value, item.at(name)), depth + 1) if isinstance(value, Mapping) else value
        for name, value in found.items()
    }


def _run_type(body: Fields) -> str | None:
    text = body.text("RunType")
    if text and text.lower() not in _RUN_TYPES:
        raise bad_request(f"{body.at('RunType')} is {text[:40]!r}; there are {', '.join(_RUN_TYPES.values())}")
    return _RUN_TYPES[text.lower()] if text else None


def _flag(body: Fields, name: str) -> bool | None:
    value = body.content.get(name)
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    return body.flag(name) if value is not None else None


# -- the run -----------------------------------------------------------------------------------------------------------


def start(
    service: Service,
    workspace: Workspace,
    pipeline: Resource,
    submission: Submission,
    origin: Origin,
    identity: Identity | None = None,
) -> Resource:
    """Records a run of a published pipeline and starts it; nothing is recorded when it cannot run. Returns the record
    of the pipeline run, whose name is the run's id. Raises a 400 :class:`ServiceError`."""
    if pipeline.body["EntityStatus"] == DISABLED:
        raise bad_request(
            f"the published pipeline {pipeline.body.get('Name') or ''} ({pipeline.name}) is disabled: enable it "
            "(PublishedPipeline.enable()) to run it",
            "PipelineDisabled",
        )
    taken = templates.contract(service, workspace, pipeline)
    _check_names(taken, submission)
    info = _assigned(pipeline, submission, taken)
    values = graph_parameters.assigned(info, taken.parameters)
    data = graph_parameters.assigned_data(
        info, taken.data_parameters, lambda *key: templates.find_dataset(service, workspace, *key)
    )
    proceed = submission.continue_on_step_failure
    if proceed is None:
        proceed = bool(pipeline.body.get("ContinueRunOnStepFailure"))
    template = templates.of(service, workspace, pipeline, values, proceed)
    lowered = templates.filled(template, values, data)
    checks.check(service, workspace, lowered.plan, data)
    submissions.check_parent(service, workspace, submission.parent_run_id)
    body = {
        "experiment": submission.experiment,
        "creation_info": _creation_info(submission, proceed),
        "graph_id": pipeline.body["GraphId"],
        "steps": len(lowered.plan.nodes),
        "pipeline_id": origin.pipeline_id,
        "endpoint_id": origin.endpoint_id,
        "endpoint_version": origin.endpoint_version,
        "schedule_id": origin.schedule_id,
        **submissions.assignments(lowered),
    }
    run_id, now = str(uuid.uuid4()), service.clock()
    submissions.launch(
        service,
        workspace,
        run_id,
        body,
        lowered,
        template.properties,
        parent=submission.parent_run_id,
        identity=identity,
        more={"created": now, "modified": now, "extra": {run_records.EXTRA: body}},
    )
    return Resource(run_records.KIND, run_id, "", body, now, now)


def _check_names(taken: Contract, submission: Submission) -> None:
    """Every name that is assigned must be a parameter of its kind."""
    kinds = dict.fromkeys((item.name for item in taken.parameters), "parameter") | dict(taken.data)
    places = {"parameter": _PARAMETERS, "dataset": _DATASETS, "path": _PATHS}
    given = {"parameter": submission.parameters, "dataset": submission.datasets, "path": submission.data_paths}
    for kind, assigned in given.items():
        for name, value in assigned.items():
            # A dataset definition may be a path, too.
            if kind == "dataset" and kinds.get(name) == "path" and "LiteralValue" in value:
                continue
            if name in kinds and kinds[name] != kind:
                raise bad_request(f"the parameter {name!r} is assigned in {places[kinds[name]]}, not in {places[kind]}")
    unknown = sorted(name for assigned in given.values() for name in assigned if name not in kinds)
    if unknown:
        known = ", ".join(name if kind == "parameter" else f"{name} ({kind})" for name, kind in sorted(kinds.items()))
        names = ", ".join(repr(name) for name in unknown)
        raise bad_request(f"the pipeline has no parameter {names}; it has: {known or 'none'}", "InvalidParameter")


def _assigned(pipeline: Resource, submission: Submission, taken: Contract) -> Fields:
    """What the publisher assigned, and over it what this submit assigns."""
    whole = {item.name for item in taken.parameters if item.type == "integer"}
    parameters: dict[str, Scalar] = dict(submission.parameters)
    for name, value in parameters.items():
        # Clients whose JSON has only one kind of number write 20 as 20.0.
        if name in whole and isinstance(value, float) and value.is_integer():
            parameters[name] = int(value)
    kept = pipeline.body["Assigned"]
    given = {_PARAMETERS: parameters, _DATASETS: submission.datasets, _PATHS: submission.data_paths}
    joined = {name: {**kept.get(name, {}), **values} for name, values in given.items()}
    # A path may stand in either table: what this submit says counts.
    for name in submission.data_paths:
        joined[_DATASETS].pop(name, None)
    for name in submission.datasets:
        joined[_PATHS].pop(name, None)
    return Fields(joined, "the body")


def _creation_info(submission: Submission, proceed: bool) -> dict[str, Any]:
    info = {
        "Description": submission.description,
        "DisplayName": submission.display_name,
        "RunSource": submission.run_source or "Unavailable",
        "RunType": submission.run_type or "HTTP",
        "ContinueRunOnStepFailure": proceed,
        "tags": dict(submission.tags),
        "Properties": dict(submission.properties),
    }
    return {name: value for name, value in info.items() if value is not None}


# -- what was started --------------------------------------------------------------------------------------------------


def runs_of(
    service: Service,
    workspace: Workspace,
    *,
    pipeline_id: str | None = None,
    endpoint_id: str | None = None,
    schedule_id: str | None = None,
) -> list[Resource]:
    """The records of the runs that these started, newest first; see :func:`engine_runs_of`."""
    runs = engine_runs_of(service, workspace, pipeline_id=pipeline_id, endpoint_id=endpoint_id, schedule_id=schedule_id)
    records = [run_records.of_run(run) for run in runs]
    return [record for record in records if record is not None]


def engine_runs_of(
    service: Service, workspace: Workspace, *, limit: int | None = None, **origin: str | None
) -> list[Run]:
    """The engine's records of the runs that a pipeline, an endpoint or a schedule started (``pipeline_id``,
    ``endpoint_id``, ``schedule_id``; all that are given must hold), newest first."""
    table = schema.run.c
    wanted = [
        table.extra[(run_records.EXTRA, name)].as_string() == value
        for name, value in origin.items()
        if value is not None
    ]
    if not wanted:
        raise ValueError("name a pipeline, an endpoint or a schedule")
    return service.records.runs.query(
        workspace.id, table.kind == "pipeline", *wanted, order_by=[table.seq.desc()], limit=limit
    )
