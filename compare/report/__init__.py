"""A comparison for machines and for people. The suffix of the file chooses the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from amlbridge.compare.report import html, json, junit
from amlbridge.compare.result import Report
from amlbridge.compare.series import Verification
from amlbridge.engine.plan import Plan

#: The two Plans that the report is about, where they are known: the page draws them.
Plans = tuple[Plan, Plan] | None
#: Suffix -> what writes it.
FORMATS: dict[str, Callable[[Report, Plans], str]] = {
    ".json": lambda report, _plans: json.render(report),
    ".xml": lambda report, _plans: junit.render(report),
    ".html": html.render,
}
_VERIFICATIONS: dict[str, Callable[[Verification], str]] = {
    ".json": json.render_verification,
    ".xml": junit.render_verification,
    ".html": html.render_verification,
}


def render(path: Path, report: Report, plans: Plans = None) -> str:
    """The report that belongs into ``path``. Raises ValueError for a suffix that stands for no format."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"there is no report with the suffix {suffix or '(none)'!r}; there are {', '.join(FORMATS)}")
    return FORMATS[suffix](report, plans)


def render_verification(path: Path, found: Verification) -> str:
    """The report of a verification that belongs into ``path``, whose suffix is one of :data:`FORMATS`."""
    return _VERIFICATIONS[path.suffix.lower()](found)
