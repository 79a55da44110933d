"""The table as Markdown, and RESULTS.md around it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from .measure import Row, Series, Unit

_HEAD = ("measure", "ours", "floor", "peer", "ratio", "target", "met")
_METHOD = """\
How to read it: medians, in brackets the smallest and largest. *Ratio* is ours over the floor, taken pair by pair within
a round (the contestants take turns, every other round in reverse order), so that other work on the machine falls on
both sides; for a peer it stands beside its time. A target is the most that the median may be. `make bench` writes this
file."""


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [_line(_HEAD), "|" + "---|" * len(_HEAD)]
    lines += [_line(_cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def page(rows: Sequence[Row], facts: Mapping[str, str], before: str, after: str) -> str:
    """RESULTS.md: the machine, the table, notes. ``before`` and ``after`` are the load averages around the run."""
    parts = ["# Speed, measured\n", _METHOD + "\n"]
    parts.append("\n".join(f"- {name}: {value}" for name, value in facts.items()))
    parts.append(f"- load average (1, 5, 15 min): {before} before, {after} after\n")
    text = "\n".join(parts) + "\n" + table(rows)
    notes = [f"- **{row.measure}**: {row.note}" for row in rows if row.note]
    return text + ("\nWhat was measured:\n\n" + "\n".join(notes) + "\n" if notes else "")


def summary(rows: Iterable[Row]) -> str:
    """One line: how many targets are met, and which are not."""
    judged = [row for row in rows if row.met is not None]
    missed = [row.measure for row in judged if not row.met]
    text = f"{len(judged) - len(missed)} of {len(judged)} targets met"
    return f"{text}; missed: {'; '.join(missed)}" if missed else text


def _cells(row: Row) -> tuple[str, ...]:
    if row.problem:
        return (row.measure, f"not measured: {row.problem}", "", "", "", _target(row), _met(row))
    return (
        row.measure,
        _series(row.ours, row.unit),
        _series(row.floor, row.unit),
        "; ".join(_peer(row, name, found) for name, found in row.peers.items()),
        _ratio(row.ratio),
        _target(row),
        _met(row),
    )


def _peer(row: Row, name: str, found: Series | str) -> str:
    if isinstance(found, str):
        return f"{name}: {found}"
    beside = f", {_number(row.ours.ratio(found).median)}x" if row.ours is not None else ""
    return f"{name} {quantity(found.median, row.unit)}{beside}"


def _series(found: Series | None, unit: Unit) -> str:
    if found is None:
        return ""
    if len(found.values) == 1:
        return quantity(found.median, unit)
    return f"{quantity(found.median, unit)} [{quantity(found.low, unit)} – {quantity(found.high, unit)}]"


def _ratio(found: Series | None) -> str:
    if found is None:
        return ""
    if len(found.values) == 1:
        return f"**{_number(found.median)}x**"
    return f"**{_number(found.median)}x** [{_number(found.low)} – {_number(found.high)}]"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return "≤ " + (f"{row.target.limit:g}x" if row.target.of == "ratio" else quantity(row.target.limit, row.unit))


def _met(row: Row) -> str:
    return {None: "", True: "yes", False: "**no**"}[row.met]


def quantity(value: float, unit: Unit) -> str:
    """A value with its unit, three digits or more: seconds below one as milliseconds."""
    if unit == "s" and value < 0.9995:
        return f"{_number(value * 1000)} ms"
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """At least three significant digits, no exponent; ``value`` is not negative."""
    if value == 0:
        return "0"
    places = 2 - math.floor(math.log10(value) + 1e-9)
    return f"{value:,.{max(0, min(places, 12))}f}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
