"""Rows that are told apart by key columns: both sides are parted by the hash of the key into files, and joined part by
part, so that memory does not grow with the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amlbridge.compare.tables import hashing
from amlbridge.compare.tables.read import Table
from amlbridge.compare.tables.tally import Tally, shown

#: Bytes of a csv in one part.
_PART = 24 << 20
_SEPARATOR = "\x1f"
_MOST_EXAMPLES = 20


def compare(left: Table, right: Table, keys: tuple[str, ...], tally: Tally) -> tuple[int, int]:
    """Compares the rows that have the same key, the n-th of a repeated key with the n-th. Returns the
    numbers of rows."""
    parts = 1 + max(left.path.stat().st_size, right.path.stat().st_size) // _PART
    columns = tuple(dict.fromkeys((*keys, *tally.columns)))
    with tempfile.TemporaryDirectory(prefix="amlbridge-compare-") as folder:
        counts = [_part(side, keys, columns, Path(folder) / name, parts) for name, side in _named(left, right)]
        for number in range(parts):
            ours, theirs = (_read(Path(folder) / name / str(number)) for name in ("left", "right"))
            join(ours, theirs, keys, tally)
    return counts[0], counts[1]


def _named(left: Table, right: Table) -> tuple[tuple[str, Table], tuple[str, Table]]:
    return ("left", left), ("right", right)


def _part(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], folder: Path, parts: int) -> int:
    folder.mkdir()
    schema = pa.schema([(name, pa.string()) for name in columns])
    files = [pa.ipc.new_file(str(folder / str(number)), schema) for number in range(parts)]
    count = 0
    try:
        for batch in table.batches():
            batch = batch.select(list(columns))
            count += batch.num_rows
            if parts == 1:
                files[0].write_batch(batch)
                continue
            part = (hashing.rows(batch, keys) >> np.uint64(32)) % np.uint64(parts)
            for number in np.unique(part):
                files[int(number)].write_batch(batch.take(pa.array(np.flatnonzero(part == number))))
    finally:
        for file in files:
            file.close()
    return count


def _read(path: Path) -> Any:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().combine_chunks()


def join(left: Any, right: Any, keys: tuple[str, ...], tally: Tally) -> None:
    """Compares two tables in memory by their keys."""
    ours, theirs = _labels(left, keys), _labels(right, keys)
    place = pc.index_in(ours, theirs)
    there = np.flatnonzero(np.asarray(place.is_valid()))
    chosen = place.take(pa.array(there))
    labels = [_label(keys, text) for text in ours.take(pa.array(there[:1000])).to_pylist()]
    labels += [""] * (len(there) - len(labels))
    one, other = left.take(pa.array(there)), right.take(chosen)
    if len(there) > 1000 and one != other:
        labels = [_label(keys, text) for text in ours.take(pa.array(there)).to_pylist()]
    tally.pair(one, other, labels)
    only_left = np.flatnonzero(~np.asarray(place.is_valid()))
    only_right = np.flatnonzero(~np.asarray(pc.is_in(theirs, ours)))
    for side, all_labels, only in (("left", ours, only_left), ("right", theirs, only_right)):
        some = all_labels.take(pa.array(only[:_MOST_EXAMPLES])).to_pylist()
        tally.alone(side, len(only), [_label(keys, text) for text in some], add=True)


def _labels(table: Any, keys: tuple[str, ...]) -> Any:
    """The key of each row as one text, and the how manieth of its key it is."""
    columns = [_one(table.column(name)) for name in keys]
    joined = pc.binary_join_element_wise(*columns, _SEPARATOR)
    codes = np.asarray(pc.dictionary_encode(joined).indices)
    order = np.argsort(codes, kind="stable")
    first = np.zeros(len(codes), np.int64)
    if len(codes):
        starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) != 0])
        first[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.r_[starts, len(codes)]))
    return pc.binary_join_element_wise(joined, pc.cast(pa.array(first), pa.string()), _SEPARATOR)


def _one(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _label(keys: tuple[str, ...], text: str) -> str:
    *values, number = text.split(_SEPARATOR)
    repeated = f" (number {int(number) + 1} of this key)" if number != "0" else ""
    return ", ".join(f"{name}={shown(value)}" for name, value in zip(keys, values, strict=False)) + repeated
