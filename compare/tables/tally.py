"""Counts the differences of two tables, column by column, and keeps the first ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from amlbridge.compare.result import MOST_KEPT, Difference
from amlbridge.compare.rules import Rules
from amlbridge.compare.tables.cells import unequal
from amlbridge.compare.tables.read import NULL

_LONGEST = 200


@dataclass
class Tally:
    """Filled while two tables are read. ``spread``: column -> the largest distance of two of its numbers, or the number
    of its texts that differ."""

    rules: Rules
    columns: tuple[str, ...]
    count: int = 0
    kept: list[Difference] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    rows: int = 0

    def pair(self, left: Any, right: Any, labels: list[str] | None = None) -> None:
        """Compares two batches whose rows belong together. ``labels`` name the rows; without them they are numbered on
        from the last batch."""
        for name in self.columns:
            found = unequal(_column(left, name), _column(right, name), name, self.rules)
            if not len(found.indices):
                continue
            self.count += len(found.indices)
            self.cells[name] = self.cells.get(name, 0) + len(found.indices)
            self._measure(name, found.sizes)
            for index, size in zip(found.indices, found.sizes, strict=True):
                if len(self.kept) >= MOST_KEPT:
                    break
                row = labels[index] if labels is not None else f"row {self.rows + int(index) + 1}"
                one, other = (shown(_column(side, name)[int(index)].as_py()) for side in (left, right))
                self.kept.append(Difference(f"{row}, {name}", one, other, None if np.isnan(size) else float(size)))
        self.rows += left.num_rows

    def _measure(self, name: str, sizes: Any) -> None:
        numbers = sizes[~np.isnan(sizes)]
        largest = float(numbers.max()) if len(numbers) else 0.0
        texts = len(sizes) - len(numbers)
        if texts:
            self.spread[f"{name} (texts)"] = self.spread.get(f"{name} (texts)", 0.0) + texts
        if len(numbers):
            self.spread[name] = max(self.spread.get(name, 0.0), largest)

    def alone(self, side: str, count: int, examples: list[str], *, add: bool = False) -> None:
        """Notes rows that only one side has; ``add``: besides those noted before."""
        if not count:
            return
        self.count += count
        before = self.spread.get(f"rows only {side}", 0.0) if add else 0.0
        self.spread[f"rows only {side}"] = before + count
        for text in examples[: max(0, MOST_KEPT - len(self.kept))]:
            self.kept.append(Difference(f"row only {side}", *((text, "") if side == "left" else ("", text))))


def shown(text: str) -> str:
    """A cell as the report shows it."""
    if text == NULL:
        return "(null)"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _column(batch: Any, name: str) -> Any:
    column = batch.column(name)
    return column.combine_chunks() if hasattr(column, "combine_chunks") else column
