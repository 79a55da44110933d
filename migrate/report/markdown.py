"""The report as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status, Summary
from amlbridge.migrate.report.paths import shown
from amlbridge.migrate.report.tables import STATUS_WORDS, headline, unconverted_symbols


def render(reports: Sequence[FileReport], base: Path) -> str:
    """The report as a document: what is left for a person comes first."""
    summary = Summary.of(reports)
    lines = ["# Migration to Azure ML SDK v2", "", f"{headline(summary)}.", ""]
    lines += _table(
        ("files", "", "meaning"),
        ((str(summary.by_status[status.value]), status.value, words) for status, words in STATUS_WORDS.items()),
    )
    left = unconverted_symbols(reports)
    if left:
        lines += ["", "## What is left", ""]
        rows = ((f"`{symbol}`", status, str(uses), str(files)) for symbol, status, uses, files in left)
        lines += _table(("symbol", "status", "uses", "files"), rows)
    for report in reports:
        if report.findings:
            lines += ["", f"## {shown(report.path, base)}", "", f"**{report.status.value}**", ""]
            lines += _table(("line", "status", "rule", "symbol", "message"), map(_row, _by_weight(report.findings)))
    unread = [report for report in reports if report.status is FileStatus.FAILED and not report.findings]
    lines += [f"- {shown(report.path, base)}: failed" for report in unread]
    return "\n".join(lines) + "\n"


def _by_weight(findings: Iterable[Finding]) -> list[Finding]:
    order = [Status.MANUAL, Status.NO_EQUIVALENT, Status.REVIEW, Status.CONVERTED, Status.IGNORED]
    return sorted(findings, key=lambda item: (order.index(item.status), item.cell or 0, item.line, item.column))


def _row(finding: Finding) -> tuple[str, ...]:
    place = str(finding.line) if finding.cell is None else f"cell {finding.cell}, {finding.line}"
    symbol = f"`{finding.symbol}`" if finding.symbol else ""
    message = f"{finding.message} ([more]({finding.doc}))" if finding.doc.startswith("http") else finding.message
    return place, finding.status.value, finding.rule, symbol, message


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", "\\|").replace("<", "&lt;") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return lines
