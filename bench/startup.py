"""``amlbridge up`` until the service answers, and the memory of the service while nothing runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from amlbridge.server.home import Home

from .live import LiveService, command
from .machine import say
from .measure import Row, Series, Target, timed

_UP = Target(1.0, of="ours")
_MEMORY = Target(120.0, of="ours")


def rows(quick: bool) -> Iterator[Row]:
    """First start, later starts, memory."""
    rounds = 3 if quick else 5
    say("  up")
    first, later = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder:
            home = Home(Path(folder) / ".amlbridge")
            first.append(_up(home))
            later.append(_up(home))
    note = "the whole command, from its start until it returns with the service's address; the warm interpreters follow"
    yield Row("`amlbridge up`, state folder exists", ours=Series.of(later), target=_UP, note=note)
    yield Row("`amlbridge up`, first time", ours=Series.of(first), target=_UP, note="makes folder, keys, certificates")
    yield from _memory()


def _up(home: Home) -> float:
    seconds = timed(lambda: command("up", home=home))
    command("down", home=home)
    return seconds


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
