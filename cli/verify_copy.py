"""What `amlbridge verify` works on: a copy of the project and of its state for each side, so that neither sees what the
other did and the originals stay as they are."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from amlbridge.cli.output import EXIT_USAGE, Failure, size
from amlbridge.migrate.discover import SKIPPED_FOLDERS
from amlbridge.server import home as homes
from amlbridge.server.home import Home

#: A larger project is copied only when the user names it.
_LARGE = 1024**3
#: What of a state folder the copy needs; its service makes the rest.
_STATE_FOLDERS = ("blobs", "snapshots")
_STATE_FILES = ("secret", "url-map.json")


@dataclass(frozen=True)
class Project:
    """``root`` is what is copied, ``script`` the script or folder in it and ``current`` where it is run, both relative
    to ``root``."""

    root: Path
    script: Path
    current: Path

    @classmethod
    def of(cls, script: Path, root: Path | None) -> Project:
        """The project of a script: the folder that the user names, else the current one if the script is below it, else
        the script's own. Raises :class:`Failure`."""
        place, current = script.resolve(), Path.cwd().resolve()
        if root is not None:
            folder = root.resolve()
            if not place.is_relative_to(folder):
                why = f"it is not below {root}"
                raise Failure(f"{script} cannot be verified", why=why, do="name a folder above it", code=EXIT_USAGE)
        else:
            folder = current if place.is_relative_to(current) else (place if place.is_dir() else place.parent)
            found = sum(path.lstat().st_size for path in _files(folder))
            if found > _LARGE:
                do = f"name the folder that the script needs with --project DIR (or --project {folder} for all of it)"
                raise Failure(f"{folder} has {size(found)}", why="verify copies it twice", do=do, code=EXIT_USAGE)
        inside = current.relative_to(folder) if current.is_relative_to(folder) else Path()
        return cls(folder, place.relative_to(folder), inside)

    def copy(self, target: Path) -> None:
        """Copies the project, without environments, caches and the history of git; with the config.json that holds in
        it, and without the folder of the copies, which may be one of the project."""
        copies = target.resolve().parent

        def ignored(folder: str, names: list[str]) -> set[str]:
            return {name for name in names if name in SKIPPED_FOLDERS or _is_apart(Path(folder, name), copies)}

        shutil.copytree(self.root, target, symlinks=True, ignore=ignored)
        if homes.find_config(target / self.current) is None:
            config = homes.find_config(self.root)
            if config is not None:
                shutil.copyfile(config, target / "config.json")


def _is_apart(path: Path, copies: Path) -> bool:
    """Whether a path is no part of the project: the folder of the copies, or a socket or pipe of a running process."""
    mode = path.lstat().st_mode
    return path.resolve() == copies or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        yield from (Path(root) / name for name in names)


def copy_state(source: Home, target: Home) -> None:
    """Makes a state folder with all that the other one holds. Runs that are under way there are ended in the copy, its
    schedules start nothing, and no earlier result is taken: every step is to show what it does."""
    target.create()
    # URLs may be mapped, and files be put where a datastore will look for them, before a service has run.
    for name in _STATE_FOLDERS:
        if (source.root / name).is_dir():
            shutil.copytree(source.root / name, target.root / name, symlinks=True, dirs_exist_ok=True)
    if not source.is_ours():
        return
    for name in _STATE_FILES:
        if (source.root / name).exists():
            shutil.copy2(source.root / name, target.root / name)
    records = source.root / "records.db"
    if not records.exists():
        return
    # The service of the source may be writing.
    with closing(sqlite3.connect(records)) as one, closing(sqlite3.connect(target.root / "records.db")) as other:
        one.backup(other)
    _quiet(target)


def _quiet(home: Home) -> None:
    from amlbridge.engine.records.store import Records
    from amlbridge.v1.pipelines import schedule_records as v1_schedules
    from amlbridge.v2.schedules import records as v2_schedules

    records = Records(home.records_url)
    try:
        records.reuse.clear()
        for run in records.runs.unfinished():
            records.runs.set(run.workspace_id, run.id, status="Canceled", ended=time.time())
        for workspace in records.workspaces.list():
            for kind in (v1_schedules.KIND, v2_schedules.KIND):
                for item in records.resources.list(workspace.id, kind):
                    records.resources.delete(workspace.id, kind, item.name, item.version)
    finally:
        records.close()
