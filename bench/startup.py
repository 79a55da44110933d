"""``amlbridge up`` until the service answers, and the memory of the service while nothing runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil

from amlbridge.server.home import Home

from .live import LiveService, command
from .machine import say
from .measure import Row, Series, Target, interleave, timed

_UP = Target(1.0, of="ours")
_NOTE = (
    "the whole command, from its start until it returns with the service's address; the warm interpreters follow; the "
    "floor imports the packages that command and service need in two fresh interpreters"
)
_MEMORY = Target(120.0, of="ours")


def rows(quick: bool) -> Iterator[Row]:
    """First start, later starts, memory."""
    rounds = 3 if quick else 5
    say("  up")
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder:
        fresh = (Home(Path(folder) / f"first{index}") for index in count())
        known = Home(Path(folder) / "known")
        contestants = {"first": lambda: _up(next(fresh)), "later": lambda: _up(known), "floor": _floor}
        interleave(contestants, 1)
        found = interleave(contestants, rounds)
    yield Row("`amlbridge up`", ours=found["later"], floor=found["floor"], target=_UP, note=_NOTE)
    note = "also makes the state folder, its keys and certificates"
    yield Row("`amlbridge up`, first time", ours=found["first"], floor=found["floor"], target=_UP, note=note)
    yield from _memory()


def _up(home: Home) -> float:
    seconds = timed(lambda: command("up", home=home))
    command("down", home=home)
    return seconds


def _floor() -> float:
    """Interpreters that import what any such pair of command and service needs, and end."""

    def run() -> None:
        for modules in ("click", "sqlalchemy, starlette.requests, uvicorn, uvloop, httptools"):
            subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)

    return timed(run)


def _memory() -> Iterator[Row]:
    say("  memory")
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder, LiveService(Path(folder)) as service:
        service.wait_until_warm()
        process = service.process
        children = process.children(recursive=True)
        for kind in ("Pss", "Rss"):
            found = Series.of([_megabytes(process, kind)])
            note = "the service's process alone, without the warm interpreters" if kind == "Pss" else ""
            yield Row(f"idle memory of the service ({kind.upper()})", "MB", ours=found, target=_MEMORY, note=note)
        warm = Series.of([sum(_megabytes(child, "Pss") for child in children)])
        yield Row(f"its warm interpreters ({len(children)} processes, PSS)", "MB", ours=warm)


def _megabytes(process: psutil.Process, kind: str) -> float:
    """A figure of /proc/PID/smaps_rollup in MB (10^6 bytes)."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == kind:
            return int(rest.split()[0]) * 1024 / 1e6
    raise ValueError(f"smaps_rollup has no {kind}")
