"""One table against another: the columns first, then the rows."""

from __future__ import annotations

from collections import Counter

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.result import MOST_KEPT, Difference
from amlbridge.compare.rules import Rules
from amlbridge.compare.tables import keyed, ordered, unordered
from amlbridge.compare.tables.read import Table, open_table
from amlbridge.compare.tables.tally import Tally

#: Bytes of tables that differ up to which they are also compared without regard to their order.
_MOST_REORDERED = 16 << 20


def compare(left: Table, right: Table, name: str, rules: Rules) -> tuple[Tally, dict[str, str]]:
    """The differences of two tables, and what a reader has to know of how they were found. ``name`` is the file's, by
    which keys are given. Raises :class:`UnreadableError`."""
    for table in (left, right):
        _require_distinct(table)
    common = tuple(column for column in left.columns if column in right.columns)
    tally = Tally(rules, common)
    _columns(left, right, rules, tally)
    facts: dict[str, str] = {}
    keys = rules.keys_of(name)
    missing = [key for key in keys if key not in common]
    if missing:
        raise UnreadableError(f"the key column {', '.join(missing)} is not in both tables")
    if keys:
        counts: tuple[int, int] = keyed.compare(left, right, keys, tally)
        facts["key"] = ", ".join(keys)
    elif rules.row_order == "free":
        *found, paired = unordered.compare(left, right, tally)
        counts = found[0], found[1]
        facts["row order"] = "free"
        if paired:
            facts["pairing"] = paired
    else:
        counts = ordered.compare(left, right, tally)
        small = left.path.stat().st_size <= _MOST_REORDERED
        maybe = small and counts[0] == counts[1] and sum(tally.cells.values()) > 1
        if maybe and not _differs_unordered(left, right, common, rules):
            facts["row order"] = "the same rows in another order, which --row-order free allows"
    facts["rows"] = f"{counts[0]:,}" if counts[0] == counts[1] else f"{counts[0]:,} and {counts[1]:,}"
    if tally.cells:
        most = sorted(tally.cells.items(), key=lambda item: -item[1])
        facts["cells by column"] = ", ".join(f"{column} {count:,}" for column, count in most[:20])
    return tally, facts


def _require_distinct(table: Table) -> None:
    twice = [name for name, count in Counter(table.columns).items() if count > 1]
    if twice:
        raise UnreadableError(f"{table.path.name} has two columns called {twice[0]!r}")


def _columns(left: Table, right: Table, rules: Rules, tally: Tally) -> None:
    """Notes columns that are missing, in another place or of another type."""
    found = [Difference("column", name, "") for name in left.columns if name not in right.columns]
    found += [Difference("column", "", name) for name in right.columns if name not in left.columns]
    order = tuple(name for name in right.columns if name in left.columns)
    if order != tally.columns and rules.row_order == "strict":
        found.append(Difference("order of the columns", ", ".join(tally.columns), ", ".join(order)))
    types = dict(zip(right.columns, right.types, strict=True))
    for name, kind in zip(left.columns, left.types, strict=True):
        if rules.types == "strict" and types.get(name, kind) != kind and kind and types[name]:
            found.append(Difference(f"type of column {name}", kind, types[name]))
    tally.count += len(found)
    tally.kept += found[:MOST_KEPT]
    tally.spread |= {f"{item.place} {item.left or item.right}": float("inf") for item in found}


def _differs_unordered(left: Table, right: Table, columns: tuple[str, ...], rules: Rules) -> bool:
    trial = Tally(rules, columns)
    unordered.compare(left, right, trial)
    return trial.count > 0


__all__ = ["compare", "open_table"]
