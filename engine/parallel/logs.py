"""The logs of a parallel run, laid out as Azure documents them for ParallelRunStep, below ``logs`` of the step.

``logs/user/stdout/0/process000.stdout.txt`` and so on: what each process prints; ``logs/user/error``: tracebacks;
``logs/sys/node/0/process000.txt``: each mini batch; ``logs/job_progress_overview.txt`` and ``logs/job_result.txt``.
This machine is the only node, number 0.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_HEADER = "Traceback (most recent call last):"

_NODE = "0"
#: Seconds between two states of the overview.
_OFTEN = 1.0


def process_name(number: int) -> str:
    """``process000`` and so on: Azure's names of the worker processes."""
    return f"process{number:03}"


class Logs:
    """The log files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0.0

    def user(self, kind: str, number: int, suffix: str) -> Path:
        """A log of the user's script in one process; its folder exists."""
        path = self.user_folder(kind) / f"{process_name(number)}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def user_folder(self, kind: str) -> Path:
        """The folder of the user's logs of a kind."""
        return self._folder / "user" / kind / _NODE

    def batch(self, number: int, line: str) -> None:
        """A line about a mini batch of a process."""
        self._append(self._folder / "sys" / "node" / _NODE / f"{process_name(number)}.txt", line)

    def error(self, number: int, label: str, text: str) -> None:
        """What went wrong in a process: the traceback, and one line in the summary of errors."""
        self._append(self.user("error", number, ".txt"), f"{label}\n{text.rstrip()}\n")
        self._append(self._folder / "user" / "error.txt", f"{process_name(number)}, {label}: {last_line(text)}")

    def progress(self, text: str, *, force: bool = False) -> None:
        """Where the run stands; not written again at once unless ``force``."""
        now = time.monotonic()
        if force or now - self._written >= _OFTEN:
            self._written = now
            self._replace(self._folder / "job_progress_overview.txt", text)

    def result(self, text: str) -> None:
        """How the run ended."""
        self._replace(self._folder / "job_result.txt", text)

    @staticmethod
    def _append(path: Path, line: str) -> None:
        text = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n"
        try:
            file = path.open("a", encoding="utf-8", errors="replace")
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a", encoding="utf-8", errors="replace")
        with file:
            file.write(text)

    @staticmethod
    def _replace(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}")
        beside.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{text}\n", encoding="utf-8", errors="replace")
        os.replace(beside, path)  # noqa: PTH105  # the same, and one call


def last_line(text: str) -> str:
    """The line of a traceback that says what happened. An exception of azureml says nothing in it, its message is on
    the next line, and braces come last."""
    _, header, traceback = text.rpartition(_HEADER)
    lines = [line for line in traceback.splitlines() if line.strip()]
    if not header:
        return lines[-1].strip() if lines else ""
    named = next((number for number, line in enumerate(lines) if not line[0].isspace()), len(lines) - 1)
    said = lines[named].strip() if lines else ""
    following = lines[named + 1].strip().removeprefix("Message: ") if named + 1 < len(lines) else ""
    return f"{said} {following}".strip() if said.endswith(":") else said
