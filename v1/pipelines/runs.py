"""Pipeline runs: status, cancel, and the outputs that the pipeline gave a name."""

from __future__ import annotations

from amlbridge.v1.pipelines import outputs, run_records
from amlbridge.v1.pipelines.entities import make_routes
from amlbridge.wire import run_events
from amlbridge.wire.context import Call
from amlbridge.wire.errors import not_found
from amlbridge.wire.log_reads import log_reads
from amlbridge.wire.routing import REST, Reply

routes = make_routes()


@routes.get("/PipelineRuns/{run_id}")
def get_pipeline_run(call: Call) -> Reply:
    """A pipeline run with its status; an end is told once the client has had a chance to read the logs."""
    record = run_records.get(call)
    answer = run_records.dto(call, record)
    run = call.records.runs.find(call.workspace.id, record.name)
    if run is not None and run.finished:
        steps = call.records.runs.steps(call.workspace.id, run.id)
        if log_reads(call.service).hold_pipeline(run, steps):
            answer["Status"] |= {"StatusCode": run_records.RUNNING, "StatusDetail": None, "EndTime": None}
            answer["HasErrors"] = False
    return answer


@routes.operation("POST", "/PipelineRuns/{run_id}/Cancel", others=REST)
@routes.delete("/PipelineRuns/{run_id}/Execution")
def cancel_pipeline_run(call: Call) -> Reply:
    """Cancels a pipeline run; a finished one stays as it is. A body is not read."""
    run = run_records.engine_run(call)
    run_events.cancel(call.service, call.workspace, run)
    return None


@routes.get("/PipelineRuns/{run_id}/PipelineRunOutputs/{name}")
def get_pipeline_run_output(call: Call) -> Reply:
    """Where an output lies that the pipeline gave a name (``pipeline_output_name``)."""
    run, name = run_records.engine_run(call), call.params["name"]
    if run.plan_id is None:
        raise not_found(f"{run.id} is a sub-pipeline of SDK v2: ask the run of the whole pipeline")
    plan = call.records.plans.get(run.plan_id)
    port = plan.outputs.get(name)
    if port is None:
        known = ", ".join(sorted(plan.outputs)) or "none"
        raise not_found(f"the pipeline has no output {name!r}; it has: {known}")
    found = outputs.of_step(call, run_records.step_run(call, run, port.node)).get(port.port)
    if found is None:
        raise not_found(f"the output {name!r} is not there yet: the step {plan.node(port.node).name!r} has not started")
    return found
