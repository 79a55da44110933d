"""The thread that waits until a schedule is due.

It sleeps until the next due time and is woken when a schedule changes. Time that passes while the machine sleeps, and
a clock that is set, wake nobody: so it compares the clock with the time it waits for now and then, which reads no
record. Without an active schedule it sleeps for good.
"""

from __future__ import annotations

import logging
import threading

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.schedules.firing import TOLERANCE, InterruptedStartError, Schedules

log = logging.getLogger(__name__)

PART = "schedule_runner"
#: Seconds of sleep between two looks at the clock, and before something that could not be done is tried again.
LONGEST_SLEEP = 30.0


class ScheduleRunner:
    """Starts the runs of the schedules of one service, on a thread of its own."""

    def __init__(self, service: Service, *schedules: Schedules) -> None:
        self._service = service
        self._schedules = list(schedules)
        self._changes = threading.Condition()
        self._changed = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def add(self, schedules: Schedules) -> None:
        """Attends to these schedules, too. To be called before the start."""
        self._schedules.append(schedules)

    def start(self) -> None:
        """Starts the thread. What was due while no service ran is started first."""
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after the start that it is at."""
        with self._changes:
            self._stopping = True
            self._changes.notify()
        if self._thread is not None:
            self._thread.join(10)

    def wake(self) -> None:
        """To be called when schedules were made or changed."""
        with self._changes:
            self._changed = True
            self._changes.notify()

    def run_due(self) -> float | None:
        """Starts whatever is due. Returns when to look again (seconds since the epoch), None when nothing is to come.
        A schedule that makes trouble does not stop the others."""
        looks: list[float] = []
        for workspace in self._service.records.workspaces.list():
            for schedules in self._schedules:
                for schedule_id, _ in list(schedules.states(self._service, workspace)):
                    if self._stopping:
                        return None
                    looks += self._attend(workspace, schedules, schedule_id)
        return min(looks, default=None)

    def _attend(self, workspace: Workspace, schedules: Schedules, schedule_id: str) -> list[float]:
        """Attends to one schedule; returns the times to look at it again: none when it was deleted meanwhile."""
        now = self._service.clock()
        looks = []
        state = schedules.find_state(self._service, workspace, schedule_id)
        if state is None:
            return []
        waits = state.pending is None and (state.next_due is None or state.next_due > now)
        if not waits or now < state.settled - TOLERANCE:
            try:
                schedules.attend(self._service, workspace, schedule_id)
            except InterruptedStartError as problem:
                log.warning("%s; it is tried again", problem)
                looks.append(now + LONGEST_SLEEP)
            except Exception as problem:
                if schedules.find_state(self._service, workspace, schedule_id) is None:
                    return []
                log.exception("the schedule %s could not be attended to", schedule_id)
                schedules.give_up(self._service, workspace, schedule_id, problem)
                return [now + LONGEST_SLEEP]
        state = schedules.find_state(self._service, workspace, schedule_id)
        return [*looks, state.next_due] if state is not None and state.next_due is not None else looks

    def _run(self) -> None:
        while not self._stopping:
            with self._changes:
                self._changed = False
            looked = self._service.clock()
            try:
                due = self.run_due()
            except Exception:
                log.exception("the schedules could not be read; they are read again")
                due = self._service.clock() + LONGEST_SLEEP
            self._sleep(due, looked)

    def _sleep(self, due: float | None, looked: float) -> None:
        """Until ``due``, a change, the end, or a clock that is before ``looked``."""
        with self._changes:
            while not (self._changed or self._stopping):
                now = self._service.clock()
                if due is not None and (now >= due or now < looked - TOLERANCE):
                    return
                self._changes.wait(None if due is None else min(due - now, LONGEST_SLEEP))


def of(service: Service) -> ScheduleRunner:
    """The runner of a service."""
    return service.part(PART, lambda: ScheduleRunner(service))
