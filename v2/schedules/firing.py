"""What a schedule of jobs submits when it is due (:mod:`amlbridge.wire.schedules.firing`).

Azure names these jobs ``<schedule>-YYYYMMDDThhmmssZ`` by the tick in UTC; where that name is taken, a number follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import count

from amlbridge.engine.errors import ConflictError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.jobs import submission
from amlbridge.v2.schedules import definitions, records
from amlbridge.wire.context import Service
from amlbridge.wire.identity import TENANT, USER, Identity
from amlbridge.wire.schedules.firing import FIRING, Schedules, marks
from amlbridge.wire.schedules.state import Pending, State

#: The property of a job with the name of the schedule that submitted it; lists of jobs look for it.
SCHEDULE = "azureml.scheduleid"


class JobSchedules(Schedules):
    """The schedules of jobs."""

    kind, state_kind = records.KIND, records.STATE_KIND

    def active(self, record: Resource) -> bool:
        """Whether a schedule fires."""
        return bool(record.body["isEnabled"])

    def label(self, record: Resource) -> str:
        """What a schedule is called in the log."""
        return f"schedule {record.name}"

    def upcoming(self, record: Resource, state: State, now: float) -> float | None:
        """When a schedule is due next."""
        return records.upcoming(definitions.trigger_of(record.body), state, now)

    def submit(self, service: Service, workspace: Workspace, record: Resource, state: State, pending: Pending) -> str:
        """Submits the job of a tick."""
        identity = Identity(USER, TENANT, environments=state.environments) if state.environments else None
        job = record.body["action"]["jobDefinition"]
        for name in _names(record.name, pending.due):
            if service.records.runs.find(workspace.id, name) is not None:
                continue
            filled = definitions.filled(job, name, pending.due)
            given = {key: item for key, item in (filled.get("properties") or {}).items() if item is not None}
            filled["properties"] = {**given, **marks(pending), SCHEDULE: record.name}
            filled["displayName"] = name
            try:
                submission.submit(service, workspace, name, filled, identity)
            except ConflictError:
                # Somebody else has taken the name; else the conflict is another one.
                if service.records.runs.find(workspace.id, name) is None:
                    raise
                continue
            return name
        raise AssertionError("there are names without end")

    def started(self, service: Service, workspace: Workspace, record: Resource, pending: Pending) -> str | None:
        """The job that was submitted for a tick already."""
        for name in _names(record.name, pending.due):
            run = service.records.runs.find(workspace.id, name)
            if run is None:
                return None
            if run.properties.get(FIRING) == pending.firing:
                return name
        raise AssertionError("there are names without end")


#: They have no state of their own.
SCHEDULES = JobSchedules()


def _names(schedule: str, due: float) -> Iterator[str]:
    name = f"{schedule}-{datetime.fromtimestamp(due, timezone.utc):%Y%m%dT%H%M%SZ}"
    yield name
    yield from (f"{name}-{number}" for number in count(2))
