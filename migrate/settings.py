"""What the user wants: from pyproject.toml ``[tool.amlbridge.migrate]`` or setup.cfg ``[amlbridge:migrate]``."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from amlbridge.migrate.module import Options

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FailOn = Literal["changes", "manual", "failed", "never"]
_COMPONENTS = ("yaml", "python")


class SettingsError(Exception):
    """A settings file that cannot be used: which one, and why."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run. ``jobs`` 0: as many processes as there are processors."""

    options: Options = field(default_factory=Options)
    exclude: tuple[str, ...] = ()
    jobs: int = 0
    fail_on: FailOn = "changes"


def load(folder: Path) -> Settings:
    """The settings that hold in a folder: of the nearest pyproject.toml or setup.cfg, upwards, that has any. Black's
    line length is heeded where ours is not set. Raises SettingsError for a file or a value that cannot be used."""
    settings = Settings()
    black: object = None
    for place in (folder, *folder.parents):
        toml = _toml(place / "pyproject.toml")
        tools = toml.get("tool", {})
        if black is None and isinstance(tools, dict):
            black = tools.get("black", {}).get("line-length") or tools.get("ruff", {}).get("line-length")
        own = tools.get("amlbridge", {}).get("migrate") if isinstance(tools, dict) else None
        if own is not None:
            settings = _checked(own, place / "pyproject.toml")
            break
        section = _section(place / "setup.cfg")
        if section is not None:
            settings = _checked(section, place / "setup.cfg")
            break
        if (place / ".git").exists():
            break
    if settings.options.line_length == Options().line_length and isinstance(black, int) and not isinstance(black, bool):
        settings = replace(settings, options=replace(settings.options, line_length=black))
    return settings


def _toml(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    return found


def _section(path: Path) -> dict[str, object] | None:
    parser = configparser.ConfigParser()
    try:
        parser.read_string(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, configparser.Error) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if not parser.has_section("amlbridge:migrate"):
        return None
    return dict(parser.items("amlbridge:migrate"))


def _checked(values: Mapping[str, object], path: Path) -> Settings:
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: [tool.amlbridge.migrate] has to be a table")
    known: dict[str, Callable[[object], object]] = {
        "select": _names,
        "ignore": _names,
        "exclude": _names,
        "components": lambda value: _one_of(value, _COMPONENTS),
        "fail-on": lambda value: _one_of(value, get_args(FailOn)),
        "jobs": _number,
        "line-length": _number,
    }
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("_", "-")
        if name not in known:
            raise SettingsError(f"{path}: there is no setting {key!r}; there are {', '.join(known)}")
        try:
            found[name] = known[name](value)
        except ValueError as error:
            raise SettingsError(f"{path}: {key} = {value!r}: {error}") from error
    options = Options(
        components=found.get("components", "yaml"),
        select=frozenset(found.get("select", ())),
        ignore=frozenset(found.get("ignore", ())),
        line_length=found.get("line-length", Options().line_length),
    )
    fail_on = cast(FailOn, found.get("fail-on", "changes"))
    return Settings(options, found.get("exclude", ()), found.get("jobs", 0), fail_on)


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("this has to be a list of strings")


def _one_of(value: object, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"this has to be one of {', '.join(choices)}")
    return value


def _number(value: object) -> int:
    number = int(value) if isinstance(value, str) else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("this has to be a number from 0 up")
    return number
