"""Notices when the process of a local run is gone without a word: it was killed, or its session ended.

That process (:mod:`amlbridge.v1.local_run`) holds a lock (flock) on the folder of the run's log for as long as it
lives. The kernel releases it however the process ends, so that there is no process id to be taken for another one's,
also after a restart of the service.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine import failure
from amlbridge.engine.errors import EngineError, StorageError
from amlbridge.engine.launch.processes import kill_leftovers
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.wire import run_events
from amlbridge.wire.context import Service
from amlbridge.wire.run_types import INTERACTIVE

log = logging.getLogger(__name__)

#: Seconds between two looks.
PAUSE = 1.0
#: Seconds in which a client has to start a run that it has submitted.
PATIENCE = 600.0
_EVENT = "Microsoft.MachineLearning.Run."


def _held(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def finish(service: Service, run: Run, error: Mapping[str, Any] | None, canceled: bool = False) -> None:
    """Records the end of a local run, and removes what was made for it."""
    workspace = service.records.workspaces.get(run.workspace_id)
    name = "Canceled" if canceled else "Failed" if error is not None else "Completed"
    if name == "Failed":
        data = {"RunId": run.id, "ErrorResponse": {"error": error}}
        run_events.apply(service, workspace, {"name": f"{_EVENT}Error", "data": data})
    run_events.apply(service, workspace, {"name": f"{_EVENT}{name}", "data": {"RunId": run.id}})
    scratch = Path(run.execution["scratch"])
    if scratch.exists():
        shutil.rmtree(scratch)


def is_local(run: Run) -> bool:
    """Whether a client runs it on this machine."""
    return run.kind == INTERACTIVE and "places" in run.execution


class LocalRuns:
    """Watches the local runs that are under way, from a thread that lives only while there are some."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._runs: dict[tuple[str, str], float] = {}
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Goes on with the runs of an earlier life of the service."""
        for run in self._service.records.runs.unfinished():
            if is_local(run):
                self.watch(run.workspace_id, run.id)

    def stop(self) -> None:
        """Ends the thread; the runs go on."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(10)

    def watch(self, workspace_id: str, run_id: str) -> None:
        """Looks after a run from now on."""
        with self._lock:
            self._runs[workspace_id, run_id] = time.monotonic()
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._look, name="amlbridge-local-runs", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while not self._stopping.wait(PAUSE):
            with self._lock:
                if not self._runs:
                    self._thread = None
                    return
                watched = dict(self._runs)
            for key, since in watched.items():
                try:
                    done = self._ended(key, since)
                except StorageError as error:
                    # A full disk: it is tried again until there is room.
                    log.error("run %s: %s", key[1], error)
                    continue
                except (EngineError, OSError):
                    log.exception("the local run %s is no longer watched", key[1])
                    done = True
                if done:
                    with self._lock:
                        self._runs.pop(key, None)

    def _ended(self, key: tuple[str, str], since: float) -> bool:
        """Whether there is no more to watch; a run whose process is gone is ended."""
        run = self._service.records.runs.find(*key)
        if run is None or run.finished:
            return True
        if run.status == status.PREPARING:
            if time.monotonic() - since < PATIENCE:
                return False
            message = f"the client that submitted this run did not start it within {PATIENCE / 60:g} minutes"
        elif not run.execution.get("locked"):
            return True  # nothing tells
        elif _held(Path(run.execution["log"]).parent):
            return False
        else:
            # Its process tells of the end before it ends.
            run = self._service.records.runs.get(*key)
            if run.finished:
                return True
            kill_leftovers([run.id])
            message = (
                "the process that ran this script was ended from outside (it was killed, or its session or container "
                f"ended): submit it again.\n{failure.last_words(Path(run.execution['log']))}".rstrip()
            )
        log.info("local run %s: %s", run.id, message.partition("\n")[0])
        finish(self._service, run, {"code": "UserError", "message": message}, run.status == status.CANCEL_REQUESTED)
        return True


def of(service: Service) -> LocalRuns:
    """The one of a service."""
    found: LocalRuns = service.part("local_runs", lambda: LocalRuns(service))
    return found
