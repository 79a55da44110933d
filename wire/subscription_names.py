"""Which subscriptions a program names: in its command line, its environment, and the text files beside its script and
in its working folder. Nothing heavy is imported here: the command looks before it starts a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_GUID = re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b")
_NAMED = re.compile(
    r"""subscription(?:_?id|_?name)?\\?["']?\]?\s*[:=,]\s*(?:str\s*=\s*)?\\?["']([\w.()-]{1,90})\\?["']""", re.I
)
_SUFFIXES = {".py", ".json", ".ipynb", ".yml", ".yaml", ".env", ".ini", ".cfg", ".toml", ".txt", ".sh", ""}
_MOST_FILES = 400
_LARGEST_FILE = 2 * 1024 * 1024
_SKIPPED = {".git", ".venv", "venv", "node_modules", "__pycache__", ".amlbridge", "site-packages"}


def subscriptions_named(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> list[str]:
    """The subscriptions that a program names: in its arguments, its environment and the files beside it."""
    found: dict[str, str] = {}
    for text in (*command, *environment.values()):
        _collect(text, found)
    for key, value in environment.items():
        if "subscription" in key.lower() and value:
            found.setdefault(value.lower(), value)
    for index, word in enumerate(command[:-1]):
        if "subscription" in word.lower() and word.startswith("-"):
            found.setdefault(command[index + 1].lower(), command[index + 1])
    for path in _files(folder, command):
        _collect(path.read_text(errors="replace"), found)
    return list(found.values())


def _collect(text: str, found: dict[str, str]) -> None:
    for name in (*_GUID.findall(text), *_NAMED.findall(text)):
        found.setdefault(name.lower(), name)


def _files(folder: Path, command: Sequence[str]) -> Iterator[Path]:
    """Text files that a program's names are likely to stand in, nearest first, a bounded number."""
    starts = [folder]
    for word in command[1:]:
        path = folder / word
        if path.suffix in (".py", ".ipynb") and path.is_file():
            starts.insert(0, path.resolve().parent)
            break
    seen: set[Path] = set()
    budget = _MOST_FILES
    for start in starts:
        for path in _walk(start):
            if budget == 0:
                return
            if path not in seen and path.stat().st_size <= _LARGEST_FILE:
                seen.add(path)
                budget -= 1
                yield path
    for parent in folder.parents:
        for place in ("config.json", ".azureml/config.json", "aml_config/config.json"):
            if (parent / place).is_file():
                yield parent / place


def _walk(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    for current in waiting:
        try:
            entries = sorted(current.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                if entry.name not in _SKIPPED:
                    waiting.append(entry)
            elif entry.suffix.lower() in _SUFFIXES and entry.is_file():
                yield entry
