"""The report as one HTML page: no script, no other file, nothing from the web."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from amlbridge.migrate.findings import FileReport, Finding, Summary
from amlbridge.migrate.report.paths import shown
from amlbridge.migrate.report.tables import STATUS_WORDS, headline, unconverted_symbols
from amlbridge.migrate.text.diff import unified

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1b1b1f; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #ddd; }
code, pre { font: 13px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; background: #f6f6f8; padding: .8rem; }
summary { cursor: pointer; padding: .2rem 0; }
.migrated, .converted { color: #14692f; } .partial, .review { color: #8a5a00; }
.failed, .manual, .no-equivalent { color: #a3161c; } .unchanged, .ignored { color: #666; }
ins { color: #14692f; text-decoration: none; } del { color: #a3161c; text-decoration: none; }
@media (prefers-color-scheme: dark) {
  body { background: #17171a; color: #e4e4e8; } td, th { border-color: #444; } pre { background: #222226; }
  .migrated, .converted, ins { color: #6fcf87; } .partial, .review { color: #e0b050; }
  .failed, .manual, .no-equivalent, del { color: #ff8a8a; } .unchanged, .ignored { color: #aaa; }
}
"""


def render(reports: Sequence[FileReport], base: Path) -> str:
    """The report as a page, with the diff of each file."""
    summary = Summary.of(reports)
    counts = (
        (str(summary.by_status[status.value]), _marked(status.value), escape(words))
        for status, words in STATUS_WORDS.items()
    )
    left = (
        (f"<code>{escape(symbol)}</code>", _marked(status), str(uses), str(files))
        for symbol, status, uses, files in unconverted_symbols(reports)
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Migration to Azure ML SDK v2</title><style>{_STYLE}</style></head><body>",
        f"<h1>Migration to Azure ML SDK v2</h1><p>{escape(headline(summary))}.</p>",
        _table(("files", "", "meaning"), counts),
        "<h2>What is left</h2>",
        _table(("symbol", "status", "uses", "files"), left),
        "<h2>Files</h2>",
        *(_file(report, base) for report in reports if report.findings or report.changed),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _file(report: FileReport, base: Path) -> str:
    path = shown(report.path, base)
    created = {shown(name, base): content for name, content in report.created.items()}
    rows = map(_row, report.findings)
    diff = "".join(map(_line, unified(report, path, created)))
    head = f"<code>{escape(path)}</code> {_marked(report.status.value)}, {len(report.findings)} findings"
    body = _table(("line", "status", "rule", "symbol", "message"), rows) + (f"<pre>{diff}</pre>" if diff else "")
    return f"<details><summary>{head}</summary>{body}</details>"


def _row(finding: Finding) -> tuple[str, ...]:
    place = str(finding.line) if finding.cell is None else f"cell {finding.cell}, {finding.line}"
    message = escape(finding.message)
    if finding.doc.startswith("https://"):
        message += f' <a href="{escape(finding.doc)}">more</a>'
    symbol = f"<code>{escape(finding.symbol)}</code>"
    return place, _marked(finding.status.value), escape(finding.rule), symbol, message


def _line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    return f"<{tag}>{escape(line)}</{tag}>" if tag else escape(line)


def _marked(word: str) -> str:
    return f'<span class="{word}">{word}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
