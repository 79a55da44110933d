"""Schedules as they are kept: what the user said, and beside it where each stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.schedules.cron import Cron
from amlbridge.v2.assets.asset import system_data
from amlbridge.v2.schedules import definitions
from amlbridge.v2.schedules.definitions import Definition
from amlbridge.v2.schedules.triggers import Trigger
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, conflict
from amlbridge.wire.schedules import state as states
from amlbridge.wire.schedules.state import State

log = logging.getLogger(__name__)

KIND, STATE_KIND = "job_schedule", "job_schedule_state"


def find(service: Service, workspace: Workspace, name: str) -> Resource | None:
    """The schedule of this name, or None."""
    return service.records.resources.find(workspace.id, KIND, name)


def all_of(service: Service, workspace: Workspace) -> list[Resource]:
    """Every schedule of a workspace, the oldest first."""
    return service.records.resources.list(workspace.id, KIND)


def upcoming(trigger: Trigger, state: State, now: float) -> float | None:
    """When a schedule is due next, strictly after ``now`` and after the tick that fired last: none fires twice, even
    when the clock has gone back."""
    return trigger.next_after(state.made, now if state.last_due is None else max(now, state.last_due))


def put(
    service: Service, workspace: Workspace, name: str, properties: Mapping[str, Any], environments: str | None
) -> tuple[Resource, bool]:
    """Creates or replaces a schedule; returns it and whether it is new. Raises a 400 ServiceError.

    A new trigger begins anew; enabling goes on with what comes after now: ticks that were missed while the schedule
    was disabled do not fire.
    """
    definition = definitions.read(service, workspace, properties)
    if definition.enabled:
        definitions.check(service, workspace, name, definition.job)
    ticks = definition.trigger.ticks
    if isinstance(ticks, Cron) and ticks.names_dates:
        log.warning("schedule %s: %s: days and months count here; Azure reads them as *", name, ticks.expression)
    with service.records.database.write():
        old = find(service, workspace, name)
        state = _state(service, workspace, old, name, definition)
        state = replace(state, environments=environments)
        record = service.records.resources.put(workspace.id, KIND, name, definition.document)
        states.put_state(service, workspace, STATE_KIND, name, state)
    return record, old is None


def _state(service: Service, workspace: Workspace, old: Resource | None, name: str, new: Definition) -> State:
    now = service.clock()
    known = states.find_state(service, workspace, STATE_KIND, name) if old is not None else None
    if old is None or known is None or definitions.trigger_of(old.body) != new.trigger:
        state = State(int(now), new.trigger.first(int(now)), now)
        if known is not None:
            # A tick of the old trigger that is being started now is not to be lost.
            state = replace(state, pending=known.pending, last_run=known.last_run)
    elif new.enabled and not old.body["isEnabled"]:
        state = replace(known, last_due=None, settled=now)
        state = replace(state, next_due=upcoming(new.trigger, state, now))
    else:
        state = known
    if not new.enabled:
        return replace(state, next_due=None)
    if state.next_due is None:
        raise bad_request("trigger: is never due: its end time has passed, or no tick comes before it", "NeverDue")
    return state


def delete(service: Service, workspace: Workspace, name: str) -> bool:
    """Forgets a schedule; its jobs stay. Returns whether it was there. Raises a 409 ServiceError for an enabled one,
    as Azure does."""
    with service.records.database.write():
        record = find(service, workspace, name)
        if record is None:
            return False
        if record.body["isEnabled"]:
            raise conflict(
                f"the schedule {name} is enabled: a schedule must be disabled before it can be deleted "
                f"(ml_client.schedules.begin_disable({name!r}).result())"
            )
        for kind in (KIND, STATE_KIND):
            service.records.resources.delete(workspace.id, kind, name)
    return True


def dto(workspace: Workspace, record: Resource) -> dict[str, Any]:
    """A schedule as the client reads it."""
    return {
        "id": f"{workspace.scope}/schedules/{record.name}",
        "name": record.name,
        "type": "Microsoft.MachineLearningServices/workspaces/schedules",
        "systemData": system_data(record.created, record.modified),
        "properties": {**record.body, "provisioningState": "Succeeded"},
    }


def summaries(service: Service) -> list[dict[str, Any]]:
    """Every schedule of every workspace, for those who look at the service; times in seconds since the epoch."""
    found = []
    for workspace in service.records.workspaces.list():
        for record in all_of(service, workspace):
            state = states.find_state(service, workspace, STATE_KIND, record.name)
            if state is None:
                # Deleted between the two looks.
                continue
            found.append(
                {
                    "id": record.name,
                    "name": record.body["displayName"] or record.name,
                    "workspace": workspace.name,
                    "active": record.body["isEnabled"],
                    "next_due": state.next_due,
                    "last_due": state.last_due,
                    "last_run": state.last_run,
                    "error": state.last_error["message"] if state.last_error else None,
                }
            )
    return found
