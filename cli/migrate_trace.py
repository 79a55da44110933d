"""`amlbridge migrate --trace`: what the rewritten code submits is compared with what the code of SDK v1 submits."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.cli.output import EXIT_USAGE, Failure, say
from amlbridge.server import home as homes
from amlbridge.server.home import Home

if TYPE_CHECKING:
    from amlbridge.compare.result import Check
    from amlbridge.migrate.findings import FileReport, Finding
    from amlbridge.trace.captured import Captured

RULE = "trace"


def check(reports: Sequence[FileReport], line: str, *, permissive: bool) -> list[FileReport]:
    """The reports with what a trace of a script adds to those of its file. ``line``: the script with its arguments.
    Raises :class:`Failure` when the script cannot be traced."""
    words = shlex.split(line)
    script = Path(words[0]) if words else Path()
    if not script.is_file():
        do = "give a script of SDK v1 with its arguments, as one argument: --trace 'pipeline.py --epochs 3'"
        raise Failure(f"cannot trace {line!r}", why="there is no such file", do=do, code=EXIT_USAGE)
    mine = next((item for item in reports if item.path.resolve() == script.resolve()), None)
    if mine is None:
        raise Failure(f"cannot trace {script}", why="it is not among what is converted", code=EXIT_USAGE)
    say(f"tracing {script} as it is")
    state = homes.find()
    code, left = _graphs(script, words[1:], state, permissive=permissive)
    if not left:
        why = f"it has submitted nothing (exit code {code})"
        raise Failure(f"{script} cannot be compared with its conversion", why=why, do="try amlbridge trace first")
    say(f"tracing {script} as it will be")
    with _converted(script, reports) as copied:
        code, right = _graphs(copied, words[1:], state, permissive=permissive)
    found = list(findings(left, right, code, mine))
    if not found:
        say(f"the rewritten code submits the same: {', '.join(item.name for item in left)}", style="green")
    return [_with(item, found) if item is mine else item for item in reports]


def _graphs(script: Path, arguments: Sequence[str], state: Home, *, permissive: bool) -> tuple[int, list[Captured]]:
    from amlbridge.cli.trace_run import traced

    with traced(str(script), arguments, state, permissive=permissive) as run:
        return run.exit_code, run.capture.all()


@contextlib.contextmanager
def _converted(script: Path, reports: Sequence[FileReport]) -> Iterator[Path]:
    """The script in a copy of the project with all changes, whose folder is the current one until the end."""
    from amlbridge.cli.verify_copy import Project

    project, before = Project.of(script, None), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="amlbridge-migrate-") as place:
        target = Path(place) / "project"
        project.copy(target)
        for report in reports:
            files = {report.path: report.after, **report.created} if report.changed else {}
            for path, content in files.items():
                if path.resolve().is_relative_to(project.root):
                    copied = target / path.resolve().relative_to(project.root)
                    copied.parent.mkdir(parents=True, exist_ok=True)
                    copied.write_bytes(content)
        os.chdir(target / project.current)
        try:
            yield target / project.script
        finally:
            os.chdir(before)


def findings(left: Sequence[Captured], right: Sequence[Captured], code: int, report: FileReport) -> Iterator[Finding]:
    """What the graphs of both versions differ in. ``code`` is the exit code of the rewritten script, ``report`` that of
    its conversion."""
    from amlbridge.cli.trace_marks import without_marks
    from amlbridge.compare.plans import compare_plans
    from amlbridge.compare.result import Verdict
    from amlbridge.compare.rules import Rules
    from amlbridge.migrate.findings import Finding, Status

    def finding(status: Status, symbol: str, message: str) -> Finding:
        return Finding(RULE, symbol, status, _line(report, symbol), 1, message)

    if len(right) < len(left):
        what = f"v1 submits {len(left)} graphs, the rewritten code {len(right)} (exit code {code})"
        yield finding(Status.MANUAL, left[len(right)].name, f"traced: {what}")
    for one, other in zip(left, right, strict=False):
        for step, check_ in compare_plans(one.plan, without_marks(other.plan), Rules()).checks():
            if check_.verdict is Verdict.DIFFERENT:
                yield finding(Status.MANUAL, step or one.name, f"traced: {_told(check_)}")
            elif check_.verdict is Verdict.NOT_COMPARED:
                yield finding(Status.REVIEW, step or one.name, f"traced: {_told(check_)}")


def _told(check: Check) -> str:
    shown = "; ".join(f"v1 {item.left}, v2 {item.right}" for item in check.differences[:3])
    return f"{check.subject}: {check.reason}" + (f" ({shown})" if shown else "")


def _line(report: FileReport, symbol: str) -> int:
    """The line of the script that names a step; 1 when none does."""
    name = symbol.partition(" / ")[0].encode()
    for number, line in enumerate(report.before.splitlines(), 1):
        if b'"' + name + b'"' in line or b"'" + name + b"'" in line:
            return number
    return 1


def _with(report: FileReport, found: Sequence[Finding]) -> FileReport:
    from amlbridge.migrate.findings import status_of

    findings = [*report.findings, *found]
    return replace(report, findings=findings, status=status_of(findings, changed=report.changed))
