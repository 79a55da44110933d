"""Series of measurements and their ratios.

Everything is measured on a machine that others use too. So the contestants take turns, each round in another order, and
the ratio is taken pair by pair within a round: what slows one round down slows both sides of its ratio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["s", "MB", "MB/s", "1/s", ""]
Contestant = Callable[[], float]


@dataclass(frozen=True)
class Series:
    """The values of one contestant, one for each round it took part in, in order. Raises ValueError when empty."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a series needs at least one value")

    @classmethod
    def of(cls, values: Sequence[float]) -> Series:
        """A series of these values."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The middle value; of an even number the mean of the two in the middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def ratio(self, other: Series) -> Series:
        """This series over another, round by round; rounds that only one of them has are left out."""
        pairs = zip(self.values, other.values, strict=False)
        return Series(tuple(mine / theirs for mine, theirs in pairs))


@dataclass(frozen=True)
class Target:
    """The most that the median may be: of the ratio to the floor, or of our own value in the row's unit."""

    limit: float
    of: Literal["ratio", "ours"] = "ratio"


@dataclass(frozen=True)
class Row:
    """One line of the table. ``peers``: name -> its series, or why there is none. ``problem``: why nothing was
    measured."""

    measure: str
    unit: Unit = "s"
    ours: Series | None = None
    floor: Series | None = None
    peers: Mapping[str, Series | str] = field(default_factory=dict)
    target: Target | None = None
    note: str = ""
    problem: str = ""

    @property
    def ratio(self) -> Series | None:
        """Ours over the floor, pair by pair; None without a floor."""
        if self.ours is None or self.floor is None:
            return None
        return self.ours.ratio(self.floor)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when there is none. What could not be measured is not met."""
        if self.problem:
            return False
        if self.target is None:
            return None
        found = self.ratio if self.target.of == "ratio" else self.ours
        return found is not None and found.median <= self.target.limit


def timed(function: Callable[[], object]) -> float:
    """How long a call takes, in seconds."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def interleave(contestants: Mapping[str, Contestant], rounds: int) -> dict[str, Series]:
    """Lets every contestant measure itself once a round; every other round goes in reverse order."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for index in range(rounds):
        names = list(contestants)
        for name in reversed(names) if index % 2 else names:
            found[name].append(contestants[name]())
    return {name: Series.of(values) for name, values in found.items()}
