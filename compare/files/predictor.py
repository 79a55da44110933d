"""Asks what pickled objects predict: each in a process of its own, forked from one interpreter (`predict.py`)."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.files import predict

PATIENCE = 300.0


class Predictor:
    """The interpreter, which starts with the first question and ends with this process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, path: Path, probe: Path | None) -> dict[str, Any]:
        """What a pickle predicts on the probe table, or holds. Raises :class:`UnreadableError`."""
        with tempfile.TemporaryDirectory(prefix="amlbridge-predict-") as folder:
            output, said = Path(folder) / "predictions.json", Path(folder) / "said"
            places = [path.absolute(), probe.absolute() if probe else "", output, said, folder]
            code = self._run([str(place) for place in places])
            if code is None:
                raise UnreadableError(f"{path.name} did not load and predict in {PATIENCE:.0f} s")
            if not output.exists():
                lines = said.read_text(errors="replace").strip().splitlines() if said.exists() else []
                raise UnreadableError(f"{path.name} cannot be loaded: {(lines or [f'exit code {code}'])[-1]}")
            content: dict[str, Any] = json.loads(output.read_text())
        if "problem" in content:
            raise UnreadableError(f"{path.name} cannot be compared: {content['problem']}")
        return content

    def _run(self, question: list[str]) -> int | None:
        """The exit code of the process that was asked; None when the time was up."""
        if self._process is not None and self._process.poll() is not None:  # something else has ended it since
            self._process.communicate()
            self._process = None
        if self._process is None:
            self._process = _start()
            atexit.register(self.end)
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            answered, _, _ = select.select([process.stdout], [], [], PATIENCE)
            line = process.stdout.readline() if answered else b""
        except BaseException:
            self.end()
            raise
        if line:
            return int(line)
        self.end()
        return process.returncode if answered else None

    def end(self) -> None:
        """Ends the interpreter, and what it has forked."""
        atexit.unregister(self.end)
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", predict.__file__]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session=True)
