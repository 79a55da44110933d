"""What is found in a file, and what became of the file: the records that every report is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Status(str, Enum):
    """What became of one use of a symbol of SDK v1."""

    CONVERTED = "converted"
    #: Converted on an assumption, which the message states.
    REVIEW = "review"
    #: Left as it is, with a TODO comment at the place.
    MANUAL = "manual"
    #: SDK v2 has nothing like it; the message says what to do instead.
    NO_EQUIVALENT = "no-equivalent"
    #: Left as it is, because the user said so.
    IGNORED = "ignored"

    def __str__(self) -> str:
        return self.value


def together(messages: Iterable[str]) -> str:
    """Several messages as one: each once, those that say nothing left out."""
    return "; ".join(dict.fromkeys(filter(None, messages)))


#: What leaves code of SDK v1 in the file.
UNCONVERTED = frozenset({Status.MANUAL, Status.NO_EQUIVALENT, Status.IGNORED})


class FileStatus(str, Enum):
    """What became of one file."""

    #: Nothing of SDK v1 in it, or only what the user ignores.
    UNCHANGED = "unchanged"
    #: Converted as a whole: no import of SDK v1 is left.
    MIGRATED = "migrated"
    #: Some uses of SDK v1 are left, each with a finding.
    PARTIAL = "partial"
    #: Could not be read or converted; it is as it was.
    FAILED = "failed"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Finding:
    """One use of a symbol of SDK v1, or one reason why a file could not be converted (then ``symbol`` is "").

    ``line`` and ``column`` count from 1, in characters; in a notebook ``line`` counts within the cell, and ``cell`` is
    the cell's index in the notebook (from 0). ``doc`` is a link or a page of docs/ that says more.
    """

    rule: str
    symbol: str
    status: Status
    line: int
    column: int
    message: str
    doc: str = ""
    cell: int | None = None

    @property
    def is_failure(self) -> bool:
        """Whether it tells of a file that could not be converted, rather than of a symbol."""
        return not self.symbol


class BadInputError(Exception):
    """A file that cannot be converted at all: with the rule under which it is reported, and the place."""

    def __init__(self, rule: str, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line
        self.column = column

    def finding(self) -> Finding:
        """As a finding."""
        return Finding(self.rule, "", Status.MANUAL, self.line, self.column, str(self), doc="docs/rules.md#bad-input")


@dataclass(frozen=True)
class FileReport:
    """One file of a run. ``before``/``after``: its bytes; ``after`` is ``before`` when nothing changed. ``created``:
    further files that its conversion needs, path -> bytes."""

    path: Path
    status: FileStatus
    findings: Sequence[Finding] = ()
    before: bytes = b""
    after: bytes = b""
    created: Mapping[Path, bytes] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after or bool(self.created)


#: Rules whose code imports a package of SDK v2 that is called azureml-...: "migrated" says that a file imports none.
_CALLED_AZUREML = frozenset({"data-collectors"})


def status_of(findings: Sequence[Finding], *, changed: bool) -> FileStatus:
    """The status of a file that could be read, from its findings."""
    found = {finding.status for finding in findings}
    if found & {Status.MANUAL, Status.NO_EQUIVALENT}:
        return FileStatus.PARTIAL
    if not changed:
        return FileStatus.UNCHANGED
    named = any(finding.rule in _CALLED_AZUREML for finding in findings)
    return FileStatus.PARTIAL if Status.IGNORED in found or named else FileStatus.MIGRATED


@dataclass(frozen=True)
class Summary:
    """The numbers of a run. ``converted_share``: uses converted or for review over all that the user does not ignore,
    from 0 to 1; 1 when there are none."""

    files: int
    by_status: Mapping[str, int]
    v1_symbols: int
    converted_share: float
    by_finding: Mapping[str, int]

    @classmethod
    def of(cls, reports: Iterable[FileReport]) -> Summary:
        """Counted over the files of a run."""
        by_status = dict.fromkeys(map(str, FileStatus), 0)
        by_finding = dict.fromkeys(map(str, Status), 0)
        for report in reports:
            by_status[report.status.value] += 1
            for finding in report.findings:
                if not finding.is_failure:
                    by_finding[finding.status.value] += 1
        done = by_finding[Status.CONVERTED.value] + by_finding[Status.REVIEW.value]
        symbols = sum(by_finding.values())
        counted = symbols - by_finding[Status.IGNORED.value]
        share = round(done / counted, 4) if counted else 1.0
        return cls(sum(by_status.values()), by_status, symbols, share, by_finding)
