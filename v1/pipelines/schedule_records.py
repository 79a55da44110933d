"""Schedules as they are kept: what the user said, when it is due next, and the blobs that a watched folder held.

They are separate records: a firing must not look like a change that a user made.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.schedules.recurrence import Recurrence, Ticks
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import revisions, schedule_bodies, schedule_checks, schedule_polling
from amlbridge.v1.pipelines.entities import ACTIVE, stamped
from amlbridge.v1.pipelines.schedule_bodies import Definition, Polling, wrong
from amlbridge.wire.context import Service
from amlbridge.wire.schedules import state as schedule_state
from amlbridge.wire.schedules.state import State

KIND, STATE_KIND, BLOBS_KIND = "pipeline_schedule", "pipeline_schedule_state", "pipeline_schedule_blobs"
#: The provisioning is done when the schedule is recorded.
_PROVISIONED = "0"


def find(service: Service, workspace: Workspace, schedule_id: str) -> Resource | None:
    """The schedule of this id, or None."""
    return service.records.resources.find(workspace.id, KIND, schedule_id)


def all_of(service: Service, workspace: Workspace) -> list[Resource]:
    """Every schedule of a workspace, the oldest first."""
    return service.records.resources.list(workspace.id, KIND)


def state_of(service: Service, workspace: Workspace, schedule_id: str) -> State:
    """Where a schedule stands."""
    return schedule_state.state_of(service, workspace, STATE_KIND, schedule_id)


def states(service: Service, workspace: Workspace) -> Iterator[tuple[str, State]]:
    """The id and the state of every schedule of a workspace."""
    return schedule_state.states(service, workspace, STATE_KIND)


def put_state(service: Service, workspace: Workspace, schedule_id: str, state: State) -> None:
    """Records where a schedule stands."""
    schedule_state.put_state(service, workspace, STATE_KIND, schedule_id, state)


def blobs_of(service: Service, workspace: Workspace, schedule_id: str) -> dict[str, str]:
    """What the watched folder held when it was last looked at."""
    return dict(service.records.resources.get(workspace.id, BLOBS_KIND, schedule_id).body["blobs"])


def put_blobs(service: Service, workspace: Workspace, schedule_id: str, blobs: dict[str, str]) -> None:
    """Records what the watched folder holds."""
    service.records.resources.put(workspace.id, BLOBS_KIND, schedule_id, {"blobs": blobs})


def upcoming(trigger: Recurrence | Polling, state: State, now: float) -> float | None:
    """When a schedule is due next, strictly after ``now`` and after the tick that fired last: none fires twice, even
    when the clock has gone back."""
    if isinstance(trigger, Polling):
        return now + 60 * trigger.minutes
    return Ticks(trigger, state.made).next_after(now if state.last_due is None else max(now, state.last_due))


def _begin(trigger: Recurrence | Polling, now: float, environments: str | None) -> State:
    """The state of a new trigger: a recurrence without a start time is due at once."""
    state = State(int(now), None, now, environments=environments)
    at_once = isinstance(trigger, Recurrence) and trigger.start is None
    due = float(state.made) if at_once else upcoming(trigger, state, now)
    if due is None:
        raise wrong("Recurrence", "is never due: it starts after the end of the calendar")
    return replace(state, next_due=due)


def create(service: Service, workspace: Workspace, body: Fields, environments: str | None = None) -> Resource:
    """Records a schedule; the blobs that a watched folder holds now do not start a run. Raises a 400
    :class:`ServiceError`."""
    definition = schedule_bodies.read(body)
    now = service.clock()
    with service.records.database.write():
        schedule_checks.check(service, workspace, definition)
        state = _begin(definition.trigger, now, environments)
        if definition.status != ACTIVE:
            state = replace(state, next_due=None)
        schedule_id = str(uuid.uuid4())
        record = service.records.resources.add(workspace.id, KIND, schedule_id, {**definition.document, "revision": 1})
        put_state(service, workspace, schedule_id, state)
        if isinstance(definition.trigger, Polling):
            blobs = schedule_polling.look(service, workspace, definition.trigger)
            put_blobs(service, workspace, schedule_id, blobs)
    return record


def update(
    service: Service, workspace: Workspace, schedule_id: str, body: Fields, environments: str | None = None
) -> Resource:
    """Changes a schedule to what the body says; a field that it lacks stays. Raises a 400 :class:`ServiceError`, 404
    for a schedule and 409 for a state that are not there any more."""
    given = body.text("Id")
    if given is not None and given != schedule_id:
        raise wrong(body.at("Id"), f"is {given}, the path names {schedule_id}")
    resources = service.records.resources
    with service.records.database.write():
        record = resources.get(workspace.id, KIND, schedule_id)
        revisions.check(record, body, f"the schedule {record.body['Name']!r}")
        sent = {key: value for key, value in body.content.items() if value is not None}
        changed = schedule_bodies.read(Fields({**record.body, **sent}, body.spot))
        for field in ("PipelineId", "PipelineEndpointId", "ScheduleType"):
            if changed.document[field] != record.body[field]:
                raise wrong(body.at(field), "cannot be changed: disable this schedule and create another one")
        schedule_checks.check(service, workspace, changed)
        _restate(service, workspace, schedule_id, schedule_bodies.of_document(record.body), changed, environments)
        revision = record.body["revision"]
        if {**changed.document, "revision": revision} == record.body:
            return record
        return resources.put(workspace.id, KIND, schedule_id, {**changed.document, "revision": revision + 1})


def _restate(
    service: Service,
    workspace: Workspace,
    schedule_id: str,
    old: Definition,
    new: Definition,
    environments: str | None,
) -> None:
    """A changed trigger begins anew; one that is enabled goes on with what comes after now: the ticks that it missed
    while it was disabled do not fire. Blobs that changed meanwhile do, as in Azure."""
    now = service.clock()
    state = replace(state_of(service, workspace, schedule_id), environments=environments)
    if new.trigger != old.trigger:
        state = replace(_begin(new.trigger, now, environments), pending=state.pending, last_run=state.last_run)
    elif new.status == ACTIVE and old.status != ACTIVE:
        state = replace(state, last_due=None, settled=now)
        state = replace(state, next_due=upcoming(new.trigger, state, now))
    if new.status != ACTIVE:
        state = replace(state, next_due=None)
    put_state(service, workspace, schedule_id, state)
    if (
        isinstance(new.trigger, Polling)
        and isinstance(old.trigger, Polling)
        and _place(new.trigger) != _place(old.trigger)
    ):
        put_blobs(service, workspace, schedule_id, schedule_polling.look(service, workspace, new.trigger))


def _place(polling: Polling) -> tuple[str, str]:
    return polling.datastore, polling.path


def dto(service: Service, workspace: Workspace, record: Resource) -> dict[str, Any]:
    """A PipelineScheduleEntity, and when it fires (which the client leaves alone)."""
    state = state_of(service, workspace, record.name)
    content = {key: value for key, value in record.body.items() if key != "revision"}
    return {
        **stamped(replace(record, body=content)),
        "Etag": revisions.etag(record),
        "ProvisioningStatus": _PROVISIONED,
        "NextDue": iso(state.next_due),
        "LastDue": iso(state.last_due),
        "LastRunId": state.last_run,
        "LastError": state.last_error,
    }


def summaries(service: Service) -> list[dict[str, Any]]:
    """Every schedule of every workspace, for those who look at the service; times in seconds since the epoch."""
    found = []
    for workspace in service.records.workspaces.list():
        records = all_of(service, workspace)
        # Read later: each record has its state by then.
        known = dict(states(service, workspace))
        for record in records:
            state = known[record.name]
            found.append(
                {
                    "id": record.name,
                    "name": record.body["Name"],
                    "workspace": workspace.name,
                    "active": record.body["EntityStatus"] == ACTIVE,
                    "next_due": state.next_due,
                    "last_due": state.last_due,
                    "last_run": state.last_run,
                    "error": state.last_error["message"] if state.last_error else None,
                }
            )
    return found
