"""Row n against row n: both tables are read side by side, a few megabytes at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from amlbridge.compare.tables.read import Table
from amlbridge.compare.tables.tally import Tally, shown

_AHEAD = 2
_MOST_EXAMPLES = 20


def compare(left: Table, right: Table, tally: Tally) -> tuple[int, int]:
    """Compares the columns of the tally row by row. Returns how many rows each side has."""
    columns = list(tally.columns)
    sides = [_ahead(left, columns), _ahead(right, columns)]
    held: list[Any] = [None, None]
    counts = [0, 0]
    while True:
        for index, side in enumerate(sides):
            if held[index] is None or not held[index].num_rows:
                held[index] = next(side, None)
                counts[index] += held[index].num_rows if held[index] is not None else 0
        if held[0] is None or held[1] is None:
            break
        rows = min(held[0].num_rows, held[1].num_rows)
        tally.pair(held[0].slice(0, rows), held[1].slice(0, rows))
        held = [item.slice(rows) for item in held]
    for index, name in enumerate(("left", "right")):
        if held[index] is not None:
            examples = _examples(held[index])
            counts[index] += sum(batch.num_rows for batch in sides[index])
            tally.alone(name, counts[index] - tally.rows, examples)
    return counts[0], counts[1]


def _ahead(table: Table, columns: list[str]) -> Iterator[Any]:
    """The batches of a table, read in a thread while the last ones are compared. Empty ones are left out."""
    ready: queue.Queue[Any] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def offer(item: Any) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def read() -> None:
        try:
            for batch in table.batches():
                if batch.num_rows:
                    offer(batch.select(columns))
                if stopped.is_set():
                    return
            offer(None)
        except Exception as error:  # noqa: BLE001 - raised again where the batches are used
            offer(error)

    threading.Thread(target=read, name="read table", daemon=True).start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stopped.set()


def _examples(batch: Any) -> list[str]:
    """The first rows of a batch as texts."""
    some: Any = pa.Table.from_batches([batch.slice(0, _MOST_EXAMPLES)]) if isinstance(batch, pa.RecordBatch) else batch
    return [", ".join(shown(cell) for cell in row.values()) for row in some.to_pylist()]
