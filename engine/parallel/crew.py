"""The worker processes as the driver sees them: what they do, how long they may, and how they end."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterable
from multiprocessing.connection import wait
from typing import Any

from .batches import Batch
from .worker import Job, work

#: Seconds for ``shutdown()`` and for exit hooks of the script, at the end.
_FAREWELL = 60.0
#: Seconds between the end of a process' pipe and its own.
_MOMENT = 1.0


class Worker:
    """One process, and the mini batch that it has."""

    def __init__(self, number: int, job: Job, crew: Iterable[Worker]) -> None:
        self.number = number
        self.batch: Batch | None = None
        #: The items of the mini batch once they are read.
        self.items: int | None = None
        self.ready = False
        self.began = 0.0
        self.deadline: float | None = None
        self.connection, theirs = multiprocessing.Pipe()
        others = [self.connection, *(worker.connection for worker in crew)]
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=work, args=(number, job, theirs, others))
        self._process.start()
        theirs.close()

    @property
    def handles(self) -> tuple[Any, ...]:
        """What :func:`multiprocessing.connection.wait` waits for."""
        return self.connection, self._process.sentinel

    def give(self, batch: Batch, timeout: float) -> None:
        """Hands over a mini batch, which may take so many seconds to be read."""
        self.batch, self.items, self.began = batch, None, time.monotonic()
        self.deadline = self.began + timeout
        try:
            self.connection.send(batch)
        except OSError:
            # The process is gone, which shows when it is waited for.
            self.deadline = None

    def read(self, items: int, timeout: float) -> None:
        """The mini batch has so many items, and ``run()`` so many seconds for them."""
        self.items, self.deadline = items, time.monotonic() + timeout

    def told(self) -> list[tuple[Any, ...]]:
        """What the process has said since the last time; ``("ended", exit code)`` is the last of all."""
        found: list[tuple[Any, ...]] = []
        # Asked first: what a process says before its end is in the pipe by then.
        alive = self._process.is_alive()
        try:
            while self.connection.poll():
                found.append(self.connection.recv())
        except (EOFError, OSError):
            self._process.join(_MOMENT)
            alive = False
        if not alive:
            found.append(("ended", self.end()))
        return found

    def end(self) -> int:
        """Kills the process and what it has started. Returns its exit code, negative for a signal."""
        if self._process.is_alive():
            self._process.kill()
        # Nothing may be left of its group, or it had not come so far as to make one.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        self.connection.close()
        return self._process.exitcode or 0

    def dismiss(self) -> None:
        """Tells the process that there is no more to do."""
        try:
            self.connection.send(None)
        except OSError:
            return

    def leave(self, deadline: float) -> bool:
        """Waits for the end of a dismissed process; False when it had to be killed."""
        self._process.join(max(0.0, deadline - time.monotonic()))
        in_time = not self._process.is_alive()
        self.end()
        return in_time


def listen(workers: list[Worker], timeout: float | None) -> list[Worker]:
    """The workers that have something to say, or have ended, within so many seconds."""
    handles = {handle: worker for worker in workers for handle in worker.handles}
    ready = wait(list(handles), timeout)
    found = {id(handles[item]): handles[item] for item in ready if item in handles}
    return list(found.values())


def dismiss(workers: list[Worker]) -> list[Worker]:
    """Lets all processes end by themselves. Returns those that did not in time and were killed."""
    for worker in workers:
        worker.dismiss()
    deadline = time.monotonic() + _FAREWELL
    return [worker for worker in workers if not worker.leave(deadline)]
