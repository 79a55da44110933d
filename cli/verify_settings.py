"""What holds for each `amlbridge verify` of a script: ``verify.toml`` beside it, or in the nearest folder above.

A difference that a team accepts stands there with its reason, and not in every command that somebody types.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from amlbridge.cli.output import EXIT_USAGE, Failure

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAME = "verify.toml"
#: Options that may be given more than once: those of the file come first.
_LISTS = ("ignore", "tolerance", "key", "first")
_CHOICES = {"row-order": ("strict", "free"), "nulls": ("same", "distinct"), "types": ("strict", "loose")}
#: What is run of a folder.
_SCRIPTS = "scripts"


def with_file(script: Path, options: dict[str, Any], given: Collection[str]) -> dict[str, Any]:
    """The options of the command with those of the file that holds for a script or a folder. ``given``: the options
    that the user has written, which win. Raises :class:`Failure` for a file or a value that cannot be used."""
    path = _nearest(script.resolve())
    if path is None:
        return options
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _failure(path, f"it is no TOML file: {error}") from error
    found = dict(options)
    for name, value in content.items():
        read = _reader(name, path)
        checked, key = read(value), name.replace("-", "_")
        if name in _LISTS:
            found[key] = (*checked, *found[key])
        elif name == _SCRIPTS:
            if script.resolve() == path.parent and not options["first"]:
                found["first"] = (*found["first"], *checked)
        elif key not in given:
            found[key] = checked
    return found


def _nearest(script: Path) -> Path | None:
    """The file that holds, up to the folder of a repository."""
    for folder in (script, *script.parents):
        if (folder / NAME).is_file():
            return folder / NAME
        if (folder / ".git").exists():
            return None
    return None


def _reader(name: str, path: Path) -> Callable[[object], Any]:
    """Checks the value of a setting."""

    def texts(value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise _failure(path, f"{name} has to be a list of texts")

    def choice(value: object) -> str:
        if isinstance(value, str) and value in _CHOICES[name]:
            return value
        raise _failure(path, f"{name} has to be {' or '.join(_CHOICES[name])}")

    def count(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise _failure(path, f"{name} has to be a number from 0 up")

    def table(value: object) -> Path:
        place = path.parent / value if isinstance(value, str) else path
        if isinstance(value, str) and place.is_file():
            return place
        raise _failure(path, f"{name} has to be a csv or parquet file beside it")

    readers = {
        **dict.fromkeys((*_LISTS, _SCRIPTS), texts),
        **dict.fromkeys(_CHOICES, choice),
        "baseline": count,
        "probe": table,
    }
    if name not in readers:
        raise _failure(path, f"there is no setting {name!r}; there are {', '.join(readers)}")
    return readers[name]


def _failure(path: Path, why: str) -> Failure:
    return Failure(f"{path} cannot be used", why=why, do="correct it: see amlbridge verify --help", code=EXIT_USAGE)
