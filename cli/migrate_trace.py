"""`amlbridge migrate --trace`: what the code of SDK v1 submits helps to convert it, and the rewritten code has to
submit the same."""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.cli.output import EXIT_USAGE, Failure, say
from amlbridge.migrate.findings import FileReport, Finding, Status, status_of
from amlbridge.server import home as homes

if TYPE_CHECKING:
    from amlbridge.compare.result import Check
    from amlbridge.engine.plan import Parameter, Plan, Scalar
    from amlbridge.migrate.settings import Settings
    from amlbridge.trace.captured import Captured

RULE = "trace"
_SEARCHED = "PYTHONPATH"


def check(
    reports: Sequence[FileReport], line: str, paths: Sequence[Path], settings: Settings, *, permissive: bool
) -> list[FileReport]:
    """The reports with what a trace of a script adds: pipelines that could not be followed are written from it, and
    what the rewritten code submits is compared. ``line``: the script with its arguments; ``paths`` and ``settings``:
    those of the conversion. Raises :class:`Failure` when the script cannot be traced."""
    from amlbridge.cli import migrate_resolve
    from amlbridge.cli.trace_run import traced

    words = shlex.split(line)
    script = Path(words[0]) if words else Path()
    if not script.is_file():
        do = "give a script of SDK v1 with its arguments, as one argument: --trace 'pipeline.py --epochs 3'"
        raise Failure(f"cannot trace {line!r}", why="there is no such file", do=do, code=EXIT_USAGE)
    if not any(item.path.resolve() == script.resolve() for item in reports):
        raise Failure(f"cannot trace {script}", why="it is not among what is converted", code=EXIT_USAGE)
    say(f"tracing {script} as it is")
    state = homes.find()
    with traced(str(script), words[1:], state, permissive=permissive) as run:
        left = run.capture.all()
        if not left:
            why = f"it has submitted nothing (exit code {run.exit_code})"
            raise Failure(f"{script} cannot be compared with its conversion", why=why, do="try amlbridge trace first")
        resolved, why = migrate_resolve.resolve(reports, script, left, run.capture.sources, paths, settings, line)
    first = reports
    if resolved is not None:
        reports = migrate_resolve.convert(resolved, paths, settings)
    say(f"tracing {script} as it will be")
    with _converted(script, reports) as copied, traced(str(copied), words[1:], state, permissive=permissive) as run:
        code, right = run.exit_code, run.capture.all()
    mine = next(item for item in reports if item.path.resolve() == script.resolve())
    found = list(findings(left, right, code, mine))
    wrong = [item for item in found if item.status is Status.MANUAL]
    if resolved is not None and (wrong or code != 0):
        why = wrong[0].message.removeprefix("traced: ") if wrong else f"it ends with exit code {code}"
        why = f"written from the trace, it would not be the same: {why}"
        say(f"{resolved.report.path.name}: {why}", style="yellow")
        return [_unresolved(item, why) if item.path == resolved.report.path else item for item in first]
    if not found:
        say(f"the rewritten code submits the same: {', '.join(item.name for item in left)}", style="green")
    if why:
        say(f"what is not followed cannot be taken from the trace: {why}", style="yellow")
        mine = _unresolved(mine, why)
    return [_with(mine, found) if item.path == mine.path else item for item in reports]


def _unresolved(report: FileReport, why: str) -> FileReport:
    """The report of a module with a pipeline that the trace cannot tell, with the reason."""

    def told(item: Finding) -> Finding:
        left = item.symbol == "Pipeline" and item.status is Status.MANUAL
        return replace(item, message=f"{item.message}; traced: {why}") if left else item

    return replace(report, findings=[told(item) for item in report.findings])


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
        given = os.environ.get(_SEARCHED)
        os.chdir(target / project.current)
        if given is not None:
            os.environ[_SEARCHED] = os.pathsep.join(
                _copied(part, project.root, target) for part in given.split(os.pathsep)
            )
        try:
            yield target / project.script
        finally:
            os.chdir(before)
            if given is not None:
                os.environ[_SEARCHED] = given


def _copied(folder: str, root: Path, target: Path) -> str:
    """A folder in which Python looks for modules, in the copy of the project where it is one of its folders."""
    path = Path(folder).resolve()
    return str(target / path.relative_to(root)) if folder and path.is_relative_to(root) else folder


def findings(left: Sequence[Captured], right: Sequence[Captured], code: int, report: FileReport) -> Iterator[Finding]:
    """What the graphs of both versions differ in. ``code`` is the exit code of the rewritten script, ``report`` that of
    its conversion."""
    from amlbridge.compare.plans import compare_plans
    from amlbridge.compare.result import Verdict
    from amlbridge.compare.rules import Rules

    def finding(status: Status, symbol: str, message: str) -> Finding:
        return Finding(RULE, symbol, status, _line(report, symbol), 1, message)

    if len(right) < len(left):
        what = f"v1 submits {len(left)} graphs, the rewritten code {len(right)} (exit code {code})"
        yield finding(Status.MANUAL, left[len(right)].name, f"traced: {what}")
    for one, other in zip(left, right, strict=False):
        for step, check_ in compare_plans(_submitted(one), _submitted(other), Rules()).checks():
            if check_.verdict is Verdict.DIFFERENT:
                yield finding(Status.MANUAL, step or one.name, f"traced: {_told(check_)}")
            elif check_.verdict is Verdict.NOT_COMPARED:
                yield finding(Status.REVIEW, step or one.name, f"traced: {_told(check_)}")


def _submitted(graph: Captured) -> Plan:
    """The Plan with the values of the first submission as its defaults: SDK v2 knows no others."""
    return replace(graph.plan, parameters=tuple(_given(item, graph.values) for item in graph.plan.parameters))


def _given(item: Parameter, values: Mapping[str, Scalar]) -> Parameter:
    value = values.get(item.name, item.default)
    try:
        if isinstance(value, str) and item.type in ("integer", "number"):
            value = int(value) if item.type == "integer" else float(value)
    except ValueError:
        return replace(item, default=value)  # a text, whatever its type is said to be
    return replace(item, default=value)


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
    findings = [*report.findings, *found]
    return replace(report, findings=findings, status=status_of(findings, changed=report.changed))
