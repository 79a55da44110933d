"""Several runs of a script against those of another, in the real engine; and the reports of a verification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from amlbridge.compare import report, series
from amlbridge.compare.recorded import Recorded
from amlbridge.compare.result import Verdict
from amlbridge.compare.rules import Rules, parse_ignored
from amlbridge.compare.series import Note, Ran, Verification
from tests.compare.test_runs import Runs
from tests.support.engine import Engine

pytestmark = pytest.mark.slow

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    engine = Engine(tmp_path_factory.mktemp("engine") / "state")
    yield Runs(engine)
    engine.close()


@pytest.fixture(scope="module")
def recorded(runs: Runs) -> dict[str, Recorded]:
    found = {name: runs.run(name) for name in ("one", "two", "other")}
    found["more"] = runs.run("more", rows=30)
    found["<failed>"] = runs.run("broken", noisy="fail")
    runs.engine.records.runs.set(runs.engine.workspace.id, "other", status="Running", ended=None)
    return {**found, "going": runs.read("other")}


def verified(recorded: dict[str, Recorded], left: str, right: str, codes: tuple[int, int] = (0, 0)) -> Verification:
    sides = (
        Ran(side, code, tuple(recorded[name] for name in names.split()), "it said so" if code else "", 0.0)
        for side, names, code in (("v1", left, codes[0]), ("v2", right, codes[1]))
    )
    return series.compare("pipeline.py", *sides, Rules())


def told(found: Verification) -> set[str]:
    checks = [*found.checks, *(check for pair in found.pairs for _, check in pair.report.checks())]
    return {f"{check.subject}: {check.reason}" for check in checks if check.verdict is not Verdict.SAME}


def test_runs_are_compared_in_their_order(recorded: dict[str, Recorded]) -> None:
    assert verified(recorded, "one more", "two more").verdict is Verdict.SAME
    swapped = verified(recorded, "one more", "more two")
    assert [pair.report.verdict for pair in swapped.pairs] == [Verdict.DIFFERENT, Verdict.DIFFERENT]


def test_a_run_that_one_side_lacks(recorded: dict[str, Recorded]) -> None:
    found = verified(recorded, "one more", "two")
    assert found.verdict is Verdict.DIFFERENT
    assert [pair.report.verdict for pair in found.pairs] == [Verdict.SAME, Verdict.DIFFERENT]
    assert {"runs: not as many runs were submitted", "run: nothing like it was submitted on the right"} <= told(found)
    assert found.pairs[1].plans is None
    extra = verified(recorded, "one", "two more")
    assert "run: nothing like it was submitted on the left" in told(extra)


@pytest.mark.parametrize(
    ("codes", "verdict", "reason"),
    [
        ((0, 1), Verdict.DIFFERENT, "the migrated script has failed: it said so"),
        ((1, 0), Verdict.DIFFERENT, "the script has failed before its migration: it said so"),
        ((1, 1), Verdict.NOT_COMPARED, "it fails with and without its migration: it said so"),
    ],
)
def test_scripts_that_fail(
    recorded: dict[str, Recorded], codes: tuple[int, int], verdict: Verdict, reason: str
) -> None:
    found = verified(recorded, "one", "two", codes)
    assert (found.verdict, told(found)) == (verdict, {f"exit code of the script: {reason}"})
    assert found.pairs[0].report.verdict is Verdict.SAME, "what was submitted is compared all the same"


def test_nothing_a_run_that_goes_on_and_a_failed_step(recorded: dict[str, Recorded]) -> None:
    nothing = verified(recorded, "", "")
    assert nothing.verdict is Verdict.NOT_COMPARED
    assert "there is nothing to compare" in "".join(told(nothing))
    going = verified(recorded, "one", "going")
    assert going.verdict is Verdict.NOT_COMPARED
    assert told(going) == {"end: the run on the right has not ended: it is Running"}
    failed = verified(recorded, "one", "<failed>")
    (step,) = [step for step in failed.pairs[0].report.steps if step.verdict is not Verdict.SAME]
    assert (failed.verdict, step.left) == (Verdict.DIFFERENT, "train")


def test_the_noise_floor_of_a_script(runs: Runs) -> None:
    noisy = [runs.run(f"noisy-{number}", noisy="yes") for number in range(3)]
    left, *again = (Ran(run.run.id, 0, (run,)) for run in noisy)
    found = series.compare("pipeline.py", left, Ran("like one of them", 0, again[0].runs), Rules(), again)
    assert found.verdict is Verdict.NOISE
    assert "noise floor: of 3 runs of the left" in found.rules
    beyond = Ran("beyond", 0, (runs.run("beyond", noisy="yes", rows=21),))
    assert series.compare("pipeline.py", left, beyond, Rules(), again).verdict is Verdict.DIFFERENT
    same = series.compare("pipeline.py", left, Ran("the same", 0, left.runs), Rules(), again)
    assert same.verdict is Verdict.SAME
    odd = series.compare("pipeline.py", left, left, Rules(), [Ran("again", 1, ())])
    assert "again has submitted 0 runs where the first had 1" in "".join(told(odd))


class _Tags(HTMLParser):
    """Which tags are open at the end, and whether any was closed that was not open."""

    _EMPTY = frozenset({"meta", "br", "rect", "path", "line", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self._EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        """Nothing stays open."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_reports(recorded: dict[str, Recorded]) -> None:
    import jsonschema
    from referencing import Registry, Resource

    notes = (Note("pipeline.py, line 3", "review", "<script>assumed</script> that"),)
    sides = Ran("v1", 0, (recorded["one"], recorded["two"])), Ran("v2", 0, (recorded["more"],))
    found = series.compare("pipeline.py <b>", *sides, Rules(), (), notes)
    schemas = [json.loads((_DOCS / f"{name}-report.schema.json").read_text()) for name in ("compare", "verify")]
    registry: Any = Registry().with_resource("compare-report.schema.json", Resource.from_contents(schemas[0]))
    document = json.loads(report.render_verification(Path("a.json"), found))
    jsonschema.Draft202012Validator(schemas[1], registry=registry).validate(document)
    assert [run["verdict"] for run in document["runs"]] == ["different", "different"]
    assert document["notes"][0]["status"] == "review"

    suites = ElementTree.fromstring(report.render_verification(Path("a.xml"), found))
    assert any(str(suite.get("name")).endswith("· train") for suite in suites)
    failures = {case.get("name") for suite in suites for case in suite if case.find("failure") is not None}
    assert {"runs", "run", "output table: table.csv"} <= failures

    page = report.render_verification(Path("a.html"), found)
    tags = _Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert page.count("<svg") == 2 and '<g class="different">' in page
    assert "pipeline.py <b>" not in page and "<script" not in page
    assert "<script>assumed</script> that" in tags.texts
    for outside in ("http://", "https://", "<link", "src="):
        assert outside not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_what_is_ignored_of_the_script(recorded: dict[str, Recorded]) -> None:
    rules = Rules(ignored=(parse_ignored("script/status/exit*: fails at its very end, which does not matter"),))
    sides = Ran("v1", 0, (recorded["one"],)), Ran("v2", 1, (recorded["two"],), "no")
    found = series.compare("pipeline.py", *sides, rules)
    assert found.verdict is Verdict.SAME
    assert any("which does not matter" in rule for rule in found.rules)
