"""The status of the nodes of a pipeline run."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.v1.pipelines import run_records
from amlbridge.v1.pipelines.entities import make_routes, node_path
from amlbridge.wire.context import Call
from amlbridge.wire.log_reads import log_reads
from amlbridge.wire.routing import REST, Reply

routes = make_routes()

NOT_STARTED, QUEUED, RUNNING, FAILED, FINISHED, CANCELED = "0", "1", "2", "3", "4", "5"
_CODES = {
    status.NOT_STARTED: NOT_STARTED,
    status.QUEUED: QUEUED,
    status.COMPLETED: FINISHED,
    status.FAILED: FAILED,
    status.CANCELED: CANCELED,
}


def code_of(run: Run) -> str:
    """The status of a step as the service numbers it; whatever is under way is running."""
    return _CODES.get(run.status, RUNNING)


def status_dto(run: Run) -> dict[str, Any]:
    """A TaskStatus."""
    reused = run.properties.get("azureml.reusedrunid")
    reuse = {
        "RunId": reused,
        "NodeId": run.properties.get("azureml.reusednodeid"),
        "ExperimentId": run.properties.get("azureml.reusedpipeline"),
    }
    return {
        "StatusCode": code_of(run),
        "StatusDetail": (run.error or {}).get("message"),
        "CreationTime": iso(run.created),
        "ScheduleTime": iso(run.created),
        "StartTime": iso(run.started),
        "EndTime": iso(run.ended),
        "RequestId": None,
        "RunId": run.id,
        "RealTimeLogPath": None,
        "HasWarnings": False,
        "ReuseInfo": reuse if reused else None,
    }


@routes.post("/PipelineRuns/{run_id}/Graph/Node/StatusCode")
def get_node_status_code(call: Call) -> Reply:
    """The number of a node's status; an end is told once the client has had a chance to read the log."""
    pipeline = run_records.engine_run(call)
    steps = call.records.runs.steps(call.workspace.id, pipeline.id)
    run = run_records.of_node(steps, pipeline, node_path(call))
    return RUNNING if log_reads(call.service).hold_step(run, steps) else code_of(run)


@routes.post("/PipelineRuns/{run_id}/Graph/Node/Status", others=REST)
def get_node_status(call: Call) -> Reply:
    """The status of a node with its times and its run."""
    return status_dto(run_records.step_run(call, run_records.engine_run(call), node_path(call)))


@routes.post("/PipelineRuns/{run_id}/Graph/AllNodes/Status", others=REST)
def get_all_node_statuses(call: Call) -> Reply:
    """The status of every node, by node id."""
    pipeline = run_records.engine_run(call)
    children = call.records.runs.steps(call.workspace.id, pipeline.id)
    return {run.node_id: status_dto(run) for run in children if run.node_id is not None}


@routes.post("/PipelineRuns/{run_id}/Graph/AllNodes/StatusCode", others=REST)
def get_all_node_status_codes(call: Call) -> Reply:
    """The number of every node's status, by node id."""
    pipeline = run_records.engine_run(call)
    children = call.records.runs.steps(call.workspace.id, pipeline.id)
    return {run.node_id: code_of(run) for run in children if run.node_id is not None}
