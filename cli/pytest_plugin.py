"""The pytest plugin: a test that runs a pipeline of SDK v1 and its successor, and fails where they differ.

    @pytest.mark.amlbridge_parity(v1="old/pipeline.py --epochs 1", v2="new/pipeline.py --epochs 1")
    def test_training(parity): ...

The marker alone runs and compares before the test's body, so that an empty body is enough. The fixture ``parity`` gives
the :class:`~amlbridge.compare.result.Report` to a test that asks for more. pytest loads this module in every run: it
imports nothing of amlbridge until a test has the marker.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from amlbridge.compare.result import Report

MARKER = "amlbridge_parity"
_WORDS = (
    f"{MARKER}(v1, v2, baseline=0, tolerance=(), row_order='strict', key=(), nulls='same', types='strict', probe=None, "
    "ignore=(), logs=False, not_compared='fail', report=()): runs the scripts, pipeline YAMLs or run ids v1 and v2 "
    "against the local workspace and fails where they differ"
)
_DEFAULTS: dict[str, Any] = {
    "baseline": 0,
    "tolerance": (),
    "row_order": "strict",
    "key": (),
    "nulls": "same",
    "types": "strict",
    "probe": None,
    "ignore": (),
    "logs": False,
    "not_compared": "fail",
    "report": (),
}
#: Of a test: its report, and whether it may hold things that were not compared.
_REPORT = pytest.StashKey["tuple[Report, bool]"]()
_TEXTS = ("tolerance", "key", "ignore", "report")
_CHOICES = {
    "row_order": ("strict", "free"),
    "nulls": ("same", "distinct"),
    "types": ("strict", "loose"),
    "not_compared": ("fail", "pass"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", _WORDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marked test has the fixture, whether its function asks for it or not."""
    for item in items:
        if item.get_closest_marker(MARKER) is not None and isinstance(item, pytest.Function):
            names = item.fixturenames
            if "parity" not in names:
                names.insert(0, "parity")


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Report:
    """The comparison of a test's marker; the test fails unless both sides are the same, or the same within noise."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        pytest.fail(f"the fixture parity needs @pytest.mark.{MARKER}(v1=..., v2=...)", pytrace=False)
    options = _options(marker)
    report = _compared(options)
    request.node.stash[_REPORT] = (report, options["not_compared"] == "pass")
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Fails a marked test whose sides differ, before its body."""
    found = pyfuncitem.stash.get(_REPORT, None)
    if found is not None:
        report, may_be_incomplete = found
        allowed = {"same", "same within noise", *(["not compared"] if may_be_incomplete else [])}
        if report.verdict.value not in allowed:
            pytest.fail(words(report), pytrace=False)


def _options(marker: pytest.Mark) -> dict[str, Any]:
    """The marker's arguments with the defaults filled in. Fails the test for wrong ones."""
    given = dict(marker.kwargs)
    unknown = sorted(given.keys() - {*_DEFAULTS, "v1", "v2"})
    missing = [name for name in ("v1", "v2") if not isinstance(given.get(name), str)]
    wrong = [
        f"{name}={given[name]!r}" for name, choices in _CHOICES.items() if given.get(name, choices[0]) not in choices
    ]
    if marker.args or unknown or missing or wrong:
        why = [*(f"{name} is missing" for name in missing), *(f"there is no argument {name}" for name in unknown)]
        why += [*wrong, *(["all arguments have names"] if marker.args else [])]
        pytest.fail(f"@pytest.mark.{MARKER}: {'; '.join(why)}. It is {_WORDS}", pytrace=False)
    found = {**_DEFAULTS, **given}
    for name in _TEXTS:
        found[name] = (found[name],) if isinstance(found[name], (str, Path)) else tuple(found[name])
    found["probe"] = Path(found["probe"]) if found["probe"] else None
    found["report"] = tuple(map(Path, found["report"]))
    return found


def _compared(options: dict[str, Any]) -> Report:
    from amlbridge.cli.compare import compared
    from amlbridge.cli.output import Failure

    more = {"left_home": None, "right_home": None, "baseline_run": (), "only_graph": False}
    try:
        return compared(options["v1"], options["v2"], {**options, **more})
    except Failure as failure:
        lines = [
            failure.message,
            *(f"{name}: {text}" for name, text in (("why", failure.why), ("do", failure.do)) if text),
        ]
        return pytest.fail("\n".join(lines), pytrace=False)


def words(report: Report) -> str:
    """The verdict for each step, and every check that is not the same: the message of a failed test."""
    from amlbridge.compare.result import Verdict, worst

    lines = [f"verdict: {report.verdict.value}", f"  v1  {report.left}", f"  v2  {report.right}"]
    sections = [("(pipeline)", worst(check.verdict for check in report.pipeline), report.pipeline)]
    sections += [(step.name, step.verdict, step.checks) for step in report.steps]
    for name, verdict, checks in sections:
        lines.append(f"{name}: {verdict.value}")
        for check in checks:
            if check.verdict is not Verdict.SAME:
                lines.append(f"  {check.layer} · {check.subject}: {check.verdict.value}: {check.reason}")
                lines += [f"    {item.place}: {item.left} | {item.right}" for item in check.differences[:3]]
    return "\n".join(lines)
