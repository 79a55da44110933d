"""What a comparison says: a verdict for each thing that was looked at, each step and the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

#: What of a pipeline is looked at.
Layer = Literal["graph", "status", "arguments", "inputs", "metrics", "outputs", "assets", "logs"]
#: How many differences of one thing are kept; all are counted.
MOST_KEPT = 50


class Verdict(str, Enum):
    """What the comparison of something came to."""

    SAME = "same"
    NOISE = "same within noise"
    NOT_COMPARED = "not compared"
    DIFFERENT = "different"


_WEIGHT = list(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on a whole, by its parts: a difference outweighs everything, then what was not compared."""
    return max(verdicts, key=_WEIGHT.index, default=Verdict.SAME)


@dataclass(frozen=True)
class Difference:
    """One place at which two sides differ. ``size``: by how much, where both are numbers."""

    place: str
    left: str
    right: str
    size: float | None = None


@dataclass(frozen=True)
class Check:
    """The comparison of one thing: a file, a metric, an argument.

    ``count`` is the number of differences, of which ``differences`` holds the first :data:`MOST_KEPT`. ``spread`` says
    how far apart the sides are, by part (a column, a metric): what the noise floor is measured in. ``facts`` are what a
    reader has to know to judge the verdict: the tolerance, the rows, the key.
    """

    layer: Layer
    subject: str
    verdict: Verdict = Verdict.SAME
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    count: int = 0
    spread: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def different(layer: Layer, subject: str, reason: str, left: object = "", right: object = "") -> Check:
    """A check that found one difference, which needs no further place."""
    found = (Difference("", str(left), str(right)),)
    return Check(layer, subject, Verdict.DIFFERENT, reason, found, 1, {"": float("inf")})


def not_compared(layer: Layer, subject: str, reason: str) -> Check:
    """A check that could not be made, with the reason."""
    return Check(layer, subject, Verdict.NOT_COMPARED, reason)


@dataclass(frozen=True)
class StepResult:
    """One pair of steps. ``left`` or ``right`` is "" for a step that only the other side has. ``facts`` carry no
    verdict: duration, code."""

    left: str
    right: str
    checks: tuple[Check, ...]
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks."""
        return worst(check.verdict for check in self.checks)

    @property
    def name(self) -> str:
        """How the pair is called: by both names where they differ."""
        if not (self.left and self.right) or self.left == self.right:
            return self.left or self.right
        return f"{self.left} / {self.right}"


@dataclass(frozen=True)
class Report:
    """A whole comparison. ``left`` and ``right`` say what was compared, ``pipeline`` holds the checks that belong to no
    step, ``rules`` every tolerance, normalisation and ignored thing that was applied, in words."""

    left: str
    right: str
    steps: tuple[StepResult, ...]
    pipeline: tuple[Check, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of everything."""
        return worst([*(check.verdict for check in self.pipeline), *(step.verdict for step in self.steps)])

    def checks(self) -> Iterable[tuple[str, Check]]:
        """Every check with the name of its step, "" for the pipeline's own."""
        yield from (("", check) for check in self.pipeline)
        for step in self.steps:
            yield from ((step.name, check) for check in step.checks)
