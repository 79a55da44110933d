"""Run history: runs as both SDKs create, change, find and watch them.

A run is addressed through its experiment's name, its experiment's id, or by its id alone (ids are unique in a
workspace).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import EngineError
from amlbridge.engine.records.runs import FAILED, FINALIZING, PREPARING, Run
from amlbridge.engine.records.schema import run as table
from amlbridge.wire import paging, run_changes, run_events, run_follow
from amlbridge.wire.artifact_files import RUN_ORIGIN, Artifacts
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, from_engine, not_found
from amlbridge.wire.experiments import experiment_by_id, experiment_by_name, experiment_for_writing, public_name
from amlbridge.wire.log_reads import log_reads
from amlbridge.wire.routing import REST, Handler, Reply, Routes
from amlbridge.wire.run_dto import data_container, details_dto, log_files, run_dto
from amlbridge.wire.run_filter import SqlFilter, order_by
from amlbridge.wire.run_types import RUN_TYPES, run_type

routes = Routes("history", "/history/v1.0/WS")

_EXPERIMENTS = ("/experiments/{experiment}", "/experimentids/{experiment_id}")
_RUNS = (*(f"{base}/runs/{{run}}" for base in _EXPERIMENTS), "/runs/{run}")


def _on(bases: tuple[str, ...], method: str, tail: str = "", others: str | None = None) -> Callable[[Handler], Handler]:
    """Registers a handler for each of several addresses."""

    def register(handler: Handler) -> Handler:
        for base in bases:
            routes.operation(method, base + tail, others=others)(handler)
        return handler

    return register


def run_of(call: Call) -> Run:
    """The run of the path. Raises a 404 when it is not there or not in the experiment that the path names."""
    run = call.records.runs.find(call.workspace.id, call.params["run"])
    if run is None:
        raise not_found(f"Run {call.params['run']} not found in workspace {call.workspace.name}", "RunNotFound")
    name, experiment_id = call.params.get("experiment"), call.params.get("experiment_id")
    if experiment_id is not None and experiment_id != run.experiment_id:
        raise not_found(f"Run {run.id} not found in experiment {experiment_id}", "RunNotFound")
    if name is not None:
        actual = public_name(experiment_by_id(call.service, call.workspace, run.experiment_id))
        if actual.lower() != name.lower():
            raise not_found(f"Run {run.id} not found in experiment {name}: it is one of {actual}", "RunNotFound")
    return run


def _dto(call: Call, run: Run) -> dict[str, Any]:
    return run_dto(call.service, call.workspace, run)


def _experiment_for_run(call: Call, run_id: str, content: dict[str, Any]) -> str:
    """The id of the experiment that a run is written to."""
    if "experiment_id" in call.params:
        return experiment_by_id(call.service, call.workspace, call.params["experiment_id"]).id
    existing = call.records.runs.find(call.workspace.id, run_id)
    if "experiment" in call.params:
        name = call.params["experiment"]
        if existing is not None:
            current = experiment_by_id(call.service, call.workspace, existing.experiment_id)
            if public_name(current) == name:
                return current.id
        return experiment_for_writing(call.service, call.workspace, name).id
    named = typed(content, "experimentId", str, "")
    if named:
        return experiment_by_id(call.service, call.workspace, named).id
    parent = typed(content, "parentRunId", str, None)
    known = existing or (call.records.runs.get(call.workspace.id, parent) if parent else None)
    if known is None:
        raise bad_request("a new run needs its experiment: name it in the address or give experimentId")
    return known.experiment_id


def _write(call: Call, run_id: str, content: dict[str, Any]) -> Run:
    run_changes.check_run_id(run_id)
    with call.records.database.write():
        experiment_id = _experiment_for_run(call, run_id, content)
        return run_changes.add_or_modify(call.service, call.workspace, experiment_id, run_id, content)


@_on(_RUNS, "GET")
def get_run(call: Call) -> Reply:
    """One run."""
    run = run_of(call)
    _note_told(call, [run])
    return _dto(call, run)


def _note_told(call: Call, runs: Sequence[Run]) -> None:
    log_reads(call.service).note_told(run for run in runs if run_type(run) == RUN_TYPES["script"])


def _changed(call: Call, run: Run) -> dict[str, Any]:
    """A run as a change of it is answered: an end of which nobody has heard is not told in passing.

    The client changes a script run right after it has submitted it, keeps the answer and asks no more for the status
    of a run that has ended: it would go on to the details, to which the end is told late.
    """
    if run_type(run) == RUN_TYPES["script"] and log_reads(call.service).is_untold(run):
        run = _finalizing(run)
    return _dto(call, run)


def _finalizing(run: Run) -> Run:
    """A run that has ended, as it was a moment before. Its error stays: whoever knows of the end looks for it."""
    return replace(run, status=FINALIZING, ended=None)


@_on(_RUNS, "PATCH")
def add_or_modify_run(call: Call) -> Reply:
    """Creates a run under the id that the client chose, or merges into it (tags and properties by key)."""
    return _changed(call, _write(call, call.params["run"], call.object))


@_on(_EXPERIMENTS, "PATCH", "/batch/runs")
def batch_add_or_modify_runs(call: Call) -> Reply:
    """Creates or changes several runs; each that fails is reported under its id, the others are kept."""
    runs: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for item in _objects(call, "runs"):
        run_id = typed(item, "runId", str)
        try:
            runs[run_id] = _changed(call, _write(call, run_id, item))
        except (ServiceError, EngineError) as error:
            errors[run_id] = _error(error)
    return {"runs": runs, "errors": errors}


def _objects(call: Call, field: str) -> list[dict[str, Any]]:
    items = call.field(field, list)
    if not all(isinstance(item, dict) for item in items):
        raise bad_request(f"{field} must be an array of objects")
    return items


def _error(error: ServiceError | EngineError) -> dict[str, Any]:
    return (error if isinstance(error, ServiceError) else from_engine(error)).body()


@_on(_RUNS, "GET", "/details")
def get_run_details(call: Call) -> Reply:
    """Status, times, logs with signed URLs, error, warnings, data sets and definition of a run.

    For a job of SDK v2 the answer waits a moment for news. The end of a run is told once a client that follows it has
    had a chance to read the log.
    """
    run = run_of(call)
    if run_follow.JOB in run.extra:
        run = run_follow.wait(call.service, call.workspace, run)
    followed = run_type(run) == RUN_TYPES["script"] or run_follow.JOB in run.extra
    if followed and log_reads(call.service).hold_script(run):
        run = _finalizing(run)
    return details_dto(call.service, call.workspace, run)


@_on(_RUNS, "DELETE", "/tags")
def delete_run_tags(call: Call) -> Reply:
    """Deletes tags by name (the body is an array of names); one that is not there is gone already."""
    return _change_tags(call, {}, call.json)


@_on(_RUNS, "PATCH", "/tags", others=REST)
def modify_or_delete_run_tags(call: Call) -> Reply:
    """Sets the tags in ``tagsToModify`` and deletes those in ``tagsToDelete``."""
    return _change_tags(call, run_changes.text_map(call.object, "tagsToModify"), call.object.get("tagsToDelete") or [])


def _change_tags(call: Call, modified: dict[str, Any], deleted: Any) -> Reply:
    if not isinstance(deleted, list) or not all(isinstance(name, str) for name in deleted):
        raise bad_request("the names of the tags to delete must be an array of strings")

    def change(run: Run) -> dict[str, Any]:
        return {"tags": {key: value for key, value in {**run.tags, **modified}.items() if key not in deleted}}

    return _changed(call, call.records.runs.change(call.workspace.id, run_of(call).id, change))


# -- events and the end of a run --------------------------------------------------------------------------------------


@_on(_RUNS, "POST", "/events")
def post_event(call: Call) -> Reply:
    """Records an event of a run: start, end, error, warning, heartbeat, request to cancel."""
    run_events.apply(call.service, call.workspace, call.object, run_of(call).id)
    return None


@_on((*_EXPERIMENTS, ""), "POST", "/batch/events")
def batch_post_events(call: Call) -> Reply:
    """Records several events, each of which names its run; those that fail are reported."""
    errors, successes = [], []
    for event in _objects(call, "events"):
        try:
            successes.append(run_events.apply(call.service, call.workspace, event))
        except (ServiceError, EngineError) as error:
            errors.append({"key": event, "value": _error(error)})
    return {"errors": errors, "successes": successes}


@_on(_RUNS, "POST", "/cancel", others=REST)
def cancel_run(call: Call) -> Reply:
    """Cancels a run (its ``cancelUri``); a finished one stays as it is."""
    run = run_of(call)
    run_events.cancel(call.service, call.workspace, run, call.query.get("cancelationreason"))
    return _dto(call, call.records.runs.get(call.workspace.id, run.id))


@_on(_RUNS, "GET", "/diagnostics", others=REST)
def get_diagnostics(call: Call) -> Reply:
    """A zip file with the logs of a run (its ``diagnosticsUri``)."""
    run = run_of(call)
    artifacts = Artifacts(call.service, call.workspace, RUN_ORIGIN, data_container(run))
    path = call.service.blobs.staging()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in log_files(call.service, call.workspace, run):
            archive.writestr(name, artifacts.read(name))
    return FileResponse(path, media_type="application/zip", background=BackgroundTask(path.unlink, missing_ok=True))


@_on(_RUNS, "GET", "/token")
def get_run_token(call: Call) -> Reply:
    """A token for the processes of this run."""
    token, expiry = call.service.issuer.issue("run", run_id=run_of(call).id)
    return {"token": token, "expiryTimeUtc": iso(expiry)}


@_on(_RUNS, "GET", "/metricsingest/wait")
def wait_for_metrics(call: Call) -> Reply:
    """Returns at once: metrics are durable when they are acknowledged."""
    run_of(call)
    return {}


#: A step has a run only once it is prepared, as on Azure; its record is there from the submission on.
VISIBLE = or_(table.c.kind != "step", table.c.started.is_not(None), table.c.status.in_((PREPARING, FAILED)))

# -- finding runs -----------------------------------------------------------------------------------------------------


def _page(
    call: Call, scope: list[ColumnElement[bool]], text: str | None, order: list[Any], top: Any, token: Any
) -> Reply:
    """One page of runs. Runs that begin while a client pages do not shift its pages: the token bounds them."""
    conditions = [*scope, *_filter(call).conditions(text)]
    size = paging.page_size(top)
    state = paging.state(token, offset=int, seq=int)
    if state is None:
        with call.records.database.read() as connection:
            newest = connection.execute(select(func.max(table.c.seq))).scalar()
        state = {"offset": 0, "seq": newest or 0}
    found = call.records.runs.query(
        call.workspace.id,
        table.c.seq <= state["seq"],
        *conditions,
        order_by=order,
        limit=size + 1,
        offset=state["offset"],
    )
    _note_told(call, found[:size])
    more = {"offset": state["offset"] + size, "seq": state["seq"]}
    return {
        "value": [_dto(call, run) for run in found[:size]],
        "continuationToken": paging.token(more) if len(found) > size else None,
        "nextLink": None,
    }


def _filter(call: Call) -> SqlFilter:
    return SqlFilter(call.records.database.engine.dialect.name)


def _page_by_query(call: Call, scope: list[ColumnElement[bool]]) -> Reply:
    sort = call.query.get("sortorder", "asc").lower()
    if sort not in ("asc", "desc"):
        raise bad_request(f"$sortorder must be asc or desc, not {sort!r}")
    order = order_by(call.query.get("orderby"), sort)
    return _page(
        call, scope, call.query.get("filter"), order, call.query.get("top"), call.query.get("continuationtoken")
    )


def _experiment_scope(call: Call) -> ColumnElement[bool]:
    """The runs of the path's experiment; by name also those of an archived one."""
    if "experiment_id" in call.params:
        found = experiment_by_id(call.service, call.workspace, call.params["experiment_id"])
    else:
        found = experiment_by_name(call.service, call.workspace, call.params["experiment"], "All")
    return table.c.experiment_id == found.id


@_on((*_EXPERIMENTS, ""), "POST", "/runs:query")
def query_runs(call: Call) -> Reply:
    """Runs that meet a filter, ordered, in pages."""
    scope = [VISIBLE, _experiment_scope(call)] if call.params.keys() & {"experiment", "experiment_id"} else [VISIBLE]
    order = order_by(call.field("orderby", str, None) or call.field("orderBy", str, None))
    token = call.field("continuationToken", str, None)
    return _page(call, scope, call.field("filter", str, None), order, call.object.get("top"), token)


@_on(_RUNS, "GET", "/children")
def get_child_runs(call: Call) -> Reply:
    """The direct children of a run, filtered and ordered, in pages."""
    return _page_by_query(call, [table.c.parent_id == run_of(call).id, VISIBLE])


@routes.get("/computes/{compute}/runs")
def list_runs_by_compute(call: Call) -> Reply:
    """Runs on a compute target, filtered, in pages."""
    return _page_by_query(call, [func.lower(table.c.target) == call.params["compute"].lower()])


@_on(_EXPERIMENTS, "POST", "/runs/runIds", others=REST)
def get_runs_by_ids(call: Call) -> Reply:
    """Several runs by id; those that are not in the experiment are reported."""
    scope = _experiment_scope(call)
    ids = call.field("runIds", list)
    if not all(isinstance(run_id, str) for run_id in ids):
        raise bad_request("runIds must be an array of strings")
    found: dict[str, Run] = {}
    for start in range(0, len(ids), 500):
        runs = call.records.runs.query(call.workspace.id, scope, table.c.id.in_(ids[start : start + 500]))
        found |= {run.id: run for run in runs}
    _note_told(call, list(found.values()))
    missing = {name: not_found(f"Run {name} not found", "RunNotFound").body() for name in ids if name not in found}
    return {"runs": {name: _dto(call, run) for name, run in found.items()}, "errors": missing}


@routes.operation("GET", "/experiments/{experiment}/runcounts", others=REST)
def count_runs(call: Call) -> Reply:
    """How many runs of an experiment there are, by status."""
    conditions = [_experiment_scope(call), *_filter(call).conditions(call.query.get("filter"))]
    query = select(table.c.status, func.count()).where(table.c.workspace_id == call.workspace.id, *conditions)
    with call.records.database.read() as connection:
        counts = {row[0]: row[1] for row in connection.execute(query.group_by(table.c.status))}
    return {status[0].lower() + status[1:]: counts.get(status, 0) for status in sorted(run_changes.STATUSES)}
