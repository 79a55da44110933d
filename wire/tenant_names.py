"""Which tenant a program names: in its script and what that imports, its arguments, its environment, and the files
beside it. Nothing heavy is imported here: the command looks before it starts a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_ID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_GUID = re.compile(_ID)
_NAMED = re.compile(rf"""tenant\w*\\?["']?\]?\s*[:=,]\s*\\?["']?({_ID})\b""", re.I)
_POSITIONAL = re.compile(rf"""InteractiveLoginAuthentication\(\s*(?:force\s*=\s*)?\w+\s*,\s*["']({_ID})["']""")
_VARIABLE = re.compile(r"\btenant_?id\s*=\s*([A-Za-z_]\w*)\b", re.I)
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+([A-Za-z_]\w*)", re.M)
_SUFFIXES = {".py", ".json", ".ipynb", ".yml", ".yaml", ".env", ".ini", ".cfg", ".toml", ""}
_MOST_FILES = 100
_LARGEST_FILE = 1024 * 1024


def tenant_named(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> str | None:
    """The tenant that a program names: in its script, its arguments, its environment, or the files beside it."""
    script = _script(command, folder)
    text = _read(script) if script is not None else ""
    place = script.resolve().parent if script is not None else folder
    return (
        _in_text(text)
        or _in_arguments(command)
        or next((environment[key] for key in environment if "tenant" in key.lower() and _is_id(environment[key])), None)
        or next(filter(None, (_in_text(_read(path)) for path in _beside(place, folder, text))), None)
    )


def _is_id(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def _script(command: Sequence[str], folder: Path) -> Path | None:
    for word in command[1:]:
        path = folder / word
        if path.suffix in (".py", ".ipynb") and path.is_file():
            return path
    return None


def _in_text(text: str) -> str | None:
    # What the patterns take ten times as long to find out.
    if "tenant" not in text.lower() and "InteractiveLoginAuthentication" not in text:
        return None
    for pattern in (_NAMED, _POSITIONAL):
        if found := pattern.search(text):
            return found[1]
    for variable in _VARIABLE.findall(text):
        if found := re.search(rf"""\b{variable}\s*=\s*["']({_ID})["']""", text):
            return found[1]
    return None


def _in_arguments(command: Sequence[str]) -> str | None:
    for index, word in enumerate(command):
        if word.startswith("-") and "tenant" in word.lower():
            value = word.partition("=")[2] or (command[index + 1] if index + 1 < len(command) else "")
            if _GUID.fullmatch(value):
                return value
    return None


def _beside(place: Path, folder: Path, script: str) -> Iterator[Path]:
    """The modules that a script imports, then the other files of its folder and of the working folder."""
    yield from (path for name in _IMPORTED.findall(script) if (path := place / f"{name}.py").is_file())
    budget = _MOST_FILES
    for one in dict.fromkeys((place, folder, place / ".azureml", folder / ".azureml")):
        try:
            entries = sorted(one.iterdir())
        except OSError:
            continue
        for entry in entries:
            if budget and entry.suffix.lower() in _SUFFIXES and entry.is_file():
                budget -= 1
                yield entry


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace") if path.stat().st_size <= _LARGEST_FILE else ""
    except OSError:
        return ""
