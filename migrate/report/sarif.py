"""The report as SARIF 2.1.0, which code hosts and editors show at the lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from amlbridge.migrate.findings import FileReport, Finding, Status
from amlbridge.migrate.report.paths import shown

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Status.CONVERTED: "note",
    Status.REVIEW: "warning",
    Status.MANUAL: "error",
    Status.NO_EQUIVALENT: "error",
    Status.IGNORED: "none",
}


def render(reports: Sequence[FileReport], base: Path) -> str:
    """The report as a document."""
    found = [(report, finding) for report in reports for finding in report.findings]
    rules = sorted({finding.rule for _report, finding in found})
    run = {
        "tool": {
            "driver": {
                "name": "amlbridge migrate",
                "version": _version(),
                "rules": [{"id": rule, "name": rule} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"uri": f"{base.as_uri()}/"}},
        "results": [_result(report, finding, rules.index(finding.rule), base) for report, finding in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(report: FileReport, finding: Finding, index: int, base: Path) -> dict[str, Any]:
    path = shown(report.path, base)
    place: dict[str, Any] = {"uri": quote(path)} if path.startswith("/") else {"uri": quote(path), "uriBaseId": "ROOT"}
    physical: dict[str, Any] = {"artifactLocation": place}
    if finding.cell is None:
        physical["region"] = {"startLine": finding.line, "startColumn": finding.column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.cell is not None:
        # A line of a cell is no line of the notebook's file.
        name = f"cell {finding.cell}, line {finding.line}, column {finding.column}"
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{path}#{name}"}]
    text = f"{finding.symbol}: {finding.message}" if finding.symbol else finding.message
    properties = {"status": finding.status.value, "symbol": finding.symbol, "doc": finding.doc, "cell": finding.cell}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.status],
        "message": {"text": text or finding.rule},
        "locations": [location],
        "properties": properties,
    }


def _version() -> str:
    try:
        return version("amlbridge")
    except PackageNotFoundError:
        return "0"
