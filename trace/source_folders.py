"""Which folder of the project a code snapshot is of."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.migrate.discover import SKIPPED_FOLDERS
from amlbridge.trace.captured import Sources

#: Files that a traced run may write into the project, and takes away.
_OURS = frozenset({"config.json"})


def find(digest: str, scripts: Sequence[str], sources: Sources, project: Path) -> Path:
    """The folder at or below ``project`` that holds the files of a snapshot; the one with the fewest files if there are
    several. Raises :class:`EngineError` when there is none: its code was put together at run time."""
    with tempfile.TemporaryDirectory(prefix="amlbridge-code-") as place:
        snapshot = Path(place) / "code"
        sources.code(digest, snapshot)
        names = [path.relative_to(snapshot) for path in _files(snapshot)]
        names = [name for name in names if name.as_posix() not in _OURS]
        fitting = [
            folder
            for folder in _folders(project)
            if all((folder / script).is_file() for script in scripts)
            and all(_same(snapshot / name, folder / name) for name in names)
        ]
    if not fitting:
        what = scripts[0] if scripts else "the code of a step"
        raise EngineError(f"no folder of the project has {what} as the traced run has submitted it")
    return min(fitting, key=lambda folder: (sum(1 for _ in _files(folder)), folder))


def _folders(project: Path) -> Iterator[Path]:
    for folder, names, _files in os.walk(project):
        names[:] = [name for name in names if name not in SKIPPED_FOLDERS]
        yield Path(folder)


def _files(folder: Path) -> Iterator[Path]:
    for inner in _folders(folder):
        yield from (path for path in inner.iterdir() if path.is_file())


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
