"""Pairs the rows that two tables do not have in common: a row and what became of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from amlbridge.compare.tables import keyed
from amlbridge.compare.tables.cells import unequal
from amlbridge.compare.tables.tally import Tally, shown

#: Rows of each side up to which every row is held against every other one.
_MOST_COMPARED = 1_500
_FRACTION = r"^[ ]*[+-]?[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?[ ]*$"
_MOST_EXAMPLES = 20


def compare(left: Any, right: Any, tally: Tally) -> str:
    """Compares the rest of two tables, held in memory. Returns how the rows were paired."""
    if len(left) and len(right):
        key = _key(left, right, tally)
        if key is not None:
            keyed.join(left, right, (key,), tally)
            return f"rows that are not alike: paired by {key}, which is different in each of them"
    pairs = _close(left, right, tally) if max(len(left), len(right)) <= _MOST_COMPARED else _sorted(left, right, tally)
    paired_left, paired_right = [a for a, _ in pairs], [b for _, b in pairs]
    if pairs:
        tally.pair(left.take(pa.array(paired_left)), right.take(pa.array(paired_right)), ["some row"] * len(pairs))
    for side, table, paired in (("left", left, paired_left), ("right", right, paired_right)):
        only = np.setdiff1d(np.arange(len(table)), np.array(paired, np.int64))
        some = table.take(pa.array(only[:_MOST_EXAMPLES])).to_pylist()
        tally.alone(side, len(only), [", ".join(shown(cell) for cell in row.values()) for row in some])
    return "rows that are not alike: paired by likeness"


def _key(left: Any, right: Any, tally: Tally) -> str | None:
    """A column that tells all rows of both apart and that they share, and is no measurement."""
    for name in tally.columns:
        ours, theirs = left.column(name), right.column(name)
        if pc.count_distinct(ours).as_py() < len(ours) or pc.count_distinct(theirs).as_py() < len(theirs):
            continue
        if pc.any(pc.match_substring_regex(ours, r"^[^a-zA-Z]*[.][0-9]*")).as_py():
            continue
        shared = pc.sum(pc.is_in(ours.combine_chunks(), theirs.combine_chunks())).as_py()
        if 2 * (shared or 0) > min(len(ours), len(theirs)) and min(len(ours), len(theirs)) > 1:
            return name
    return None


def _close(left: Any, right: Any, tally: Tally) -> list[tuple[int, int]]:
    """Each row with the most similar one that is still free; the closest pairs first. Rows of which less than half of
    the cells are the same have nothing to do with each other."""
    if not len(left) or not len(right):
        return []
    alike = np.zeros((len(left), len(right)))
    for name in tally.columns:
        alike += _alike(left.column(name).combine_chunks(), right.column(name).combine_chunks(), name, tally)
    pairs: list[tuple[int, int]] = []
    free_left, free_right = np.ones(len(left), bool), np.ones(len(right), bool)
    for place in np.argsort(-alike, axis=None, kind="stable"):
        row, other = divmod(int(place), len(right))
        if alike[row, other] < len(tally.columns) / 2:
            break
        if free_left[row] and free_right[other]:
            pairs.append((row, other))
            free_left[row] = free_right[other] = False
    return pairs


def _alike(ours: Any, theirs: Any, name: str, tally: Tally) -> npt.NDArray[np.float64]:
    """1 where a cell of the left is the same as one of the right, for numbers a little less the farther apart."""
    left, right = (pc.dictionary_encode(column) for column in (ours, theirs))
    found = np.zeros((len(left.dictionary), len(right.dictionary)))
    for row, text in enumerate(left.dictionary):
        repeated = pa.array([text.as_py()] * len(right.dictionary), pa.string())
        differing = unequal(repeated, right.dictionary, name, tally.rules)
        found[row] = 1.0
        found[row, differing.indices] = np.where(
            np.isnan(differing.sizes), 0.0, 0.5 / (1.0 + np.nan_to_num(differing.sizes))
        )
    return np.asarray(found[np.ix_(np.asarray(left.indices), np.asarray(right.indices))])


def _sorted(left: Any, right: Any, tally: Tally) -> list[tuple[int, int]]:
    """Of many rows: those with the same texts, in the order of their numbers."""
    measured = [name for name in tally.columns if _is_measured(left.column(name)) and _is_measured(right.column(name))]
    exact = [name for name in tally.columns if name not in measured]
    groups = [_groups(table, exact, measured) for table in (left, right)]
    pairs: list[tuple[int, int]] = []
    for key, rows in groups[0].items():
        pairs += list(zip(rows, groups[1].get(key, []), strict=False))
    return pairs


def _groups(table: Any, exact: list[str], measured: list[str]) -> dict[tuple[str, ...], list[int]]:
    numbers = [np.asarray(pc.cast(table.column(name), pa.float64())) for name in measured]
    order = np.lexsort(numbers[::-1]) if numbers else np.arange(len(table))
    texts = [table.column(name).to_pylist() for name in exact]
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in order.tolist():
        found[tuple(column[index] for column in texts)].append(index)
    return found


def _is_measured(column: Any) -> bool:
    """Whether all cells are numbers and some have a fraction."""
    if not pc.all(pc.match_substring_regex(column, _FRACTION)).as_py() or pc.any(pc.equal(column, "")).as_py():
        return False
    return bool(pc.any(pc.match_substring(column, ".")).as_py())
