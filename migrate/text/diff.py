"""The changes of a file as a unified diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from amlbridge.migrate.findings import FileReport

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def unified(report: FileReport, show: str, created: dict[str, bytes]) -> Iterator[str]:
    """The lines of the diff, each with its end. ``show`` is the path to name; ``created``: path to name -> content."""
    if report.before != report.after:
        yield from _diff(report.before, report.after, f"a/{show}", f"b/{show}")
    for name, content in created.items():
        yield from _diff(b"", content, "/dev/null", f"b/{name}")


def _diff(before: bytes, after: bytes, old: str, new: str) -> Iterator[str]:
    for line in difflib.unified_diff(_lines(before), _lines(after), old, new):
        # A line without an end of its own is the last one of its file.
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(content: bytes) -> list[str]:
    return _LINE.findall(content.decode("utf-8", "replace"))
