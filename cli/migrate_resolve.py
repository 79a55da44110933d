"""Pipelines whose steps the codemod cannot follow, taken from what a traced run has submitted."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.cli.output import say

if TYPE_CHECKING:
    from amlbridge.migrate.cleanup.without_steps import Narrowed
    from amlbridge.migrate.findings import FileReport, Finding
    from amlbridge.migrate.settings import Settings
    from amlbridge.migrate.traced import TracedPipeline
    from amlbridge.trace.captured import Captured, Sources

_SYMBOL = "Pipeline"
_GONE = "traced: the pipeline's function has it as the traced run has made it"


@dataclass(frozen=True)
class Resolved:
    """A module whose pipelines a trace tells. ``content``: what is converted instead of it."""

    report: FileReport
    content: bytes
    narrowed: Narrowed
    traced: dict[str, TracedPipeline]


def resolve(
    reports: Sequence[FileReport],
    script: Path,
    captured: Sequence[Captured],
    sources: Callable[[Captured], Sources],
    paths: Sequence[Path],
    settings: Settings,
    line: str,
) -> tuple[Resolved | None, str]:
    """The module with a pipeline that could not be followed, and what the trace knows of it. None where there is none;
    then the text says why what there is cannot be taken from the trace ("" when everything was followed)."""
    from amlbridge.engine.errors import EngineError
    from amlbridge.migrate.text.source import SourceFile
    from amlbridge.migrate.traced import mark
    from amlbridge.trace.fragment import Place, fragment

    report = _unfollowed(reports, script)
    if report is None:
        return None, ""
    if report.path.suffix != ".py":
        return None, "a pipeline of a notebook is not taken from a trace: see amlbridge trace"
    graphs = [item for item in captured if item.kind == "pipeline"]
    made, left = _calls(report, left=False), _calls(report, left=True)
    if len(made) != len(graphs) and not len(left) == len(graphs) == 1:
        return None, f"{report.path.name} makes {len(made)} pipelines, and the run has submitted {len(graphs)}"
    pairs = list(zip(made, graphs, strict=True)) if len(made) == len(graphs) else [(left[0], graphs[0])]
    source = SourceFile.of_python(report.before)
    place = Place(Path.cwd(), report.path.resolve().parent, "publish" in source.text, line)
    traced: dict[str, TracedPipeline] = {}
    text, narrowed = source.text, None
    wanted = [(finding, graph) for finding, graph in pairs if finding in left]
    if len(wanted) > 1:
        return None, f"{report.path.name} makes several pipelines that cannot be followed"
    for finding, graph in wanted:
        try:
            traced[mark(len(traced))] = fragment(graph, sources(graph), place)
        except EngineError as error:
            return None, str(error)
        narrowed = _without(report, finding, mark(0), paths, settings)
        text = narrowed.text if narrowed is not None else text
    if narrowed is None:
        return None, "the steps of the pipeline come from keywords that cannot be told"
    return Resolved(report, source.encode(text), narrowed, traced), ""


def _unfollowed(reports: Sequence[FileReport], script: Path) -> FileReport | None:
    """The report of the script if it makes a pipeline that was left, else that of the only module that does among those
    that it imports."""
    found = [report for report in _imported(reports, script) if _calls(report, left=True)]
    mine = [report for report in found if report.path.resolve() == script.resolve()]
    return mine[0] if mine else found[0] if len(found) == 1 else None


def _imported(reports: Sequence[FileReport], script: Path) -> list[FileReport]:
    """The reports of the script and of the modules that it and they import, by the ends of their paths."""
    found = [report for report in reports if report.path.resolve() == script.resolve()]
    for report in found:
        for name in _imports(report):
            ends = (f"/{name.replace('.', '/')}.py", f"/{name.replace('.', '/')}/__init__.py")
            found += [item for item in reports if item not in found and f"/{item.path.as_posix()}".endswith(ends)]
    return found


def _imports(report: FileReport) -> list[str]:
    try:
        tree = ast.parse(report.before)
    except (SyntaxError, ValueError):
        return []  # its own finding tells it
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = [node.module] if node.module else []
            found += [*start, *(".".join([*start, item.name]) for item in node.names)]
    return found


def _calls(report: FileReport, *, left: bool) -> list[Finding]:
    """The findings of the pipelines that a module makes; ``left``: those that stay SDK v1."""
    from amlbridge.migrate.findings import UNCONVERTED

    found = [finding for finding in report.findings if finding.symbol == _SYMBOL]
    return [finding for finding in found if not left or finding.status in UNCONVERTED]


def _without(
    report: FileReport, finding: Finding, mark: str, paths: Sequence[Path], settings: Settings
) -> Narrowed | None:
    from amlbridge.migrate.analysis.uses import find_uses
    from amlbridge.migrate.analysis.values import Evaluator
    from amlbridge.migrate.cleanup.without_steps import without_steps
    from amlbridge.migrate.convert import parse
    from amlbridge.migrate.discover import discover
    from amlbridge.migrate.load import load_all
    from amlbridge.migrate.run import prepare

    loaded = load_all(discover(paths, settings.exclude).files)
    project = prepare(loaded, settings.options).project
    module = next(item.module for item in loaded if item.path == report.path)
    assert module is not None
    evaluator = project.evaluator(module) or Evaluator(parse(module), project.around(module.path))
    place = finding.line, finding.column
    uses = [use for use in find_uses(evaluator) if (use.node.lineno, use.node.col_offset + 1) == place]
    use = next(use for use in uses if use.symbol == _SYMBOL and use.call is not None)
    try:
        steps = use.argument("steps", position=1)
    except ValueError:
        return None
    if not isinstance(steps, ast.expr):
        return None
    return without_steps(module.text, evaluator, steps, mark, project.read_elsewhere(module.path))


def convert(resolved: Resolved, paths: Sequence[Path], settings: Settings) -> list[FileReport]:
    """All reports again, with what the trace tells."""
    from amlbridge.migrate.run import run

    options = replace(settings.options, traced=resolved.traced)
    name = resolved.report.path
    say(f"{name.name}: a pipeline that cannot be followed is taken from the trace")
    again = run(paths, replace(settings, options=options), instead={name: resolved.content})
    return [_of_old_text(item, resolved) if item.path == name else item for item in again]


def _of_old_text(report: FileReport, resolved: Resolved) -> FileReport:
    """The report with places of the text as it is, and with findings for what is not there any more."""
    from amlbridge.migrate.findings import Status, status_of

    lines, old = resolved.narrowed.lines, resolved.report
    findings = [replace(item, line=lines[item.line - 1]) for item in report.findings]
    findings += [
        replace(item, status=Status.CONVERTED, message=_GONE)
        for item in old.findings
        if resolved.narrowed.is_gone(item.line, item.column)
    ]
    findings.sort(key=lambda item: (item.line, item.column))
    changed = report.after != old.before or bool(report.created)
    return replace(report, findings=findings, before=old.before, status=status_of(findings, changed=changed))
