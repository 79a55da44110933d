"""What the user allows to differ, and what is left out: every rule is stated in the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from amlbridge.compare.result import Check
from amlbridge.compare.tolerance import RuleError, Tolerances

#: Texts of a table's cell that stand for "nothing", as pandas reads them.
NULLS = frozenset({"", "NaN", "nan", "NULL", "null", "NA", "N/A", "None", "<NA>", "#N/A"})


@dataclass(frozen=True)
class Ignored:
    """What is left out and why. ``step``, ``layer`` and ``subject`` are patterns."""

    step: str
    layer: str
    subject: str
    reason: str

    def fits(self, steps: tuple[str, ...], check: Check) -> bool:
        """Whether a check of a step of one of these names is left out."""
        named = any(fnmatchcase(step, self.step) for step in steps)
        return named and fnmatchcase(check.layer, self.layer) and fnmatchcase(check.subject, self.subject)


@dataclass(frozen=True)
class Rules:
    """``keys``: pattern of a file's name -> the columns that tell its rows apart. ``probe``: a table on which models
    predict; without one they predict on random rows. ``nulls``: whether all of :data:`NULLS` mean the same."""

    tolerances: Tolerances = field(default_factory=Tolerances)
    row_order: Literal["strict", "free"] = "strict"
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    nulls: Literal["same", "distinct"] = "same"
    types: Literal["strict", "loose"] = "strict"
    probe: Path | None = None
    ignored: tuple[Ignored, ...] = field(default=())
    logs: bool = False

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The key columns of a file, () when none were given."""
        for pattern, columns in self.keys:
            if fnmatchcase(name, pattern) or fnmatchcase(Path(name).name, pattern):
                return columns
        return ()

    def words(self) -> tuple[str, ...]:
        """Every rule as the report states it."""
        return (
            *self.tolerances.words(),
            "whole numbers: exactly, unless their name has a tolerance of its own",
            f"rows of tables: {'in any order' if self.row_order == 'free' else 'in order'}",
            *(f"rows of {pattern}: by {', '.join(columns)}" for pattern, columns in self.keys),
            f"empty cells, NaN, NA and null: {'the same' if self.nulls == 'same' else 'not the same'}",
            "run ids, paths of the state folder and moments of the run itself: replaced before texts are compared; "
            "other ids: the same wherever one stands for the same other one throughout",
            "what a migration writes because SDK v2 has no other word for it (tokens for order, MLTable files of "
            "outputs, the step that writes the outputs of AutoML, commands that copy): taken for what it means",
            *(f"ignored: {item.step}/{item.layer}/{item.subject} ({item.reason})" for item in self.ignored),
        )


def parse_ignored(text: str) -> Ignored:
    """Reads ``STEP/LAYER/SUBJECT: reason``. Raises :class:`RuleError` when a part or the reason is missing."""
    place, separator, reason = text.partition(": ")
    parts = place.split("/", 2)
    if not separator or not reason.strip() or len(parts) != 3:
        raise RuleError(f"{text!r} ignores nothing: write 'STEP/LAYER/SUBJECT: reason', with * for any of them")
    return Ignored(parts[0], parts[1], parts[2], reason.strip())


def parse_key(text: str) -> tuple[str, tuple[str, ...]]:
    """Reads ``[FILE=]COLUMN,COLUMN``. Raises :class:`RuleError`."""
    name, _, columns = text.rpartition("=")
    found = tuple(column.strip() for column in columns.split(","))
    if not all(found):
        raise RuleError(f"{text!r} names no columns: write id, or orders*.csv=customer,date")
    return name or "*", found
