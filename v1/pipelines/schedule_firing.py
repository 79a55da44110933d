"""What happens when a schedule is due: the tick is recorded as fired, a run is started, the outcome is recorded.

A tick neither fires twice nor gets lost when the service is killed in between: the transaction that moves the schedule
on to its next tick also records the run that is to be started, under a name of its own (``Pending.firing``). The run
carries that name among its properties. A service that finds such a mark when it starts looks for the run: when it is
there, all is done, otherwise it is started again.

Ticks that passed while the service was down, the machine slept or the clock jumped ahead run once, together. When the
clock jumps back, the schedule waits until it is past the tick that fired last (enabling the schedule again makes it go
by the new time). A start that fails is not tried again before the next tick.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import EngineError, StateError, StorageError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines import (
    endpoints,
    published,
    rest_submissions,
    schedule_bodies,
    schedule_polling,
    schedule_records,
)
from amlbridge.v1.pipelines.entities import ACTIVE
from amlbridge.v1.pipelines.rest_submissions import Origin, Submission
from amlbridge.v1.pipelines.schedule_bodies import Definition, Polling
from amlbridge.v1.pipelines.schedule_records import Pending, State
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.identity import TENANT, USER, Identity

log = logging.getLogger(__name__)

#: Properties of a run that a schedule started.
DUE, FIRING = "amlbridge.schedule_due", "amlbridge.schedule_firing"
_RUN_TYPE = "Schedule"
#: At most so many runs of one look at a datastore; the other blobs follow at the next one.
MOST_RUNS = 100
#: Seconds by which a clock may go back (or a due tick be late) without a word.
_TOLERANCE = 5.0


class InterruptedStartError(Exception):
    """A start that could not be done now and is to be done later: the service stops, or the disk is full."""


def attend(service: Service, workspace: Workspace, schedule_id: str) -> None:
    """Starts what a schedule is to start now, if anything. Raises :class:`InterruptedStartError`."""
    record = service.records.resources.get(workspace.id, schedule_records.KIND, schedule_id)
    state = schedule_records.state_of(service, workspace, schedule_id)
    if state.pending is not None:
        _resume(service, workspace, record, state.pending)
    due = _take(service, workspace, schedule_id)
    if due is None:
        return
    definition = schedule_bodies.of_document(record.body)
    if isinstance(definition.trigger, Polling):
        _poll(service, workspace, record, definition.trigger, due)
    else:
        pending = schedule_records.state_of(service, workspace, schedule_id).pending
        assert pending is not None, "the tick was recorded with its run"
        _start(service, workspace, record, pending)


def _take(service: Service, workspace: Workspace, schedule_id: str) -> float | None:
    """Moves a schedule that is due on to its next tick; returns the tick that is to fire."""
    now = service.clock()
    with service.records.database.write():
        record = service.records.resources.get(workspace.id, schedule_records.KIND, schedule_id)
        state = schedule_records.state_of(service, workspace, schedule_id)
        if record.body["EntityStatus"] != ACTIVE or state.next_due is None:
            return None
        trigger = schedule_bodies.of_document(record.body).trigger
        if state.next_due > now:
            if now < state.settled - _TOLERANCE:
                log.warning("%s: the clock went back by %.0f s", _label(record), state.settled - now)
                _move_on(service, workspace, schedule_id, trigger, state, now)
            return None
        due, pending = state.next_due, None
        if not isinstance(trigger, Polling):
            pending = Pending(due, uuid.uuid4().hex)
            if now - due > _TOLERANCE:
                log.info("%s: due %s, %.0f s ago; what was missed since runs once", _label(record), iso(due), now - due)
        fired = dataclasses.replace(state, last_due=due, pending=pending)
        _move_on(service, workspace, schedule_id, trigger, fired, now)
    return due


def _move_on(service: Service, workspace: Workspace, schedule_id: str, trigger: Any, state: State, now: float) -> None:
    due = schedule_records.upcoming(trigger, state, now)
    schedule_records.put_state(service, workspace, schedule_id, dataclasses.replace(state, next_due=due, settled=now))


def _poll(service: Service, workspace: Workspace, record: Resource, polling: Polling, due: float) -> None:
    """Starts a run when blobs have changed: one for each of them when the pipeline is to get its path, else one."""
    before = schedule_records.blobs_of(service, workspace, record.name)
    try:
        now = schedule_polling.look(service, workspace, polling)
    except (ServiceError, EngineError) as problem:
        _failed(service, workspace, record, due, f"the datastore {polling.datastore} cannot be read: {problem}")
        return
    names = schedule_polling.changed(before, now)
    if polling.parameter is None or not names:
        pending = Pending(due, uuid.uuid4().hex) if names else None
        if now != before:
            _claim(service, workspace, record.name, now, pending)
        if pending is not None:
            _start(service, workspace, record, pending)
        return
    if len(names) > MOST_RUNS:
        log.warning("%s: %s blobs changed, %s of them start a run now", _label(record), len(names), MOST_RUNS)
    seen = {name: version for name, version in before.items() if name in now}
    for name in names[:MOST_RUNS]:
        seen[name] = now[name]
        pending = Pending(due, uuid.uuid4().hex, name)
        _claim(service, workspace, record.name, seen, pending)
        _start(service, workspace, record, pending)


def _claim(
    service: Service, workspace: Workspace, schedule_id: str, blobs: dict[str, str], pending: Pending | None
) -> None:
    with service.records.database.write():
        schedule_records.put_blobs(service, workspace, schedule_id, blobs)
        state = schedule_records.state_of(service, workspace, schedule_id)
        schedule_records.put_state(service, workspace, schedule_id, dataclasses.replace(state, pending=pending))


def _start(service: Service, workspace: Workspace, record: Resource, pending: Pending) -> None:
    try:
        definition = schedule_bodies.of_document(record.body)
        submission = _submission(definition, pending)
        environments = schedule_records.state_of(service, workspace, record.name).environments
        identity = Identity(USER, TENANT, environments=environments) if environments else None
        run = _submit(service, workspace, record, definition, submission, identity)
    except (StateError, StorageError) as problem:
        raise InterruptedStartError(f"{_label(record)}: {problem}") from problem
    except (ServiceError, EngineError) as problem:
        _failed(service, workspace, record, pending.due, str(problem))
    else:
        _started(service, workspace, record, pending, run.name)


def _submission(definition: Definition, pending: Pending) -> Submission:
    submission = definition.submission
    marks = {DUE: str(iso(pending.due)), FIRING: pending.firing}
    paths: Mapping[str, Any] = submission.data_paths
    if pending.blob is not None:
        assert isinstance(definition.trigger, Polling), "only a watched folder has blobs"
        assert definition.trigger.parameter is not None, "only a parameter gets the path of a blob"
        place = {"DataStoreName": definition.trigger.datastore, "RelativePath": pending.blob}
        paths = {**paths, definition.trigger.parameter: place}
    return dataclasses.replace(
        submission,
        properties={**submission.properties, **marks},
        data_paths=paths,
        run_source=submission.run_source or _RUN_TYPE,
        run_type=submission.run_type or _RUN_TYPE,
    )


def _submit(
    service: Service,
    workspace: Workspace,
    record: Resource,
    definition: Definition,
    submission: Submission,
    identity: Identity | None,
) -> Resource:
    if definition.endpoint_id is not None:
        endpoint = endpoints.find(service, workspace, definition.endpoint_id)
        if endpoint is None:
            raise bad_request(f"the pipeline endpoint {definition.endpoint_id} is not there any more")
        return endpoints.start(service, workspace, endpoint, None, submission, record.name, identity)
    assert definition.pipeline_id is not None, "a schedule has a pipeline or an endpoint"
    pipeline = published.find(service, workspace, definition.pipeline_id)
    if pipeline is None:
        raise bad_request(f"the published pipeline {definition.pipeline_id} is not there any more")
    origin = Origin(definition.pipeline_id, schedule_id=record.name)
    return rest_submissions.start(service, workspace, pipeline, submission, origin, identity)


def _resume(service: Service, workspace: Workspace, record: Resource, pending: Pending) -> None:
    """Ends what a killed service had begun."""
    # The record of a run is written as one with its start, and no one else starts runs for a schedule.
    last = last_run(service, workspace, record.name)
    if last is not None and last.properties.get(FIRING) == pending.firing:
        _started(service, workspace, record, pending, last.id)
        return
    log.info("%s: the run of %s was not started before the service ended", _label(record), iso(pending.due))
    _start(service, workspace, record, pending)


def last_run(service: Service, workspace: Workspace, schedule_id: str) -> Run | None:
    """The run that a schedule started last, or None."""
    runs = rest_submissions.engine_runs_of(service, workspace, schedule_id=schedule_id, limit=1)
    return runs[0] if runs else None


def _started(service: Service, workspace: Workspace, record: Resource, pending: Pending, run_id: str) -> None:
    state = _settle(service, workspace, record.name, last_run=run_id, last_error=None)
    what = f" ({pending.blob} changed)" if pending.blob else ""
    log.info(
        "%s: fired for %s%s, run %s; next due %s",
        _label(record),
        iso(pending.due),
        what,
        run_id,
        iso(state.next_due) or "never",
    )


def _failed(service: Service, workspace: Workspace, record: Resource, due: float, message: str) -> None:
    error = {"time": iso(service.clock()), "due": iso(due), "message": message}
    state = _settle(service, workspace, record.name, last_error=error)
    log.error("%s: no run for %s: %s; next due %s", _label(record), iso(due), message, iso(state.next_due) or "never")


def give_up(service: Service, workspace: Workspace, schedule_id: str, problem: Exception) -> None:
    """Records that a start failed by a mistake of ours; the schedule goes on with its next tick."""
    record = service.records.resources.get(workspace.id, schedule_records.KIND, schedule_id)
    state = schedule_records.state_of(service, workspace, schedule_id)
    due = state.pending.due if state.pending else state.last_due
    message = f"a mistake of amlbridge, see its log: {type(problem).__name__}: {problem}"
    _failed(service, workspace, record, service.clock() if due is None else due, message)


def _settle(service: Service, workspace: Workspace, schedule_id: str, **outcome: Any) -> State:
    with service.records.database.write():
        state = schedule_records.state_of(service, workspace, schedule_id)
        state = dataclasses.replace(state, pending=None, **outcome)
        schedule_records.put_state(service, workspace, schedule_id, state)
    return state


def _label(record: Resource) -> str:
    return f"schedule {record.body['Name']!r} ({record.name})"
