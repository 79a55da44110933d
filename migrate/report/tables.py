"""What the reports for people count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from amlbridge.migrate.findings import UNCONVERTED, FileReport, FileStatus, Summary

STATUS_WORDS = {
    FileStatus.MIGRATED: "converted as a whole",
    FileStatus.PARTIAL: "some of SDK v1 is left",
    FileStatus.FAILED: "could not be read or converted; as it was",
    FileStatus.UNCHANGED: "nothing to convert",
}


def headline(summary: Summary) -> str:
    """The run in one line."""
    if not summary.v1_symbols:
        return f"{summary.files} files, nothing of SDK v1 found"
    share = f"{summary.converted_share:.1%}"
    return f"{summary.files} files, {summary.v1_symbols} uses of SDK v1, {share} of them converted"


def unconverted_symbols(reports: Sequence[FileReport]) -> list[tuple[str, str, int, int]]:
    """Symbol, status, uses and files of what is left, the most frequent first."""
    uses, files = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for report in reports:
        keys = [
            (item.symbol, item.status.value) for item in report.findings if item.status in UNCONVERTED and item.symbol
        ]
        uses.update(keys)
        files.update(set(keys))
    return [(*key, count, files[key]) for key, count in sorted(uses.items(), key=lambda item: (-item[1], item[0]))]
