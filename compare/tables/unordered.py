"""Rows in any order and without a key: what is equal is counted away by hashes, what is left is paired by likeness."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from amlbridge.compare.tables import hashing, pairing
from amlbridge.compare.tables.read import Table
from amlbridge.compare.tables.tally import Tally, shown

#: Rows of each side that are left to be paired in memory.
MOST_LEFT = 50_000
_MOST_EXAMPLES = 20


def compare(left: Table, right: Table, tally: Tally) -> tuple[int, int, str]:
    """Compares the rows as multisets. Returns the counts of rows, and how the rest was paired ("" when nothing was left
    over)."""
    columns = tally.columns
    ours, theirs = _hashes(left, columns), _hashes(right, columns)
    (more_left, only_left), (more_right, only_right) = _surplus(ours, theirs), _surplus(theirs, ours)
    counts = len(ours), len(theirs)
    more = more_left, more_right
    if not any(more):
        return *counts, ""
    if max(more) > MOST_LEFT:
        tally.alone("left", more[0], _examples(_rest(left, columns, only_left, _MOST_EXAMPLES)))
        tally.alone("right", more[1], _examples(_rest(right, columns, only_right, _MOST_EXAMPLES)))
        return *counts, f"more than {MOST_LEFT} rows differ and were not paired: give the key columns (--key)"
    one, other = _rest(left, columns, only_left, MOST_LEFT), _rest(right, columns, only_right, MOST_LEFT)
    return *counts, pairing.compare(one, other, tally)


def _hashes(table: Table, columns: tuple[str, ...]) -> hashing.Hashes:
    found = [hashing.rows(batch, columns) for batch in table.batches()]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


def _surplus(ours: hashing.Hashes, theirs: hashing.Hashes) -> tuple[int, dict[int, int]]:
    """How many rows ``ours`` has more, and of which hash how many; of no more hashes than can be paired. One sixteenth
    of the hashes at a time: sorting takes memory."""
    count = 0
    surplus: dict[int, int] = {}
    for part in range(16):
        some, others = (side[(side >> np.uint64(60)) == part] for side in (ours, theirs))
        values, more = _more(some, others)
        count += int(more.sum())
        room = max(0, MOST_LEFT - len(surplus))
        surplus |= dict(zip(values[:room].tolist(), more[:room].tolist(), strict=True))
    return count, surplus


def _more(ours: hashing.Hashes, theirs: hashing.Hashes) -> tuple[hashing.Hashes, npt.NDArray[np.int64]]:
    """The hashes of which ``ours`` has more, and how many more."""
    values, counts = np.unique(ours, return_counts=True)
    others, other_counts = np.unique(theirs, return_counts=True)
    if not len(others):
        return values, counts
    place = np.minimum(np.searchsorted(others, values), len(others) - 1)
    more = counts - np.where(others[place] == values, other_counts[place], 0)
    found = more > 0
    return values[found], more[found]


def _rest(table: Table, columns: tuple[str, ...], surplus: dict[int, int], most: int) -> Any:
    """The rows that the other side has not, at most so many."""
    wanted = np.array(sorted(surplus), np.uint64)
    remaining, found, count = dict(surplus), [], 0
    for batch in table.batches():
        if count >= most:
            break
        hashes = hashing.rows(batch, columns)
        chosen = _take(np.flatnonzero(np.isin(hashes, wanted)), hashes, remaining)[: most - count]
        if chosen:
            found.append(batch.select(list(columns)).take(pa.array(chosen)))
            count += len(chosen)
    schema = pa.schema([(name, pa.string()) for name in columns])
    return pa.Table.from_batches(found, schema).combine_chunks()


def _take(candidates: npt.NDArray[np.int64], hashes: hashing.Hashes, remaining: dict[int, int]) -> list[int]:
    chosen = []
    for index in candidates.tolist():
        key = int(hashes[index])
        if remaining[key]:
            remaining[key] -= 1
            chosen.append(index)
    return chosen


def _examples(rows: Any) -> list[str]:
    return [", ".join(shown(cell) for cell in row.values()) for row in rows.to_pylist()]
