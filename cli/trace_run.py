"""Runs a script against a workspace of its own that records what is submitted and runs no step."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlbridge.cli import client_cache, config_file
from amlbridge.cli.output import say
from amlbridge.cli.trace_guesses import guesses
from amlbridge.server import home as homes
from amlbridge.server.home import Home

if TYPE_CHECKING:
    from amlbridge.cli.trace_capture import Capture

#: A workspace with more data than this is not copied for a trace, in bytes.
_LARGE = 1024**3


@dataclass(frozen=True)
class Traced:
    """What a traced script has left: its exit code, what it submitted, and what was stood in for, a line each."""

    exit_code: int
    capture: Capture
    stand_ins: tuple[str, ...]


@contextlib.contextmanager
def traced(
    script: str,
    arguments: Sequence[str],
    state: Home,
    *,
    python: str | None = None,
    permissive: bool = False,
    network: tuple[bool, bool] = (False, False),
) -> Iterator[Traced]:
    """Runs a script in trace mode, in a copy of the workspace of ``state``, which is removed in the end. ``network``:
    whether to allow the network, and whether to intercept Azure's hosts."""
    from amlbridge.cli.compare_sides import State
    from amlbridge.cli.run import run_command
    from amlbridge.cli.trace_capture import Capture
    from amlbridge.server import lifecycle, stand_ins
    from amlbridge.server.engine_parts import TRACE

    folder = Path(tempfile.mkdtemp(prefix="amlbridge-trace-"))
    home = Home(folder / "state")
    config: Path | None = None
    before = dict(os.environ)
    guessed = guesses(Path(script)) if permissive else ""
    os.environ |= {homes.VARIABLE: str(home.root), TRACE: "1", stand_ins.PERMISSIVE: guessed}
    try:
        _copy(state, home)
        config = config_file.ensure(Path.cwd(), Path(script))
        began = time.time()
        lifecycle.start(home)
        with client_cache.kept():
            exit_code = _run(run_command, script, arguments, python, network)
        lifecycle.stop(home)
        capture = Capture(State(home).service, home.snapshots, began)
        yield Traced(exit_code, capture, tuple(stand_ins.listed(home.root)))
    finally:
        lifecycle.stop(home)
        os.environ.clear()
        os.environ.update(before)
        if config is not None:
            config.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _copy(state: Home, home: Home) -> None:
    """What was registered in the workspace is there in the trace, unless that is too much to copy."""
    from amlbridge.cli.verify_copy import copy_state

    held = sum(path.lstat().st_size for path in state.blobs.rglob("*")) if state.blobs.is_dir() else 0
    if held <= _LARGE:
        copy_state(state, home)
    home.create()
    if state.url_map.is_file():
        # It may be there before anything else is.
        shutil.copy(state.url_map, home.url_map)
    if held > _LARGE:
        say("the workspace holds too much data to be copied: the trace begins with an empty one", style="yellow")


def _run(
    command: click.Command, script: str, arguments: Sequence[str], python: str | None, network: tuple[bool, bool]
) -> int:
    options = ["--no-progress", *(["--python", python] if python else [])]
    options += ["--allow-network"] * network[0] + ["--intercept"] * network[1]
    executed = Path(f"{Path(script).stem}.executed.ipynb")
    # What a notebook says when no step runs is of no use to anybody.
    earlier = executed.read_bytes() if executed.is_file() else None
    code = command.main(args=[*options, script, *arguments], standalone_mode=False)
    if earlier is not None:
        executed.write_bytes(earlier)
    elif script.endswith(".ipynb"):
        executed.unlink(missing_ok=True)
    return int(code or 0)
