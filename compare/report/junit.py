"""The report as JUnit XML, which build servers show: a test suite for each step, a test case for each check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from amlbridge.compare.result import Check, Report, Verdict
from amlbridge.compare.series import Verification

#: Characters that XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The report as a document. A difference is a failure, what was not compared is skipped with the reason."""
    root = ElementTree.Element("testsuites", name=_clean(f"{report.left} and {report.right}"))
    _report(root, report)
    return _text(root)


def render_verification(found: Verification) -> str:
    """A verification as a document: the steps of each run are called RUN · STEP."""
    root = ElementTree.Element("testsuites", name=_clean(found.script))
    if found.checks:
        _suite(root, "script", found.checks)
    for pair in found.pairs:
        _report(root, pair.report, f"{pair.name} · ")
    return _text(root)


def _report(root: ElementTree.Element, report: Report, prefix: str = "") -> None:
    if report.pipeline:
        _suite(root, f"{prefix}pipeline", report.pipeline)
    for step in report.steps:
        _suite(root, f"{prefix}{step.name}", step.checks)


def _text(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, name: str, checks: Iterable[Check]) -> None:
    checks = list(checks)
    counts = {
        "tests": len(checks),
        "failures": sum(check.verdict is Verdict.DIFFERENT for check in checks),
        "skipped": sum(check.verdict is Verdict.NOT_COMPARED for check in checks),
    }
    attributes = {key: str(value) for key, value in counts.items()}
    suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(name), **attributes})
    for check in checks:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_clean(f"{name}.{check.layer}"), name=_clean(check.subject)
        )
        if check.verdict is Verdict.DIFFERENT:
            failure = ElementTree.SubElement(case, "failure", message=_clean(check.reason))
            failure.text = _clean("\n".join(f"{item.place}: {item.left} | {item.right}" for item in check.differences))
        elif check.verdict is Verdict.NOT_COMPARED:
            ElementTree.SubElement(case, "skipped", message=_clean(check.reason))
        elif check.verdict is Verdict.NOISE:
            ElementTree.SubElement(case, "system-out").text = _clean(check.reason)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
