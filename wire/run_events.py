"""Events that a client posts about a run: they drive its status (names: ``Microsoft.MachineLearning.Run.*``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine.records.runs import CANCEL_REQUESTED, CANCELED, COMPLETED, FAILED, QUEUED, RUNNING, Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.run_changes import check_status, status_values, time_of
from amlbridge.wire.run_types import INTERACTIVE

_PREFIX = "Microsoft.MachineLearning.Run."
#: Key under which the scheduler registers what cancels a run: a function of workspace id and run id.
CANCEL_HOOK = "cancel_run"
#: Fields of an ErrorResponse beside the error itself, kept under ``response.{name}``.
_RESPONSE_FIELDS = ("correlation", "environment", "location", "time", "componentName")

Values = dict[str, Any]
#: Turns a run and an event's data into the columns to set.
Effect = Callable[[Run, Mapping[str, Any], float], Values]


def apply(service: Service, workspace: Workspace, event: Mapping[str, Any], run_id: str | None = None) -> str:
    """Records one event (a BaseEvent) of a run and returns the run's id; ``run_id`` is that of the address, if any.

    A finished run keeps its status and times; errors and warnings are still added to it. Raises a 400
    :class:`~amlbridge.wire.errors.ServiceError` for an event that is not understood, and
    :class:`~amlbridge.engine.errors.NotFoundError`.
    """
    name = typed(event, "name", str)
    data = typed(event, "data", dict, {})
    subject = typed(data, "RunId", str, run_id) or run_id
    if subject is None:
        raise bad_request(f"the event {name} does not name its run (data.RunId)")
    if run_id is not None and subject != run_id:
        raise bad_request(f"the event speaks of run {subject!r}, the address of {run_id!r}")
    effect = _EFFECTS.get(name.removeprefix(_PREFIX))
    if effect is None or not name.startswith(_PREFIX):
        raise bad_request(f"{name!r} is no event that a run can have; there are {', '.join(_EFFECTS)} in {_PREFIX}*")
    now = service.clock()
    run = service.records.runs.get(workspace.id, subject)
    values = effect(run, data, now)
    if values.get("status") in (CANCELED, CANCEL_REQUESTED) and run.kind != INTERACTIVE:
        cancel(service, workspace, run)
        return subject
    service.records.runs.change(workspace.id, subject, lambda current: _allowed(current, effect(current, data, now)))
    if values.get("status") == CANCELED and not run.finished:
        _cancel_below(service, workspace, run)
    return subject


def _allowed(run: Run, values: Values) -> Values:
    if run.finished and "status" in values:
        return {}
    return values


def cancel(service: Service, workspace: Workspace, run: Run, reason: str | None = None) -> None:
    """Cancels a run: through the scheduler when it has registered itself, or else by its status alone. With it end the
    runs that were submitted below it, as on Azure."""
    if run.finished:
        return
    if reason:
        service.records.runs.change(
            workspace.id, run.id, lambda current: {"extra": {**current.extra, "cancelationReason": reason}}
        )
    hook: Callable[[str, str], object] | None = service.parts.get(CANCEL_HOOK)
    if hook is not None and run.kind != INTERACTIVE:
        hook(workspace.id, run.id)
    else:
        service.records.runs.change(
            workspace.id, run.id, lambda current: _allowed(current, status_values(current, CANCELED, service.clock()))
        )
    _cancel_below(service, workspace, run)


def _cancel_below(service: Service, workspace: Workspace, run: Run) -> None:
    for child in service.records.runs.children(workspace.id, run.id):
        if child.kind == "step":
            # Its pipeline ends it; what it has submitted is known here alone.
            _cancel_below(service, workspace, child)
        else:
            cancel(service, workspace, child)


def _to(status: str, field: str | None = None, column: str = "ended") -> Effect:
    def effect(run: Run, data: Mapping[str, Any], now: float) -> Values:
        values = status_values(run, status, now)
        time = time_of(data, field) if field is not None else None
        if time is not None and (column == "ended" or run.started is None):
            # A clock that runs behind must not end a run before it began.
            values[column] = time if column == "started" else max(time, run.started or time)
        return values

    return effect


def _start(run: Run, data: Mapping[str, Any], now: float) -> Values:
    values = _to(RUNNING, "StartTime", "started")(run, data, now)
    # The start may arrive after a request to cancel.
    return {} if run.status in (RUNNING, CANCEL_REQUESTED) else values


def _error(run: Run, data: Mapping[str, Any], now: float) -> Values:
    response = typed(data, "ErrorResponse", dict)
    error = dict(typed(response, "error", dict))
    typed(error, "code", str, None)
    typed(error, "message", str, None)
    error |= {f"response.{name}": response[name] for name in _RESPONSE_FIELDS if response.get(name) is not None}
    return {"error": error}


def _warning(run: Run, data: Mapping[str, Any], now: float) -> Values:
    warning = {"source": typed(data, "Source", str, None), "message": typed(data, "Message", str)}
    return {"extra": {**run.extra, "warnings": [*(run.extra.get("warnings") or []), warning]}}


def _heartbeat(run: Run, data: Mapping[str, Any], now: float) -> Values:
    lifetime = typed(data, "TimeToLiveSeconds", float)
    return {"extra": {**run.extra, "heartbeat": {"time": now, "timeToLiveSeconds": lifetime}}}


def _queueing(run: Run, data: Mapping[str, Any], now: float) -> Values:
    known = {"code": "Code", "message": "Message", "lastRefreshTimestamp": "LastRefreshTimestamp"}
    info = typed(data, "QueueingInfo", dict, data)
    found = {name: typed(info, name, str, typed(info, other, str, None)) for name, other in known.items()}
    return {"extra": {**run.extra, "queueingInfo": found}}


def _status(run: Run, data: Mapping[str, Any], now: float) -> Values:
    return status_values(run, check_status(typed(data, "Status", str)), now)


_EFFECTS: dict[str, Effect] = {
    "Start": _start,
    "Queued": _to(QUEUED),
    "QueueingInfo": _queueing,
    "Status": _status,
    "Completed": _to(COMPLETED, "EndTime"),
    "Failed": _to(FAILED, "EndTime"),
    "Canceled": _to(CANCELED, "EndTime"),
    "CancelRequested": _to(CANCEL_REQUESTED),
    "Error": _error,
    "Warning": _warning,
    "Heartbeat": _heartbeat,
}
