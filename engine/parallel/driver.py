"""Gives mini batches to workers, counts what fails, and says how the run went."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from . import crew
from .batches import Batch
from .crew import Worker
from .entry import EntryError
from .logs import last_line
from .results import Rows
from .tally import Tally
from .worker import Job

#: Seconds between two lines of progress in the step's log.
_OFTEN = 5.0


class Driver:
    """One parallel run."""

    def __init__(self, job: Job, batches: list[Batch]) -> None:
        self._job = job
        self._settings = job.settings
        self._left = deque(batches)
        self._tries: dict[int, int] = {}
        self._tally = Tally(job.settings, len(batches))
        self._workers: list[Worker] = []
        self._started = self._moved = time.monotonic()
        self._told = 0.0
        self._ran = False
        self._rows = Rows(Path(job.output)) if job.output is not None else None

    def run(self) -> None:
        """Scores everything. Raises EntryError when the run fails; no rows are kept then."""
        count = self._settings.worker_count(os.cpu_count() or 1, self._tally.total)
        say(f"{self._tally.total} mini batches, {count} processes, which print into logs/user")
        try:
            for number in range(count):
                self._workers.append(Worker(number, self._job, self._workers))
            while not self._tally.complete:
                for worker in crew.listen(self._workers, self._patience()):
                    for message in worker.told():
                        self._hear(worker, *message)
                self._check_time()
                self._progress()
            self._tally.check_percent()
            late = crew.dismiss(self._workers)
            self._workers.clear()
            for worker in late:
                say(f"process {worker.number} did not end by itself after its last mini batch and was killed")
            if self._rows is not None:
                self._rows.keep()
        except BaseException:
            for worker in self._workers:
                worker.end()
            if self._rows is not None:
                self._rows.drop()
            raise
        finally:
            self._job.logs.progress(self._tally.text(), force=True)
        say(self._tally.text())

    # -- messages ------------------------------------------------------------------------------------------------------

    def _hear(self, worker: Worker, kind: str, *content: Any) -> None:
        if kind == "ready":
            worker.ready = True
            self._give(worker)
        elif kind == "items":
            self._ran = True
            worker.read(content[0], self._settings.run_invocation_timeout)
        elif kind == "done":
            self._done(worker, *content)
        elif kind == "error":
            self._failed(worker, *content)
            self._give(worker)
        elif kind == "unusable":
            raise EntryError(self._unusable(worker, *content))
        elif kind == "ended":
            self._ended(worker, content[0])

    def _give(self, worker: Worker) -> None:
        if not self._left:
            return
        batch = self._left.popleft()
        worker.give(batch, self._settings.task_overhead_timeout)
        if batch.items is not None:
            self._ran = True
            worker.read(batch.items, self._settings.run_invocation_timeout)

    def _done(self, worker: Worker, text: str, count: int) -> None:
        batch, items = worker.batch, worker.items or 0
        assert batch is not None, "a worker that has a result has a mini batch"
        seconds = time.monotonic() - worker.began
        missing = max(0, items - count)
        worker.batch = worker.deadline = None
        # Before what is to be written down, so that it does not wait meanwhile.
        self._give(worker)
        self._job.logs.batch(worker.number, f"{batch}: {items} items, {count} results, {seconds:.3f} s")
        self._settle(batch, text, items, missing)
        if missing:
            say(f"{batch}: run() returned {count} results for {items} items, so {missing} count as failed")
        self._tally.check(f"{batch}: run() returned {count} results for {items} items")

    def _failed(self, worker: Worker, problem: str) -> None:
        """A try has failed: the mini batch is tried again, before all others, or it is lost."""
        batch, most = worker.batch, self._settings.run_max_try
        assert batch is not None, "a worker that fails has a mini batch"
        number = self._tries[batch.index] = self._tries.get(batch.index, 0) + 1
        say(f"{batch}, try {number} of {most}: {last_line(problem)}", sys.stderr)
        self._job.logs.error(worker.number, f"{batch}, try {number} of {most}", problem)
        self._job.logs.batch(worker.number, f"{batch}, try {number} of {most}: {last_line(problem)}")
        worker.batch = worker.deadline = None
        if number < most:
            self._left.appendleft(batch)
            return
        print(problem.rstrip(), file=sys.stderr, flush=True)
        items = worker.items if worker.items is not None else 1
        self._settle(batch, "", items, items, lost=True)
        self._tally.check(f"{batch}: {last_line(problem)}")

    def _settle(self, batch: Batch, text: str, items: int, failed: int, *, lost: bool = False) -> None:
        self._tally.add(items, failed, lost=lost)
        if self._rows is not None:
            self._rows.add(batch.index, text)
        self._moved = time.monotonic()

    def _unusable(self, worker: Worker, problem: str, sentence: str) -> str:
        self._job.logs.error(worker.number, "init()", problem)
        if sentence:
            return sentence
        print(problem.rstrip(), file=sys.stderr, flush=True)
        name = self._settings.entry_script
        what = f"the entry script {name} failed before its first mini batch" if name else "the model cannot be loaded"
        return f"{what}: {last_line(problem)}"

    def _ended(self, worker: Worker, code: int) -> None:
        """A process is gone. In a mini batch it is replaced, before its first one the script is to blame."""
        self._workers.remove(worker)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if not worker.ready:
            raise EntryError(f"a process of the entry script ended in init() with {how}")
        if worker.batch is not None:
            self._failed(worker, f"the process of the entry script ended with {how}")
        self._replace(worker)

    def _replace(self, worker: Worker) -> None:
        if self._left:
            self._workers.append(Worker(worker.number, self._job, self._workers))

    # -- time ----------------------------------------------------------------------------------------------------------

    def _patience(self) -> float:
        """Seconds until somebody has to look at the time."""
        deadlines = [worker.deadline for worker in self._workers if worker.deadline is not None]
        return max(0.0, min([*deadlines, time.monotonic() + 1.0]) - time.monotonic())

    def _check_time(self) -> None:
        now, settings = time.monotonic(), self._settings
        for worker in list(self._workers):
            if worker.deadline is not None and now >= worker.deadline:
                self._workers.remove(worker)
                worker.end()
                if worker.items is None:
                    problem = f"its data were not read in {settings.task_overhead_timeout:g} s (task_overhead_timeout)"
                else:
                    problem = f"run() took more than {settings.run_invocation_timeout:g} s (run_invocation_timeout)"
                self._failed(worker, problem)
                self._replace(worker)
        limit = settings.progress_update_timeout
        if limit is not None and now - self._moved > limit and not self._tally.complete:
            raise EntryError(f"no mini batch has ended in {limit:g} s (progress_update_timeout)")
        limit = settings.first_task_creation_timeout
        if limit is not None and not self._ran and now - self._started > limit:
            raise EntryError(f"no mini batch has begun in {limit:g} s (first_task_creation_timeout)")

    def _progress(self) -> None:
        self._job.logs.progress(self._tally.text())
        now = time.monotonic()
        if now - max(self._told, self._started) >= _OFTEN:
            self._told = now
            say(self._tally.text())


def say(text: str, stream: Any = None) -> None:
    """A line in the step's log."""
    print(text, file=stream or sys.stdout, flush=True)
