"""Two nested values, place by place."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from amlbridge.compare.references import References
from amlbridge.compare.result import MOST_KEPT, Difference
from amlbridge.compare.rules import Rules


@dataclass
class Walk:
    """Collects the differences of two values of JSON's types. ``spread``: place -> the distance of its numbers."""

    rules: Rules
    references: References
    count: int = 0
    kept: list[Difference] = field(default_factory=list)
    spread: dict[str, float] = field(default_factory=dict)

    def values(self, left: Any, right: Any, place: str = "$", name: str = "") -> None:
        """Compares two values; ``name`` is the nearest key, which chooses the tolerance."""
        if isinstance(left, dict) and isinstance(right, dict):
            self._objects(left, right, place)
        elif isinstance(left, list) and isinstance(right, list):
            self._lists(left, right, place, name)
        elif _is_number(left) and _is_number(right):
            self._numbers(left, right, place, name)
        elif isinstance(left, str) and isinstance(right, str):
            if not self.references.same(left, right):
                self.note(place, left, right)
        elif type(left) is not type(right) or left != right:
            self.note(place, left, right)

    def _objects(self, left: dict[Any, Any], right: dict[Any, Any], place: str) -> None:
        partners = self._keys(left, right)
        for key in left:
            if key in partners:
                self.values(left[key], right[partners[key]], f"{place}.{key}", str(key))
            else:
                self.note(f"{place}.{key}", left[key], "(missing)")
        for key in right:
            if key not in partners.values():
                self.note(f"{place}.{key}", "(missing)", right[key])

    def _keys(self, left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
        """Which key is which: the same one, else one that differs in nothing but ids."""
        found = {key: key for key in left if key in right}
        free = [key for key in right if key not in found]
        for key in left:
            if key in found:
                continue
            match = next((other for other in free if self.references.same(str(key), str(other))), None)
            if match is not None:
                found[key] = match
                free.remove(match)
        return found

    def _lists(self, left: list[Any], right: list[Any], place: str, name: str) -> None:
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            self.values(one, other, f"{place}[{index}]", name)
        if len(left) != len(right):
            self.note(f"number of entries of {place}", len(left), len(right))

    def _numbers(self, left: float, right: float, place: str, name: str) -> None:
        if not self.rules.tolerances.of(name or place).close(left, right):
            try:
                size = abs(float(left) - float(right))
            except OverflowError:
                size = math.inf
            self.note(place, left, right, size if not math.isnan(size) else math.inf)

    def note(self, place: str, left: Any, right: Any, size: float | None = None) -> None:
        """Notes a difference."""
        self.count += 1
        self.spread[place] = max(self.spread.get(place, 0.0), math.inf if size is None else size)
        if len(self.kept) < MOST_KEPT:
            self.kept.append(Difference(place, _shown(left), _shown(right), size))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
