"""What a sweep knows of its trials while it runs. All of it follows from the records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.plan import Json
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.sweep import policies
from amlbridge.engine.sweep.sampling import Result
from amlbridge.engine.sweep.settings import SweepSettings


@dataclass
class Trial:
    """One trial. ``reports`` are the values of the primary metric in their order; ``judged``: up to this many of them
    the policy was applied; ``state`` is the final status, None until the run has ended."""

    number: int
    run_id: str
    parameters: Mapping[str, Json]
    reports: list[float] = field(default_factory=list)
    judged: int = 0
    state: str | None = None
    error: Any = None
    stopping: bool = False

    def value(self, settings: SweepSettings) -> float | None:
        """The best report; None without one that can be compared."""
        return policies.best(settings.goal, [item for item in self.reports if math.isfinite(item)])

    def result(self, settings: SweepSettings) -> Result:
        """What a sampler learns from it: nothing when it failed."""
        return Result(self.parameters, None if self.state == status.FAILED else self.value(settings))


def reports(values: Iterable[MetricValue], metric: str) -> list[float]:
    """The numbers that were logged under a name: the column of that name, or the only one."""
    found = []
    for value in values:
        cells = list(value.data.values())
        cell = value.data.get(metric, cells[0] if len(cells) == 1 else None)
        number = _number(cell)
        if number is not None:
            found.append(number)
    return found


def _number(cell: Any) -> float | None:
    if isinstance(cell, bool) or cell is None:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def best(trials: Iterable[Trial], settings: SweepSettings) -> tuple[Trial, float] | None:
    """The trial with the best value; of equals the earlier one. One that failed or was stopped counts only when no
    other has a value: its outputs may be missing."""
    known = [(trial, value) for trial in trials if (value := trial.value(settings)) is not None]
    whole = [item for item in known if item[0].state in (None, status.COMPLETED)] or known
    sign = 1 if settings.goal == "maximize" else -1
    return max(whole, key=lambda item: (sign * item[1], -item[0].number), default=None)
