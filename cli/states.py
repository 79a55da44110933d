"""The state folders of all projects, for `amlbridge status --all` and `amlbridge doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from amlbridge.cli.output import print_json, size, table
from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server import home_places, lifecycle
from amlbridge.server.home import Home


@dataclass(frozen=True)
class State:
    """One state folder. ``project`` None: made by its name in AMLBRIDGE_HOME, for no project."""

    home: Home
    project: Path | None
    service: Literal["up", "down", "silent"]

    @property
    def orphaned(self) -> bool:
        """Whether its project was removed or moved away, and no service runs on it."""
        return self.project is not None and not self.project.is_dir() and self.service == "down"


def known() -> Iterator[State]:
    """The state folders below the user's folder for state, and the one of the current folder wherever it is, in the
    order of their paths. Others (``AMLBRIDGE_HOME``, ``.amlbridge`` of other projects) are not known to anyone."""
    found: set[Path] = set()
    try:
        here = homes.find().root
        if here.is_dir():
            found.add(here)
        found.update(path for path in home_places.base().iterdir() if path.is_dir())
    except (FileNotFoundError, StateError):
        pass  # no service was ever started; or HOME is missing, and then AMLBRIDGE_HOME names the only one
    for path in sorted(found):
        home = Home(path)
        if home.is_ours():
            yield State(home, home.read_project(), lifecycle.find(home).state)


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder that may be changing. Links count nothing."""
    total = 0
    for top, _folders, names in os.walk(folder):
        for name in names:
            try:
                status = Path(top, name).lstat()
            except FileNotFoundError:
                continue
            # What is on the disk: a sparse file is as large as it says only for its reader.
            total += status.st_blocks * 512
    return total


def show(*, as_json: bool) -> None:
    """Prints every state folder: its project, size, and whether a service runs on it."""
    rows = [(state, folder_size(state.home.root)) for state in known()]
    if as_json:
        print_json(
            [
                {
                    "home": str(state.home.root),
                    "project": None if state.project is None else str(state.project),
                    "size": count,
                    "state": state.service,
                    "orphaned": state.orphaned,
                }
                for state, count in rows
            ]
        )
    elif rows:
        table(("service", "size", "project", "state folder"), [_row(state, count) for state, count in rows])
    else:
        click.echo("there is no state folder yet; `amlbridge up` makes one")


def _row(state: State, count: int) -> tuple[str, str, str, str]:
    project = "(named by AMLBRIDGE_HOME)" if state.project is None else str(state.project)
    return state.service, size(count), project + (" (is gone)" if state.orphaned else ""), str(state.home.root)
