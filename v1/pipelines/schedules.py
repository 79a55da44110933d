"""Schedules: published pipelines and pipeline endpoints that are run at times, or when blobs of a datastore change."""

from __future__ import annotations

from starlette.responses import Response

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.pipelines import (
    endpoints,
    published,
    rest_submissions,
    run_records,
    schedule_firing,
    schedule_records,
)
from amlbridge.v1.pipelines.entities import ACTIVE, body_of, make_routes
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import Reply
from amlbridge.wire.schedules import runner as schedule_runner

routes = make_routes()


@routes.post("/Schedules/Create")
def create_schedule(call: Call) -> Reply:
    """Makes a schedule; without a start time it fires at once. One that watches a datastore fires for later changes."""
    record = schedule_records.create(call.service, call.workspace, body_of(call), _environments(call))
    schedule_runner.of(call.service).wake()
    return schedule_records.dto(call.service, call.workspace, record)


@routes.get("/Schedules")
def list_schedules(call: Call) -> Reply:
    """The schedules, newest first (``activeOnly``, true unless told)."""
    text = (call.query.get("activeonly") or "true").lower()
    if text not in ("true", "false"):
        raise bad_request(f"activeOnly is true or false, not {text[:40]!r}")
    found = reversed(schedule_records.all_of(call.service, call.workspace))
    return _dtos(call, [item for item in found if text == "false" or item.body["EntityStatus"] == ACTIVE])


@routes.get("/Schedules/{id}")
def get_schedule(call: Call) -> Reply:
    """A schedule, with when it fires next, its last run and why it started none (``NextDue``, ``LastError``)."""
    return schedule_records.dto(call.service, call.workspace, _get(call))


@routes.put("/Schedules/{id}")
def update_schedule(call: Call) -> Reply:
    """Changes, enables or disables a schedule. A changed recurrence begins anew; enabling takes up no missed ticks."""
    found = _get(call)
    record = schedule_records.update(call.service, call.workspace, found.name, body_of(call), _environments(call))
    schedule_runner.of(call.service).wake()
    return schedule_records.dto(call.service, call.workspace, record)


@routes.get("/Schedules/Pipeline/{id}")
def list_schedules_of_pipeline(call: Call) -> Reply:
    """The schedules of a published pipeline, active or not, newest first."""
    pipeline = published.find(call.service, call.workspace, call.params["id"])
    if pipeline is None:
        raise not_found(f"there is no published pipeline {call.params['id']} in this workspace")
    return _dtos(call, _with(call, "PipelineId", pipeline))


@routes.get("/Schedules/PipelineEndpoint/{id}")
def list_schedules_of_endpoint(call: Call) -> Reply:
    """The schedules of a pipeline endpoint, active or not, newest first."""
    endpoint = endpoints.find(call.service, call.workspace, call.params["id"])
    if endpoint is None:
        raise not_found(f"there is no pipeline endpoint {call.params['id']} in this workspace")
    return _dtos(call, _with(call, "PipelineEndpointId", endpoint))


@routes.get("/PipelineRuns/Schedule/{id}")
def list_runs_of_schedule(call: Call) -> Reply:
    """The runs that a schedule started, newest first."""
    runs = rest_submissions.engine_runs_of(call.service, call.workspace, schedule_id=_get(call).name)
    found = [(run_records.of_run(run), run) for run in runs]
    return [run_records.entity(record, run) for record, run in found if record is not None]


@routes.get("/PipelineRuns/Schedule/{id}/Last")
def get_last_run_of_schedule(call: Call) -> Reply:
    """The last run that a schedule started; 204 when it has started none."""
    run = schedule_firing.last_run(call.service, call.workspace, _get(call).name)
    record = run_records.of_run(run) if run is not None else None
    return run_records.entity(record, run) if record is not None else Response(status_code=204)


def _get(call: Call) -> Resource:
    record = schedule_records.find(call.service, call.workspace, call.params["id"])
    if record is None:
        raise not_found(f"there is no schedule {call.params['id']} in this workspace")
    return record


def _with(call: Call, field: str, target: Resource) -> list[Resource]:
    found = reversed(schedule_records.all_of(call.service, call.workspace))
    return [item for item in found if item.body[field] == target.name]


def _dtos(call: Call, found: list[Resource]) -> Reply:
    return [schedule_records.dto(call.service, call.workspace, item) for item in found]


def _environments(call: Call) -> str | None:
    return call.identity.environments if call.identity is not None else None
