"""The tables of public symbols, as they are read.

A table is a JSON file with one line for each symbol, under its canonical path (the shortest public one). Fields:

- ``is``: class, function, method, property, attribute or module;
- ``takes``: parameters as Python writes them: ``name``, ``name=`` (has a default), ``*`` (what follows is given by
  keyword), ``*args``, ``**`` (more keywords: those of ``more``);
- ``bases``: canonical paths of base classes that are in the table; ``aka``: further public paths of the symbol;
- ``gives``: the types of the result or of the attribute, as canonical paths; ``poller:T`` is a poller whose result is
  a T, ``each:T`` something to iterate over;
- ``open``: attributes that are not in the table may be there, because they are made at run time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
V1, V2 = FOLDER / "v1_symbols.json", FOLDER / "v2_signatures.json"


@dataclass(frozen=True)
class Entry:
    """One symbol."""

    kind: str
    takes: tuple[str, ...] = ()
    more: frozenset[str] = frozenset()
    bases: tuple[str, ...] = ()
    aka: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    open: bool = False

    @property
    def keywords(self) -> frozenset[str]:
        """The names that a call may give by keyword."""
        return frozenset(name.rstrip("=") for name in self.takes if not name.startswith("*")) | self.more

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters without a default."""
        return tuple(name for name in self.takes if not name.endswith("=") and not name.startswith("*"))

    @property
    def positional(self) -> tuple[str, ...] | None:
        """The parameters that may be given by position, in order; None when there may be any number."""
        found = []
        for name in self.takes:
            if name.startswith("**") or name == "*":
                break
            if name.startswith("*"):
                return None
            found.append(name.rstrip("="))
        return tuple(found)


class Table:
    """The symbols of one SDK."""

    def __init__(self, packages: Mapping[str, str], entries: Mapping[str, Entry]) -> None:
        self.packages = packages
        self.entries = entries
        self._canonical = {path: path for path in entries}
        self._children: dict[str, set[str]] = {}
        self._subclasses: dict[str, set[str]] = {}
        for path, entry in entries.items():
            self._canonical.update((other, path) for other in entry.aka)
            self._children.setdefault(path.rpartition(".")[0], set()).add(path.rpartition(".")[2])
            for other in entry.aka:
                self._children.setdefault(other.rpartition(".")[0], set()).add(other.rpartition(".")[2])
            for base in entry.bases:
                self._subclasses.setdefault(base, set()).add(path)

    def canonical(self, path: str) -> str | None:
        """The canonical path of a public path, also of a member by way of an alias of its class; None when there is no
        such symbol."""
        if path in self._canonical:
            return self._canonical[path]
        owner, _, name = path.rpartition(".")
        found = self.canonical(owner) if owner else None
        if found is None or self.entries[found].kind == "module":
            return None
        return self.member(found, name)

    def member(self, owner: str, name: str) -> str | None:
        """The path of a member of a class, which may be one of its bases'; None when it has no such member."""
        for cls in self.lineage(owner):
            path = f"{cls}.{name}"
            if path in self.entries:
                return path
        return None

    def lineage(self, path: str) -> Iterator[str]:
        """A class and its bases, nearest first."""
        entry = self.entries.get(path)
        if entry is not None:
            yield path
            for base in entry.bases:
                yield from self.lineage(base)

    def descendants(self, path: str) -> Iterator[str]:
        """The classes that derive from a class."""
        for sub in sorted(self._subclasses.get(path, ())):
            yield sub
            yield from self.descendants(sub)

    def names_below(self, path: str) -> frozenset[str]:
        """The names directly below a path."""
        return frozenset(self._children.get(path, ()))


def canonical(path: str) -> str | None:
    """The canonical path of a public path of SDK v1."""
    return v1_table().canonical(path)


@cache
def v1_table() -> Table:
    """The symbols of SDK v1."""
    return read(V1)


@cache
def v2_table() -> Table:
    """The symbols of SDK v2 and of what goes with it: mlflow, azure-identity, azure-keyvault-secrets."""
    return read(V2)


def read(path: Path) -> Table:
    """A table from its file."""
    document = json.loads(path.read_text("utf-8"))
    return Table(document["packages"], {name: _entry(found) for name, found in document["symbols"].items()})


def _entry(found: Mapping[str, Any]) -> Entry:
    return Entry(
        kind=found["is"],
        takes=tuple(found.get("takes", ())),
        more=frozenset(found.get("more", ())),
        bases=tuple(found.get("bases", ())),
        aka=tuple(found.get("aka", ())),
        gives=tuple(found.get("gives", ())),
        open=bool(found.get("open")),
    )


def written(packages: Mapping[str, str], symbols: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a table's file: a line for each symbol, in order."""
    dumps = json.JSONEncoder(separators=(", ", ": ")).encode
    versions = ",\n".join(f"  {dumps(name)}: {dumps(version)}" for name, version in sorted(packages.items()))
    lines = ",\n".join(f"  {dumps(path)}: {dumps(dict(symbols[path]))}" for path in sorted(symbols))
    return f'{{\n "packages": {{\n{versions}\n }},\n "symbols": {{\n{lines}\n }}\n}}\n'
