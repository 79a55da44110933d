"""The report as one HTML page: no script, no other file, nothing from the web."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from amlbridge.compare.plain import plain
from amlbridge.compare.report import drawing
from amlbridge.compare.result import Check, Report, StepResult, Verdict, worst
from amlbridge.compare.series import Note, Verification
from amlbridge.engine.plan import Plan

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1b1f; }
table { border-collapse: collapse; margin: .5rem 0 1.2rem; }
td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; }
td code, td:last-child { overflow-wrap: anywhere; }
code { font: 13px/1.4 ui-monospace, monospace; white-space: pre-wrap; }
summary { cursor: pointer; padding: .2rem 0; } details details { margin-left: 1.2rem; }
.graphs { display: flex; gap: 2rem; flex-wrap: wrap; } .graphs figure { margin: 0; flex: 1 1 20rem; overflow-x: auto; }
.same { color: #14692f; } .noise { color: #1f5f99; } .not { color: #8a5a00; } .different { color: #a3161c; }
svg text { font: 13px system-ui, sans-serif; fill: #1b1b1f; }
svg rect { fill: #f6f6f8; stroke: #888; stroke-width: 1.5; }
svg path { fill: none; stroke: #888; } svg .different rect { stroke: #a3161c; fill: #fdeced; stroke-width: 2.5; }
svg .not rect { stroke: #8a5a00; fill: #fdf5e6; } svg .noise rect { stroke: #1f5f99; fill: #eaf3fb; }
svg .same rect { stroke: #14692f; }
"""
_CLASSES = {
    Verdict.SAME: "same",
    Verdict.NOISE: "noise",
    Verdict.NOT_COMPARED: "not",
    Verdict.DIFFERENT: "different",
}


def render(report: Report, plans: tuple[Plan, Plan] | None = None) -> str:
    """The report as a page. ``plans``: the two graphs, drawn side by side."""
    parts = [f"<h1>{_marked(report.verdict)}</h1>", *_body(report, plans), *_rules(report.rules)]
    return _page(f"{report.verdict.value}: comparison", parts)


def render_verification(found: Verification) -> str:
    """A verification as a page: a table of all steps, then each run with its graphs."""
    parts = [
        f"<h1>{_marked(found.verdict)}</h1>",
        f"<p><code>{escape(found.script)}</code> as it is (left) and migrated (right)</p>",
        _overview(found),
        _checks("script", found.checks),
        *_notes(found.notes),
    ]
    for pair in found.pairs:
        parts += [f"<h2>{escape(pair.name)} {_marked(pair.report.verdict)}</h2>", *_body(pair.report, pair.plans)]
    return _page(f"{found.verdict.value}: {found.script}", [*parts, *_rules(found.rules)])


def _page(title: str, parts: Iterable[str]) -> str:
    head = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
    ]
    return "\n".join(part for part in [*head, *parts, "</body></html>"] if part) + "\n"


def _body(report: Report, plans: tuple[Plan, Plan] | None) -> list[str]:
    return [
        f"<p>left: <code>{escape(report.left)}</code><br>right: <code>{escape(report.right)}</code></p>",
        _graphs(report, plans),
        "<h3>Steps</h3>",
        _table(("step", "verdict", "checks", ""), [_row(step) for step in report.steps]),
        _checks("pipeline", report.pipeline),
        *(_checks(f"step {step.name}", step.checks) for step in report.steps),
    ]


def _rules(rules: Iterable[str]) -> list[str]:
    return ["<h2>Rules</h2>", "<ul>", *(f"<li>{escape(rule)}</li>" for rule in rules), "</ul>"]


def _overview(found: Verification) -> str:
    rows = [("the script", "", _marked(worst(check.verdict for check in found.checks)))] if found.checks else []
    for pair in found.pairs:
        rows.append((escape(pair.name), "<i>the run</i>", _marked(worst(c.verdict for c in pair.report.pipeline))))
        rows += [("", escape(step.name), _marked(step.verdict)) for step in pair.report.steps]
    table = _table(("run", "step", "verdict"), rows) if rows else ""
    return table if found.pairs else f"{table}<p>No run was compared.</p>"


def _notes(notes: Sequence[Note]) -> list[str]:
    if not notes:
        return ["<p>The migration left nothing of SDK v1.</p>"]
    rows = [tuple(escape(text) for text in (note.place, note.status, note.text)) for note in notes]
    head = f"<summary><b>what the migration left, or asks you to look at</b> ({len(notes)})</summary>"
    return [f"<details open>{head}{_table(('where', 'status', 'what'), rows)}</details>"]


def _graphs(report: Report, plans: tuple[Plan, Plan] | None) -> str:
    if plans is None:
        return ""
    figures = []
    for side, plan in enumerate(plans):
        marks = {(step.left, step.right)[side]: _CLASSES[step.verdict] for step in report.steps}
        caption = f"<figcaption>{('left', 'right')[side]}</figcaption>"
        figures.append(f"<figure>{drawing.svg(plain(plan).plan, marks)}{caption}</figure>")
    return f'<div class="graphs">{"".join(figures)}</div>'


def _row(step: StepResult) -> tuple[str, ...]:
    facts = ", ".join(f"{name}: {value}" for name, value in step.facts.items())
    return escape(step.name), _marked(step.verdict), str(len(step.checks)), escape(facts)


def _checks(name: str, checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    told = sorted(checks, key=lambda check: list(Verdict).index(check.verdict), reverse=True)
    open_ = " open" if told[0].verdict is not Verdict.SAME else ""
    body = "".join(_check(check) for check in told if check.verdict is not Verdict.SAME)
    same = [
        (escape(check.layer), escape(check.subject), escape(", ".join(f"{k}: {v}" for k, v in check.facts.items())))
        for check in told
        if check.verdict is Verdict.SAME
    ]
    if same:
        body += f"<details><summary>{len(same)} the same</summary>{_table(('layer', 'what', ''), same)}</details>"
    return f"<details{open_}><summary><b>{escape(name)}</b> {_marked(told[0].verdict)}</summary>{body}</details>"


def _check(check: Check) -> str:
    facts = "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in check.facts.items())
    head = (
        f"{_marked(check.verdict)} {escape(check.layer)}: <code>{escape(check.subject)}</code> {escape(check.reason)}"
    )
    heads = ("where", "left", "right") if any(item.place for item in check.differences) else ("left", "right")
    rows = [
        tuple(f"<code>{escape(text)}</code>" for text in (item.place, item.left, item.right)[-len(heads) :])
        for item in check.differences
    ]
    more = f"<p>and {check.count - len(rows):,} more</p>" if check.count > len(rows) else ""
    table = _table(heads, rows) if rows else ""
    told = f"<p>{facts}</p>" if facts else ""
    return f"<details open><summary>{head}</summary>{told}{table}{more}</details>"


def _marked(verdict: Verdict) -> str:
    return f'<span class="{_CLASSES[verdict]}">{verdict.value}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
