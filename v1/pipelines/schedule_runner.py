"""The thread that waits until a schedule is due.

It sleeps until the next due time and is woken when a schedule changes. Time that passes while the machine sleeps, and
a clock that is set, wake nobody: so it compares the clock with the time it waits for now and then, which reads no
record. Without an active schedule it sleeps for good.
"""

from __future__ import annotations

import logging
import threading

from amlbridge.v1.pipelines import schedule_firing, schedule_records
from amlbridge.v1.pipelines.schedule_firing import InterruptedStartError
from amlbridge.wire.context import Service

log = logging.getLogger(__name__)

PART = "schedule_runner"
#: Seconds of sleep between two looks at the clock, and before something that could not be done is tried again.
LONGEST_SLEEP = 30.0
#: Seconds that the clock may go back by without being noticed.
_TOLERANCE = 5.0


class ScheduleRunner:
    """Starts the runs of the schedules of one service, on a thread of its own."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._changes = threading.Condition()
        self._changed = False
        self._stopping = False
        self._thread: threading.Thread | None = None

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
            for schedule_id, state in list(schedule_records.states(self._service, workspace)):
                if self._stopping:
                    return None
                now = self._service.clock()
                waits = state.pending is None and (state.next_due is None or state.next_due > now)
                if not waits or now < state.settled - _TOLERANCE:
                    try:
                        schedule_firing.attend(self._service, workspace, schedule_id)
                    except InterruptedStartError as problem:
                        log.warning("%s; it is tried again", problem)
                        looks.append(now + LONGEST_SLEEP)
                    except Exception as problem:
                        log.exception("the schedule %s could not be attended to", schedule_id)
                        schedule_firing.give_up(self._service, workspace, schedule_id, problem)
                        looks.append(now + LONGEST_SLEEP)
                        continue
                due = schedule_records.state_of(self._service, workspace, schedule_id).next_due
                if due is not None:
                    looks.append(due)
        return min(looks, default=None)

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
                if due is not None and (now >= due or now < looked - _TOLERANCE):
                    return
                self._changes.wait(None if due is None else min(due - now, LONGEST_SLEEP))


def of(service: Service) -> ScheduleRunner:
    """The runner of a service."""
    return service.part(PART, lambda: ScheduleRunner(service))
