"""Names that SDK v2 and Python accept, each only once."""

from __future__ import annotations

import keyword
import re

#: What a function or component of SDK v2 has for itself.
_RESERVED = frozenset(
    {"self", "dsl", "job", "client", "main", "outputs", "inputs", "load_component", "Input", "Output"}
)


def identifier(text: str, fallback: str, *, lower: bool = False) -> str:
    """``text`` as a Python identifier; ``fallback`` when nothing of it is left, and before what begins with a digit."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    if lower:
        name = name.lower()
    if not name:
        return fallback
    if name[0].isdigit():
        name = f"{fallback}_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


class Names:
    """Gives each thing a name of its own; names that differ only in case count as equal."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.lower() for name in taken}

    def take(self, wanted: str) -> str:
        """``wanted``, or with a number behind it when that is taken."""
        name, number = wanted, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name.lower())
        return name
