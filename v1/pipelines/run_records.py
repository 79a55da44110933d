"""Pipeline runs as this service keeps them from the unsubmitted graph on; the engine's record joins at submission.

A run of a published pipeline has no unsubmitted state: what this service keeps of it stands in the engine's own record,
so that both are written as one (:data:`EXTRA`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines.entities import UPLOADED, stamped
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, not_found

KIND = "pipeline_run"
#: The entry of ``Run.extra`` that holds the body of a published pipeline's run.
EXTRA = "pipelineRun"
NOT_STARTED, RUNNING, FAILED, FINISHED, CANCELED = "0", "1", "2", "3", "4"
_CODES = {status.COMPLETED: FINISHED, status.FAILED: FAILED, status.CANCELED: CANCELED, status.NOT_STARTED: NOT_STARTED}


def find(service: Service, workspace: Workspace, run_id: str) -> Resource | None:
    """The record of a pipeline run, or None."""
    found = service.records.resources.find(workspace.id, KIND, run_id)
    if found is None:
        run = service.records.runs.find(workspace.id, run_id)
        found = of_run(run) if run is not None else None
    return found


def of_run(run: Run) -> Resource | None:
    """The record of a published pipeline's run; None for any other run."""
    body = run.extra.get(EXTRA)
    return Resource(KIND, run.id, "", body, run.created, run.modified) if body is not None else None


def get(call: Call) -> Resource:
    """The record of the path's pipeline run. Raises a 404 :class:`ServiceError`."""
    record = find(call.service, call.workspace, call.params["run_id"])
    if record is None:
        raise not_found(f"there is no pipeline run {call.params['run_id']}")
    return record


def engine_run(call: Call) -> Run:
    """The engine's record of the path's pipeline run. Raises a 404 :class:`ServiceError`; 409 before its submission."""
    record = get(call)
    run = call.records.runs.find(call.workspace.id, record.name)
    if run is None:
        raise ServiceError(409, "NotSubmitted", f"the pipeline run {record.name} has not been submitted")
    return run


def step_run(call: Call, pipeline: Run, node_id: str) -> Run:
    """The run of a node. Raises a 404 :class:`ServiceError`."""
    return of_node(call.records.runs.steps(call.workspace.id, pipeline.id), pipeline, node_id)


def of_node(steps: Sequence[Run], pipeline: Run, node_id: str) -> Run:
    """The run of a node among the steps of a pipeline run. Raises a 404 :class:`ServiceError`."""
    for run in steps:
        if run.node_id == node_id:
            return run
    raise not_found(f"the pipeline run {pipeline.id} has no node {node_id!r}")


def code_of(run: Run | None) -> str:
    """The status of a pipeline run as the service numbers it."""
    return NOT_STARTED if run is None else _CODES.get(run.status, RUNNING)


def dto(call: Call, record: Resource) -> dict[str, Any]:
    """A PipelineRunEntity."""
    return entity(record, call.records.runs.find(call.workspace.id, record.name))


def entity(record: Resource, run: Run | None, *, submitted: bool | None = None) -> dict[str, Any]:
    """A PipelineRunEntity; ``run`` is the engine's record. ``submitted``: for one that was just started and whose
    engine's record was not read again."""
    body = record.body
    info: Mapping[str, Any] = body["creation_info"]
    head = stamped(Resource(record.kind, record.name, "", {}, record.created, run.modified if run else record.modified))
    return {
        **head,
        "Description": info.get("Description"),
        "Status": {
            "StatusCode": code_of(run),
            "StatusDetail": (run.error or {}).get("message") if run else None,
            "CreationTime": iso(record.created),
            "EndTime": iso(run.ended) if run else None,
        },
        "GraphId": body["graph_id"],
        "IsSubmitted": run is not None if submitted is None else submitted,
        "HasErrors": run is not None and run.status == status.FAILED,
        "HasWarnings": False,
        "UploadState": UPLOADED,
        "ParameterAssignments": body["parameters"],
        "DataSetDefinitionValueAssignments": body["datasets"],
        "DataPathAssignments": body["paths"],
        "RunHistoryExperimentName": body["experiment"],
        "PipelineId": body["pipeline_id"],
        "RunSource": info.get("RunSource"),
        "RunType": info.get("RunType"),
        "TotalRunSteps": body["steps"],
        "PipelineEndpointId": body.get("endpoint_id"),
        "PipelineVersion": body.get("endpoint_version"),
        "ScheduleId": body.get("schedule_id"),
        "tags": info.get("tags") or {},
        "Properties": info.get("Properties") or {},
    }
