"""Reports on a run, for machines and for people. The suffix of the file chooses the format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from amlbridge.migrate.findings import FileReport
from amlbridge.migrate.report import html, json, markdown, sarif

#: Suffix -> what writes it.
FORMATS: dict[str, Callable[[Sequence[FileReport], Path], str]] = {
    ".json": json.render,
    ".sarif": sarif.render,
    ".md": markdown.render,
    ".html": html.render,
}


def render(path: Path, reports: Sequence[FileReport], base: Path) -> str:
    """The report that belongs into ``path``; the paths in it are relative to ``base``. Raises ValueError for a suffix
    that stands for no format."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"there is no report with the suffix {suffix or '(none)'!r}; there are {', '.join(FORMATS)}")
    return FORMATS[suffix](reports, base)
