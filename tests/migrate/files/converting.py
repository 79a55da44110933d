"""Converts a text twice, as all tests of files do."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.files import convert_file, handles
from amlbridge.migrate.module import Conversion, Options
from amlbridge.migrate.project.modules import build_project


def convert(name: str, text: str, options: Options | None = None) -> Conversion:
    """The conversion of a file; a second one of its result must change nothing."""
    chosen = options or Options()
    project = build_project([], chosen)
    first = convert_file(Path(name), text, project, chosen)
    again = convert_file(Path(name), first.text, project, chosen)
    assert again.text == first.text
    return first


def taken(name: str, text: str) -> bool:
    """Whether a file is looked at at all."""
    return handles(Path(name), text)


def told(conversion: Conversion) -> list[tuple[str, str, int]]:
    """Symbol, status and line of each finding."""
    return [(finding.symbol, str(finding.status), finding.line) for finding in conversion.findings]
