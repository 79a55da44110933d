"""The reports as JSON; docs/compare-report.schema.json and docs/verify-report.schema.json describe them."""

from __future__ import annotations

import json
import math
from typing import Any

from amlbridge.compare.result import Check, Report
from amlbridge.compare.series import Verification

#: Of the format. It changes when a program that reads the report has to.
VERSION = "1"


def render(report: Report) -> str:
    """The report as a document."""
    return _text(document(report))


def render_verification(found: Verification) -> str:
    """A verification as a document."""
    return _text(verification(found))


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as JSON's own types."""
    return {
        "version": VERSION,
        "left": report.left,
        "right": report.right,
        "verdict": report.verdict.value,
        "rules": list(report.rules),
        "pipeline": [_check(check) for check in report.pipeline],
        "steps": [
            {
                "left": step.left,
                "right": step.right,
                "verdict": step.verdict.value,
                "facts": dict(step.facts),
                "checks": [_check(check) for check in step.checks],
            }
            for step in report.steps
        ],
    }


def verification(found: Verification) -> dict[str, Any]:
    """A verification as JSON's own types."""
    return {
        "version": VERSION,
        "script": found.script,
        "verdict": found.verdict.value,
        "rules": list(found.rules),
        "checks": [_check(check) for check in found.checks],
        "runs": [{"name": pair.name, **_without_version(document(pair.report))} for pair in found.pairs],
        "notes": [{"place": note.place, "status": note.status, "text": note.text} for note in found.notes],
    }


def _without_version(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in ("version", "rules")}


def _check(check: Check) -> dict[str, Any]:
    return {
        "layer": check.layer,
        "subject": check.subject,
        "verdict": check.verdict.value,
        "reason": check.reason,
        "count": check.count,
        "facts": dict(check.facts),
        "spread": {name: _number(size) for name, size in check.spread.items()},
        "differences": [
            {"place": item.place, "left": item.left, "right": item.right, "size": _number(item.size)}
            for item in check.differences
        ],
    }


def _number(size: float | None) -> float | None:
    """Null for what JSON cannot write: a difference that is not one of numbers."""
    return size if size is not None and math.isfinite(size) else None
