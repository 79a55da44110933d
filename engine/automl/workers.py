"""Runs functions in forked processes, several at once, each with a time limit.

Forked, because the copies share the prepared data and the imported libraries. That is safe as long as this process
itself never starts threads of OpenMP: it never fits a model. A worker ends with its parent.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

_DEATH_SIGNAL = 1
#: Why a trial ended that somebody has cancelled.
CANCELLED = "it was cancelled"
#: Seconds between two looks for trials that somebody has cancelled.
_LOOK = 0.5


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass
class Outcome:
    """How a worker ended: with a ``value``, or with an ``error`` (code, message)."""

    index: int
    value: Any = None
    error: dict[str, str] | None = None
    seconds: float = 0.0


@dataclass
class _Worker:
    process: Any
    result: Path
    began: float
    limit: float | None
    why_killed: str | None = None


class Workers:
    """Workers whose results lie below ``folder``; ``threads`` of native libraries for each of them. A file in the
    folder ``cancelled`` with the number of a worker as its name ends it."""

    def __init__(self, folder: Path, threads: int, cancelled: Path | None = None) -> None:
        self._folder = folder
        self._cancelled = cancelled
        self._threads = threads
        self._context = multiprocessing.get_context("fork")
        self._running: dict[int, _Worker] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, index: int, work: Callable[[], Any], limit: float | None = None) -> None:
        """Begins to call ``work`` in a process of its own; ``limit`` in seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        result = self._folder / f"{index}.result"
        sys.stdout.flush()
        sys.stderr.flush()
        process = self._context.Process(target=_run, args=(work, result, self._threads, os.getpid()))
        process.start()
        self._running[index] = _Worker(process, result, time.monotonic(), limit)

    def wait(self, until: float | None) -> list[Outcome]:
        """Those that have ended, in the order of their numbers, as soon as one has, or at ``until`` (monotonic)."""
        while True:
            self._wait_once(until)
            ended = [index for index in sorted(self._running) if not self._running[index].process.is_alive()]
            if ended or not self._running or (until is not None and time.monotonic() >= until):
                return [self._ended(index) for index in ended]

    def _wait_once(self, until: float | None) -> None:
        deadlines = [worker.began + worker.limit for worker in self._running.values() if worker.limit is not None]
        deadline = min([*deadlines, *([until] if until is not None else [])], default=None)
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if self._cancelled is not None:
            left = _LOOK if left is None else min(left, _LOOK)
        ready = multiprocessing.connection.wait([item.process.sentinel for item in self._running.values()], left)
        now = time.monotonic()
        for index, worker in self._running.items():
            if worker.process.sentinel in ready:
                # It has closed its files, which comes before its end.
                worker.process.join()
            elif worker.limit is not None and now >= worker.began + worker.limit and worker.process.is_alive():
                self._end(worker, f"it took longer than {worker.limit:g} s and was ended")
            elif self._cancelled is not None and (self._cancelled / str(index)).exists():
                self._end(worker, CANCELLED)

    def end_all(self, why: str) -> list[Outcome]:
        """Ends those that still run."""
        for worker in self._running.values():
            self._end(worker, why)
        return [self._ended(index) for index in sorted(self._running)]

    @staticmethod
    def _end(worker: _Worker, why: str) -> None:
        worker.why_killed = why
        worker.process.kill()
        worker.process.join()

    def _ended(self, index: int) -> Outcome:
        worker = self._running.pop(index)
        worker.process.join()
        outcome = Outcome(index, seconds=time.monotonic() - worker.began)
        code = worker.process.exitcode
        worker.process.close()
        if worker.result.is_file():
            with worker.result.open("rb") as file:
                outcome.value, outcome.error = pickle.load(file)  # noqa: S301 - written by our own worker
            worker.result.unlink()
        elif worker.why_killed is not None:
            outcome.error = {"code": "Canceled", "message": worker.why_killed}
        else:
            died = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            outcome.error = {"code": "UserError", "message": f"its process ended {died}; it may have run out of memory"}
        return outcome


def _run(work: Callable[[], Any], result: Path, threads: int, parent: int) -> None:
    """In the worker: leaves (value, error) in a file that appears whole or not at all."""
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    warnings.simplefilter("ignore")
    content: tuple[Any, dict[str, str] | None]
    try:
        with threadpool_limits(threads):
            content = (work(), None)
    except Exception as error:  # noqa: BLE001 - a trial that fails is told of in its run; the search goes on
        message = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
        content = (None, {"code": "UserError", "message": message.strip()})
    aside = result.with_suffix(".part")
    with aside.open("wb") as file:
        pickle.dump(content, file)
    aside.replace(result)
    sys.stdout.flush()
    # Without the clean-up of an interpreter that is not this process's own.
    os._exit(0)
