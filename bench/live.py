"""The real service in its own process, and the real v1 client in another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest.mock import patch

import psutil

from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.store import Records
from amlbridge.server import lifecycle
from amlbridge.server.client_environment import PROXY_VARIABLES, UNSET, variables
from amlbridge.server.home import VARIABLE, Home

from .machine import say, wait_until_idle

_PATIENCE = 120.0
_CONFIG = {
    "subscription_id": "00000000-0000-0000-0000-000000000001",
    "resource_group": "bench",
    "workspace_name": "bench",
}


class LiveService:
    """A service on a state folder of its own, as ``amlbridge up`` starts it. ``more``: further variables for it."""

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._more = more or {}
        folder.mkdir(parents=True, exist_ok=True)
        self.home = Home(folder / ".amlbridge")

    def __enter__(self) -> LiveService:
        with patch.dict(os.environ, self._more):
            self.address, _ = lifecycle.start(self.home)
        self.process = psutil.Process(self.address.pid)
        self.records = Records(self.home.records_url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.records.close()
        lifecycle.stop(self.home)
        if error is not None:
            say("  the service's log ends with:\n" + self.home.log.read_text(errors="replace")[-3000:])

    def wait_until_warm(self) -> None:
        """Waits until the warm interpreters have imported everything. Raises RuntimeError when that does not end."""
        if not wait_until_idle(self.process):
            raise RuntimeError("the service was still busy after 60 s")

    def environment(self) -> dict[str, str]:
        """The environment of a client."""
        address = self.address
        ours = variables(self.home, address.http_port, address.https_port, guard_port=address.guard_port)
        kept = {name: value for name, value in os.environ.items() if name not in (*UNSET, *PROXY_VARIABLES)}
        return {**kept, **ours, "HOME": str(self.folder)}

    def wait(self, workspace_id: str, run_id: str) -> list[Run]:
        """Waits for the end of a pipeline run and returns its steps. Raises RuntimeError when it did not complete."""
        deadline = time.monotonic() + _PATIENCE
        while not (run := self.records.runs.get(workspace_id, run_id)).finished:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the pipeline is {run.status} after {_PATIENCE:.0f} s")
            time.sleep(0.02)
        if run.status != "Completed":
            raise RuntimeError(f"the pipeline is {run.status}: {run.error}")
        return self.records.runs.children(workspace_id, run_id)


class Client:
    """The process of :mod:`bench.v1_client`, or of another such ``program``. ``more``: further variables."""

    def __init__(self, service: LiveService, program: str = "v1_client", more: Mapping[str, str] | None = None) -> None:
        folder = service.folder / "client"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(_CONFIG))
        self._log = (folder / "client.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(f"{program}.py"))],
            cwd=folder,
            env={**service.environment(), **(more or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Client:
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Has the program do something. Raises RuntimeError when it ended instead."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            lines = [line for line in self._log.read().splitlines() if line.strip()]
            raise RuntimeError(f"the client ended: {lines[-1] if lines else 'it said nothing'}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def command(*arguments: str, home: Home) -> subprocess.CompletedProcess[str]:
    """Runs the ``amlbridge`` command on a state folder. Raises RuntimeError when it fails."""
    program: Sequence[str] = (str(Path(sys.executable).with_name("amlbridge")), *arguments)
    environment = {**os.environ, VARIABLE: str(home.root)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"amlbridge {arguments[0]}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return done
