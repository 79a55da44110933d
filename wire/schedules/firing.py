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

import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import EngineError, StateError, StorageError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.schedules import state as states
from amlbridge.wire.schedules.state import Pending, State

log = logging.getLogger(__name__)

#: Properties of a run that a schedule started.
DUE, FIRING = "amlbridge.schedule_due", "amlbridge.schedule_firing"
#: Seconds by which a clock may go back (or a due tick be late) without a word.
TOLERANCE = 5.0


class InterruptedStartError(Exception):
    """A start that could not be done now and is to be done later: the service stops, or the disk is full."""


class Schedules(ABC):
    """The schedules of one SDK: what is the same for both, and what each says of its own."""

    #: The kinds of the records of schedules and of their states.
    kind: str
    state_kind: str

    @abstractmethod
    def active(self, record: Resource) -> bool:
        """Whether a schedule fires."""

    @abstractmethod
    def label(self, record: Resource) -> str:
        """What a schedule is called in the log."""

    @abstractmethod
    def upcoming(self, record: Resource, state: State, now: float) -> float | None:
        """When a schedule is due next, strictly after ``now`` and after the tick that fired last; None: never."""

    @abstractmethod
    def submit(self, service: Service, workspace: Workspace, record: Resource, state: State, pending: Pending) -> str:
        """Starts the run of a tick, which gets :func:`marks` among its properties; returns its id.

        Raises :class:`ServiceError` and :class:`~amlbridge.engine.errors.EngineError` when it cannot be started.
        """

    @abstractmethod
    def started(self, service: Service, workspace: Workspace, record: Resource, pending: Pending) -> str | None:
        """The run that was started for a tick already, or None."""

    def looks(self, record: Resource) -> bool:
        """Whether a tick is a look (:meth:`look`) that may start runs, rather than the start of one."""
        return False

    def look(self, service: Service, workspace: Workspace, record: Resource, due: float) -> None:
        """Looks whether something is to be started, for schedules that do."""
        raise NotImplementedError

    # -- the same for all ----------------------------------------------------------------------------------------------

    def states(self, service: Service, workspace: Workspace) -> Iterator[tuple[str, State]]:
        """The id and the state of every schedule of a workspace."""
        return states.states(service, workspace, self.state_kind)

    def state_of(self, service: Service, workspace: Workspace, schedule_id: str) -> State:
        """Where a schedule stands."""
        return states.state_of(service, workspace, self.state_kind, schedule_id)

    def find_state(self, service: Service, workspace: Workspace, schedule_id: str) -> State | None:
        """The same; None when there is no such schedule."""
        return states.find_state(service, workspace, self.state_kind, schedule_id)

    def put_state(self, service: Service, workspace: Workspace, schedule_id: str, state: State) -> None:
        """Records where a schedule stands."""
        states.put_state(service, workspace, self.state_kind, schedule_id, state)

    def attend(self, service: Service, workspace: Workspace, schedule_id: str) -> None:
        """Starts what a schedule is to start now, if anything. Raises :class:`InterruptedStartError`, and
        :class:`~amlbridge.engine.errors.NotFoundError` when it was deleted meanwhile."""
        record = service.records.resources.get(workspace.id, self.kind, schedule_id)
        state = self.state_of(service, workspace, schedule_id)
        if state.pending is not None:
            self._resume(service, workspace, record, state.pending)
        due = self._take(service, workspace, schedule_id)
        if due is None:
            return
        if self.looks(record):
            self.look(service, workspace, record, due)
            return
        pending = self.state_of(service, workspace, schedule_id).pending
        assert pending is not None, "the tick was recorded with its run"
        self.start(service, workspace, record, pending)

    def _take(self, service: Service, workspace: Workspace, schedule_id: str) -> float | None:
        """Moves a schedule that is due on to its next tick; returns the tick that is to fire."""
        now = service.clock()
        with service.records.database.write():
            record = service.records.resources.get(workspace.id, self.kind, schedule_id)
            state = self.state_of(service, workspace, schedule_id)
            if not self.active(record) or state.next_due is None:
                return None
            label = self.label(record)
            if state.next_due > now:
                if now < state.settled - TOLERANCE:
                    log.warning("%s: the clock went back by %.0f s", label, state.settled - now)
                    self._move_on(service, workspace, record, state, now)
                return None
            due, pending = state.next_due, None
            if not self.looks(record):
                pending = Pending(due, uuid.uuid4().hex)
                if now - due > TOLERANCE:
                    log.info("%s: due %s, %.0f s ago; what was missed since runs once", label, iso(due), now - due)
            self._move_on(service, workspace, record, replace(state, last_due=due, pending=pending), now)
        return due

    def _move_on(self, service: Service, workspace: Workspace, record: Resource, state: State, now: float) -> None:
        due = self.upcoming(record, state, now)
        self.put_state(service, workspace, record.name, replace(state, next_due=due, settled=now))

    def start(self, service: Service, workspace: Workspace, record: Resource, pending: Pending) -> str | None:
        """Starts the run of a tick that was recorded as pending, and records what came of it; returns its id, or None
        when it could not be started. Raises :class:`InterruptedStartError`."""
        try:
            state = self.state_of(service, workspace, record.name)
            run_id = self.submit(service, workspace, record, state, pending)
        except (StateError, StorageError) as problem:
            raise InterruptedStartError(f"{self.label(record)}: {problem}") from problem
        except (ServiceError, EngineError) as problem:
            self.failed(service, workspace, record, pending.due, str(problem))
            return None
        self._started(service, workspace, record, pending, run_id)
        return run_id

    def _resume(self, service: Service, workspace: Workspace, record: Resource, pending: Pending) -> None:
        """Ends what a killed service had begun."""
        run_id = self.started(service, workspace, record, pending)
        if run_id is not None:
            self._started(service, workspace, record, pending, run_id)
            return
        log.info("%s: the run of %s was not started before the service ended", self.label(record), iso(pending.due))
        self.start(service, workspace, record, pending)

    def _started(self, service: Service, workspace: Workspace, record: Resource, pending: Pending, run_id: str) -> None:
        state = self._settle(service, workspace, record.name, last_run=run_id, last_error=None)
        what = f" ({pending.blob} changed)" if pending.blob else ""
        label, due, following = self.label(record), iso(pending.due), iso(state.next_due) or "never"
        log.info("%s: fired for %s%s, run %s; next due %s", label, due, what, run_id, following)

    def failed(self, service: Service, workspace: Workspace, record: Resource, due: float, message: str) -> None:
        """Records why a tick started no run."""
        error = {"time": iso(service.clock()), "due": iso(due), "message": message}
        state = self._settle(service, workspace, record.name, last_error=error)
        following = iso(state.next_due) or "never"
        log.error("%s: no run for %s: %s; next due %s", self.label(record), iso(due), message, following)

    def give_up(self, service: Service, workspace: Workspace, schedule_id: str, problem: Exception) -> None:
        """Records that a start failed by a mistake of ours; the schedule goes on with its next tick."""
        record = service.records.resources.get(workspace.id, self.kind, schedule_id)
        state = self.state_of(service, workspace, schedule_id)
        due = state.pending.due if state.pending else state.last_due
        message = f"a mistake of amlbridge, see its log: {type(problem).__name__}: {problem}"
        self.failed(service, workspace, record, service.clock() if due is None else due, message)

    def _settle(self, service: Service, workspace: Workspace, schedule_id: str, **outcome: Any) -> State:
        with service.records.database.write():
            state = replace(self.state_of(service, workspace, schedule_id), pending=None, **outcome)
            self.put_state(service, workspace, schedule_id, state)
        return state


def marks(pending: Pending) -> dict[str, str]:
    """The properties by which a run is known as that of a tick."""
    return {DUE: str(iso(pending.due)), FIRING: pending.firing}
