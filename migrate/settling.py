"""Files that a run converts in part are brought to where a further run would change nothing.

What stays SDK v1 may look different to us beside code of SDK v2 than it did beside code of SDK v1. People run us again
and again (from a pre-commit hook), so that what a second run would do is part of the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from pathlib import Path

from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status, status_of

#: After so many further runs a file is taken as it is.
_MOST = 3
_DONE = (Status.CONVERTED, Status.REVIEW)
#: What a further run says of some files: the reports so far, the paths -> the reports.
Again = Callable[[Mapping[Path, FileReport], Set[Path]], Iterable[FileReport]]


def settled(reports: Mapping[Path, FileReport], again: Again) -> dict[Path, FileReport]:
    """The reports of a run, where ``again`` does not change any more what is converted in part."""
    found = dict(reports)
    left = {path for path, report in found.items() if report.status is FileStatus.PARTIAL}
    for _ in range(_MOST):
        if not left:
            break
        further = [report for report in again(found, left) if report.changed and report.status is not FileStatus.FAILED]
        found.update((report.path, continued(found[report.path], report)) for report in further)
        left = {report.path for report in further}
    return found


def continued(first: FileReport, further: FileReport) -> FileReport:
    """The report on a file that was converted twice. Its findings are those of what its user has written: of the
    second run, those are told which convert what the first had left."""
    if any(first.created.get(path, content) != content for path, content in further.created.items()):
        return first
    left, findings = list(first.findings), []
    late = [finding for finding in further.findings if finding.status in _DONE]
    for finding in left:
        now = next((item for item in late if _is_same(finding, item)), None)
        if now is not None:
            late.remove(now)
        findings.append(
            finding if now is None else replace(now, line=finding.line, column=finding.column, cell=finding.cell)
        )
    created = {**first.created, **further.created}
    changed = first.before != further.after
    return replace(
        first, after=further.after, created=created, findings=findings, status=status_of(findings, changed=changed)
    )


def _is_same(left: Finding, converted: Finding) -> bool:
    return left.symbol == converted.symbol and left.status in (Status.MANUAL, Status.NO_EQUIVALENT)
