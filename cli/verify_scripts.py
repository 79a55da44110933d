"""Which scripts `amlbridge verify` runs: those of a folder that submit or publish something."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.cli.output import EXIT_USAGE, Failure
from amlbridge.migrate.discover import discover

_SDK = re.compile(r"\bazureml\b")
_PUBLISHES = re.compile(r"\.(publish|publish_pipeline)\(")
_SUBMITS = re.compile(r"\.(submit|start_logging)\(")
_SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Script:
    """A script of the project, relative to its root, with its arguments."""

    path: Path
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return shlex.join([self.path.as_posix(), *self.arguments])


def chosen(root: Path, given: Path, arguments: Sequence[str], first: Sequence[str]) -> list[Script]:
    """What to run, in this order: the scripts of ``first``, each as a line with arguments, then ``given``. ``given`` is
    relative to ``root``, the scripts of ``first`` to its folder. Raises :class:`Failure`."""
    folder = given if (root / given).is_dir() else given.parent
    found = [_line(root, folder, line) for line in first]
    if not (root / given).is_dir():
        return [*found, Script(given, tuple(arguments))]
    if arguments:
        do = "name the script that they are for, or give each with --first 'SCRIPT ARGS'"
        raise Failure("a folder takes no arguments", do=do, code=EXIT_USAGE)
    if found:
        return found
    every = entries(root / given)
    if not every:
        why = "no file below it submits or publishes anything with SDK v1"
        raise Failure(f"there is nothing to run in {given}", why=why, do="name the script", code=EXIT_USAGE)
    return [Script(path.relative_to(root)) for path in every]


def _line(root: Path, folder: Path, line: str) -> Script:
    words = [line] if (root / folder / line).is_file() else shlex.split(line)  # a name may have blanks
    path = folder / words[0] if words else folder
    if not (root / path).is_file():
        raise Failure(f"there is no {path} in the project", do="give the path of a script", code=EXIT_USAGE)
    return Script(path, tuple(words[1:]))


def entries(folder: Path) -> list[Path]:
    """The files below a folder that submit or publish with SDK v1; those that publish first, others may call it."""
    found: list[tuple[bool, Path]] = []
    for path in discover([folder]).files:
        if path.suffix.lower() not in _SUFFIXES:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        publishes = bool(_PUBLISHES.search(text))
        if _SDK.search(text) and (publishes or _SUBMITS.search(text)):
            found.append((not publishes, path))
    return [path for _, path in sorted(found)]
