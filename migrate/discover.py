"""Which files of the given paths a run looks at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from amlbridge.migrate.findings import BadInputError

#: Folders that hold no code of the user's.
SKIPPED_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".ipynb_checkpoints",
        ".amlbridge",
        "__pycache__",
        "__pypackages__",
        "node_modules",
        "site-packages",
    ]
)
PYTHON = frozenset({".py", ".pyw"})
NOTEBOOK = frozenset({".ipynb"})
#: Files that may install SDK v1, call its command line, or configure it.
OTHER = frozenset({".yml", ".yaml", ".txt", ".cfg", ".toml", ".sh", ".bash", ".runconfig", ".in", ".lock"})
_OTHER_NAMES = frozenset({"Dockerfile", "Makefile", "Pipfile"})


@dataclass
class Found:
    """The files of a run, in order, absolute; and those that cannot be read, with the reason."""

    files: list[Path] = field(default_factory=list)
    problems: dict[Path, BadInputError] = field(default_factory=dict)


def discover(paths: Sequence[Path], exclude: Sequence[str] = ()) -> Found:
    """The files to look at. A path that is a file is taken whatever its name is; below a folder, files are taken by
    their suffix, and links to folders are not followed. ``exclude``: patterns of ``fnmatch`` for paths relative to the
    folder given, or for single names. Each file comes once, however many links lead to it."""
    found, seen = Found(), set[tuple[int, int]]()
    for path in paths:
        start = Path(os.path.abspath(path))  # noqa: PTH100 - a link given by name stays a link
        for file in _below(start, start, exclude, found) if start.is_dir() else [start]:
            try:
                status = file.stat()
            except OSError as error:
                _add_problem(found, file, error)
                continue
            key = (status.st_dev, status.st_ino)
            if key not in seen:
                seen.add(key)
                found.files.append(file)
    return found


def _below(folder: Path, root: Path, exclude: Sequence[str], found: Found) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        _add_problem(found, folder, error)
        return
    for entry in entries:
        path = folder / entry.name
        if _is_excluded(path, root, exclude):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED_FOLDERS and not (path / "pyvenv.cfg").exists():
                yield from _below(path, root, exclude, found)
        elif _is_wanted(path) and not (entry.is_symlink() and path.is_dir()):
            yield path


def _is_wanted(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in PYTHON or suffix in NOTEBOOK:
        return True
    return suffix in OTHER or path.name in _OTHER_NAMES or is_deployment_json(path)


def is_deployment_json(path: Path) -> bool:
    """Whether a file in JSON is called like a deployment configuration: of all others nothing is read."""
    return path.suffix.lower() == ".json" and "deploy" in path.name.lower()


def _is_excluded(path: Path, root: Path, exclude: Iterable[str]) -> bool:
    relative = path.relative_to(root).as_posix()
    return any(fnmatch(relative, pattern) or fnmatch(path.name, pattern) for pattern in exclude)


def _add_problem(found: Found, path: Path, error: OSError) -> None:
    reason = error.strerror or str(error)
    found.problems[path] = BadInputError("unreadable", f"cannot be read: {reason}")
