"""How far two numbers may be apart and still count as the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase


class RuleError(ValueError):
    """A tolerance or another rule that cannot be read; the message says why."""


@dataclass(frozen=True)
class Tolerance:
    """Two numbers are close when they differ by at most ``absolute``, or by at most ``relative`` times the larger one.

    Whole numbers are compared exactly unless ``whole``: ids and counts are no measurements. NaN is close to NaN.
    """

    absolute: float = 0.0
    relative: float = 0.0
    whole: bool = False

    def close(self, left: float, right: float) -> bool:
        """Whether two numbers count as the same."""
        if left == right or (left != left and right != right):
            return True
        if _is_whole(left) and _is_whole(right) and not self.whole:
            return False
        if not (math.isfinite(left) and math.isfinite(right)):
            return False
        return abs(left - right) <= max(self.absolute, self.relative * max(abs(left), abs(right)))

    def __str__(self) -> str:
        return f"abs {self.absolute:g}, rel {self.relative:g}"


def _is_whole(value: float) -> bool:
    return isinstance(value, int)


#: Enough for another way of printing or of summing up, far too little for another model.
DEFAULT = Tolerance(1e-12, 1e-9)


@dataclass(frozen=True)
class Tolerances:
    """The tolerance of each column and metric: the last pattern that fits the name wins."""

    default: Tolerance = DEFAULT
    named: tuple[tuple[str, Tolerance], ...] = ()

    def of(self, name: str) -> Tolerance:
        """The tolerance for a column, a key of a document or a metric of this name."""
        for pattern, tolerance in reversed(self.named):
            if fnmatchcase(name, pattern):
                return tolerance
        return self.default

    def words(self) -> list[str]:
        """Every tolerance as a report states it."""
        return [f"numbers: {self.default}", *(f"{pattern}: {tolerance}" for pattern, tolerance in self.named)]


def parse(texts: tuple[str, ...]) -> Tolerances:
    """Reads ``[NAME=]abs:X[,rel:Y]``; NAME may have * and ?. Without a name it is for everything.

    Raises :class:`RuleError`.
    """
    default, named = DEFAULT, []
    for text in texts:
        name, _, limits = text.rpartition("=")
        tolerance = _limits(limits, text)
        if name:
            named.append((name, tolerance))
        else:
            default = Tolerance(tolerance.absolute, tolerance.relative)
    return Tolerances(default, tuple(named))


def _limits(text: str, whole: str) -> Tolerance:
    found = {"abs": 0.0, "rel": 0.0}
    for part in text.split(","):
        kind, _, number = part.strip().partition(":")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if kind not in found or not value >= 0 or math.isinf(value):
            raise RuleError(f"{whole!r} is no tolerance: write abs:0.01, rel:1e-6 or price=abs:0.01,rel:1e-6")
        found[kind] = value
    return Tolerance(found["abs"], found["rel"], whole=True)
