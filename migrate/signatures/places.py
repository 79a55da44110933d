"""The places of parameters of SDK v1: what a call may give by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from amlbridge.migrate.signatures.table import v1_table


def place_of(names: Sequence[str], symbols: Sequence[str]) -> int | None:
    """The place of a parameter that has one of some names, in a call of what has one of some short names
    ("PythonScriptStep", "Datastore.upload"). None where it has none, or SDK v1 is not known to have the symbol."""
    known = next((_places()[symbol] for symbol in symbols if symbol in _places()), {})
    return next((known[name] for name in names if name in known), None)


def named_at(key: str | int, symbols: Sequence[str]) -> str:
    """The name of the parameter at a place, in a call of what has one of some short names; names stay as they are."""
    known = next((_places()[symbol] for symbol in symbols if symbol in _places()), {})
    return next((name for name, place in known.items() if place == key), str(key))


@cache
def _places() -> Mapping[str, Mapping[str, int]]:
    """The places of all parameters, by the short name of a class, or of a method with its class; of none whose name
    means several with other places."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for path, entry in v1_table().entries.items():
        parts = path.split(".")
        short = ".".join(parts[-1:] if entry.kind in ("class", "function") else parts[-2:])
        if entry.positional:
            found.setdefault(short, set()).add(entry.positional)
    clear = {short: next(iter(known)) for short, known in found.items() if len(known) == 1}
    return {short: {name: place for place, name in enumerate(names)} for short, names in clear.items()}
