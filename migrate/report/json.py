"""The report as JSON; docs/migrate-report.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amlbridge.migrate.findings import FileReport, Finding, Summary
from amlbridge.migrate.report.paths import shown

#: Of the format. It changes when a program that reads the report has to.
VERSION = "1"


def render(reports: Sequence[FileReport], base: Path) -> str:
    """The report as a document."""
    return json.dumps(document(reports, base), indent=2, ensure_ascii=False) + "\n"


def document(reports: Sequence[FileReport], base: Path) -> dict[str, Any]:
    """The report as JSON's own types."""
    summary = Summary.of(reports)
    return {
        "version": VERSION,
        "files": [
            {
                "path": shown(report.path, base),
                "status": report.status.value,
                "findings": [_finding(finding) for finding in report.findings],
            }
            for report in reports
        ],
        "summary": {
            "files": summary.files,
            "by_status": dict(summary.by_status),
            "v1_symbols": summary.v1_symbols,
            "converted_share": summary.converted_share,
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "symbol": finding.symbol,
        "status": finding.status.value,
        "line": finding.line,
        "column": finding.column,
        "cell": finding.cell,
        "message": finding.message,
        "doc": finding.doc,
    }
