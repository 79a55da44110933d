"""Where a schedule stands: when it is due next, which run is being started, what came of the last one.

It is a record of its own: a firing must not look like a change that a user made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service


@dataclass(frozen=True)
class Pending:
    """A run that is being started: recorded before the start, taken away after it. ``blob`` is what changed."""

    due: float
    firing: str
    blob: str | None = None


@dataclass(frozen=True)
class State:
    """Where a schedule stands; times are seconds since the epoch. ``made`` is when its trigger was made or changed,
    ``next_due`` None while it is not active, ``settled`` the clock when ``next_due`` was computed. ``environments`` is
    how the session that made it gets the environments of runs."""

    made: int
    next_due: float | None
    settled: float
    last_due: float | None = None
    pending: Pending | None = None
    last_run: str | None = None
    last_error: dict[str, Any] | None = None
    environments: str | None = None


def state_of(service: Service, workspace: Workspace, kind: str, schedule_id: str) -> State:
    """Where a schedule stands; ``kind`` is that of the states' records."""
    return _state(service.records.resources.get(workspace.id, kind, schedule_id))


def find_state(service: Service, workspace: Workspace, kind: str, schedule_id: str) -> State | None:
    """The same; None when there is no such schedule."""
    record = service.records.resources.find(workspace.id, kind, schedule_id)
    return _state(record) if record is not None else None


def states(service: Service, workspace: Workspace, kind: str) -> Iterator[tuple[str, State]]:
    """The id and the state of every schedule of a workspace."""
    for record in service.records.resources.list(workspace.id, kind):
        yield record.name, _state(record)


def put_state(service: Service, workspace: Workspace, kind: str, schedule_id: str, state: State) -> None:
    """Records where a schedule stands."""
    service.records.resources.put(workspace.id, kind, schedule_id, asdict(state))


def _state(record: Resource) -> State:
    pending = record.body["pending"]
    return State(**{**record.body, "pending": Pending(**pending) if pending else None})
