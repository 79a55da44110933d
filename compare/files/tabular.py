"""csv, jsonl, parquet and feather: by their cells."""

from __future__ import annotations

from pathlib import Path

from amlbridge.compare.files.finding import Finding
from amlbridge.compare.references import References
from amlbridge.compare.rules import Rules
from amlbridge.compare.tables.compare import compare as compare_tables
from amlbridge.compare.tables.compare import open_table


def compare(left: Path, right: Path, rules: Rules, _references: References) -> Finding:
    """The cells that differ. Raises :class:`~amlbridge.compare.errors.UnreadableError`."""
    tally, facts = compare_tables(open_table(left), open_table(right), right.name, rules)
    return Finding(tally.count, tuple(tally.kept), tally.spread, facts)
