"""Lets a client that follows a pipeline see what its steps print.

The v1 client asks for a step's status once a second and reads the log only while the step runs, and it looks at steps
only while the pipeline runs: what a step prints in its last second is never shown, and of a quick step nothing at all.
On Azure that hardly matters, because steps take seconds to finalise after their script has ended. So we tell an end a
moment late: to the first questions after it the answer is "still running", until the log has been read. The bounds are
tight, so that who only waits for the end hears of it one question later, and who asks again later gets the plain truth.

A script run is followed through its details: the client reads the log after each question for them, but it begins only
if the first answer says that the run is under way. So an end is told late to the first question for the details, unless
the client has already heard of it otherwise (``run.get_status``). Answers to changes of the run do not tell it either:
``Experiment.submit`` ends with one, and the client takes from it that it need not ask for the status any more.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence

from amlbridge.engine.clock import Clock
from amlbridge.engine.records.runs import Run
from amlbridge.wire.context import Service

#: Who read a log of a pipeline at most this long ago (seconds) follows it; the client asks once a second.
FOLLOWS = 3.0
#: Without a follower, only an end at most this long ago (seconds) is told late.
RECENT = 10.0
#: How often the end of a step is told late. The client asks once when it lists the steps and once when it turns to one.
STEP_HOLDS = 2
_MOST = 2000
_LOG = re.compile(r"ExperimentRun/dcid\.([^/]+)/(?:azureml-logs|user_logs)/")


class LogReads:
    """Who has read which log, and whom we have kept waiting. In memory: a restart forgets it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._read: OrderedDict[str, float] = OrderedDict()
        self._holds: Counter[str] = Counter()
        self._told: OrderedDict[str, float] = OrderedDict()
        self._asked: OrderedDict[str, float] = OrderedDict()

    def note_blob(self, name: str) -> None:
        """A client has read a blob of the artifact container."""
        found = _LOG.match(name)
        if found:
            with self._lock:
                _note(self._read, found[1], self._clock())

    def hold_step(self, step: Run, siblings: Sequence[Run]) -> bool:
        """Whether to answer that a step still runs. ``siblings`` are all steps of its pipeline run."""
        with self._lock:
            if not self._unread(step) or step.parent_id in self._told or not self._useful(step, siblings):
                return False
            return self._hold(step.id, STEP_HOLDS)

    def hold_pipeline(self, pipeline: Run, steps: Sequence[Run]) -> bool:
        """Whether to answer that a pipeline run still runs. After the first no, all its ends are told as they are."""
        with self._lock:
            if not pipeline.finished or pipeline.id in self._told:
                return False
            if any(self._unread(step) for step in steps) and self._useful(pipeline, steps):
                most = len(steps) + STEP_HOLDS if self._followed(steps) else 1
                if self._hold(pipeline.id, most):
                    return True
            _note(self._told, pipeline.id, self._clock())
            return False

    def hold_script(self, run: Run) -> bool:
        """Whether to answer a question for the details of a script run that it is still being finalised."""
        with self._lock:
            first = run.id not in self._asked and run.id not in self._told
            _note(self._asked, run.id, self._clock())
            return first and self._unread(run) and self._clock() - (run.ended or 0.0) <= RECENT

    def is_untold(self, run: Run) -> bool:
        """Whether a script run has ended just now, and no client that asked for it has heard of that."""
        with self._lock:
            known = run.id in self._asked or run.id in self._told
            return not known and self._unread(run) and self._clock() - (run.ended or 0.0) <= RECENT

    def note_told(self, runs: Iterable[Run]) -> None:
        """A client has seen these runs: the ends among them are known."""
        with self._lock:
            for run in runs:
                if run.finished:
                    _note(self._told, run.id, self._clock())

    def _hold(self, run_id: str, most: int) -> bool:
        if len(self._holds) > _MOST:
            self._holds.clear()
        self._holds[run_id] += 1
        return self._holds[run_id] <= most

    def _unread(self, step: Run) -> bool:
        ended = step.finished and step.started is not None and step.ended is not None
        return ended and self._read.get(step.id, 0.0) < (step.ended or 0.0)

    def _followed(self, steps: Sequence[Run]) -> bool:
        now = self._clock()
        return any(step.id in self._read and now - self._read[step.id] <= FOLLOWS for step in steps)

    def _useful(self, run: Run, steps: Sequence[Run]) -> bool:
        return self._followed(steps) or self._clock() - (run.ended or 0.0) <= RECENT


def _note(table: OrderedDict[str, float], key: str, now: float) -> None:
    table[key] = now
    table.move_to_end(key)
    while len(table) > _MOST:
        table.popitem(last=False)


def log_reads(service: Service) -> LogReads:
    """The one of this service."""
    return service.part("log_reads", lambda: LogReads(service.clock))
