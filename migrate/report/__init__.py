"""Reports on a run, for machines and for people. The suffix of the file chooses the format."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from amlbridge.migrate.findings import FileReport

#: Suffix -> the module that writes it, which is imported then: most runs write no report.
FORMATS = {".json": "json", ".sarif": "sarif", ".md": "markdown", ".html": "html"}


def render(path: Path, reports: Sequence[FileReport], base: Path) -> str:
    """The report that belongs into ``path``; the paths in it are relative to ``base``. Raises ValueError for a suffix
    that stands for no format."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"there is no report with the suffix {suffix or '(none)'!r}; there are {', '.join(FORMATS)}")
    module = importlib.import_module(f"amlbridge.migrate.report.{FORMATS[suffix]}")
    write: Callable[[Sequence[FileReport], Path], str] = module.render
    return write(reports, base)
