"""Follows the runs that a script starts: a line for each change, a table at the end."""

from __future__ import annotations

import http.client
import sys
import threading
from typing import Any
from urllib.parse import urlencode

from amlbridge.cli.output import duration, say
from amlbridge.cli.run_table import FINAL, first_line, show_run
from amlbridge.server import lifecycle
from amlbridge.server.home import Home

_INTERVAL = 0.5


class Progress:
    """Runs created at ``since`` (seconds since the epoch) or later, whichever process of this workspace created them.

    ``wanted`` None: progress lines only when standard error is a terminal.
    """

    def __init__(self, home: Home, address: lifecycle.Address, wanted: bool | None, since: float) -> None:
        self._address = address
        self._since = since
        self._wanted = sys.stderr.isatty() if wanted is None else wanted
        self._token = lifecycle.token(home)
        self._told: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to print progress, if that is wanted."""
        if self._wanted:
            self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the progress lines."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def show_runs(self) -> None:
        """The table of each run, to standard error."""
        for run in self._runs() or []:
            print(file=sys.stderr)
            show_run(run, err=True)
            if run["status"] not in FINAL:
                say(f"this run goes on in the service; `amlbridge status {run['id']}` shows it")

    def _follow(self) -> None:
        while not self._ended.wait(_INTERVAL):
            for run in self._runs() or []:
                self._tell(run, run["kind"])
                for step in run["steps"]:
                    self._tell(step, "step")

    def _tell(self, item: dict[str, Any], kind: str) -> None:
        status = item["status"]
        if self._told.get(item["id"]) == status or status in ("NotStarted", "Queued"):
            return
        self._told[item["id"]] = status
        parts = [f"{kind} {item['name']}", status]
        if status in FINAL:
            parts += [duration(item["started"], item["ended"]), "reused" if item["reused"] else ""]
            parts.append(first_line(item["error"]))
        say(" · ".join(part for part in parts if part))

    def _runs(self) -> list[dict[str, Any]] | None:
        """None when the service does not answer: the guard's watch tells that already."""
        try:
            answer = lifecycle.get_json(
                self._address, f"/amlbridge/runs?{urlencode({'since': self._since})}", token=self._token
            )
        except (OSError, LookupError, ValueError, http.client.HTTPException):
            return None
        runs: list[dict[str, Any]] = answer["runs"]
        return runs
