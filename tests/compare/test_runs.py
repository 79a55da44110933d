"""Runs of real steps in the real engine, against each other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from amlbridge.compare import noise, report
from amlbridge.compare.place import Place
from amlbridge.compare.recorded import Recorded, read
from amlbridge.compare.result import Report, Verdict
from amlbridge.compare.rules import Rules, parse_ignored
from amlbridge.compare.runs import compare_runs
from amlbridge.compare.tolerance import parse
from amlbridge.engine.plan import Input, InputRef, Node, NodePort, OutputRef, Settings
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from tests.support.engine import FOLDER_OUTPUT, Engine

pytestmark = pytest.mark.slow

PREPARE = """
    import os, sys
    rows = int(sys.argv[sys.argv.index("--rows") + 1])
    with open(os.path.join(sys.argv[sys.argv.index("--out") + 1], "table.csv"), "w") as file:
        file.write("id,value\\n" + "".join(f"{n},{n / 7}\\n" for n in range(rows)))
"""
TRAIN = """
    import json, os, pathlib, random, sys
    data, out, noisy = sys.argv[2], sys.argv[4], sys.argv[6]
    if noisy == "fail":
        raise SystemExit("no luck")
    rows = open(os.path.join(data, "table.csv")).read().splitlines()[1:]
    total = sum(float(row.split(",")[1]) for row in rows)
    if noisy == "yes":
        total += random.random() * 1e-3
    pathlib.Path(out, "result.json").write_text(json.dumps({"total": total, "run": os.environ["RUN_ID"]}))
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine(tmp_path_factory.mktemp("engine") / "state")
    yield made
    made.close()


class Runs:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.code("prepare", PREPARE)
        engine.code("train", TRAIN)

    def nodes(self, names: tuple[str, str, str], rows: int, noisy: str, more: dict[str, str]) -> tuple[Node, Node]:
        prepare, train, port = names
        first = self.engine.step(
            prepare,
            PREPARE,
            "--rows",
            rows,
            "--out",
            OutputRef(port),
            outputs={port: FOLDER_OUTPUT},
            deterministic=False,
        )
        second = self.engine.step(
            train,
            TRAIN,
            "--data",
            InputRef("in"),
            "--out",
            OutputRef("model"),
            "--noisy",
            noisy,
            inputs={"in": Input(NodePort(prepare, port))},
            outputs={"model": FOLDER_OUTPUT},
            variables=more,
            deterministic=False,
        )
        return first, second

    def run(
        self,
        run_id: str,
        names: tuple[str, str, str] = ("prepare", "train", "table"),
        rows: int = 20,
        noisy: str = "no",
        metric: float = 0.5,
        variables: dict[str, str] | None = None,
    ) -> Recorded:
        found = self.engine.run(*self.nodes(names, rows, noisy, variables or {}), run_id=run_id, settings=Settings())
        train: Run = found[names[1]]
        values = [MetricValue("auc", f"{run_id}-auc", 0.0, {"auc": "double"}, {"auc": metric}, "azureml.v1.scalar")]
        self.engine.records.metrics.add(self.engine.workspace.id, train.id, values)
        return self.read(run_id)

    def read(self, run_id: str) -> Recorded:
        def artifact(run: str, name: str) -> Path:
            return self.engine.root / "artifacts" / run / name

        place = Place(
            self.engine.records,
            self.engine.workspace,
            self.engine.root,
            lambda _store, path: self.engine.root / "data" / path,
            artifact,
            lambda reference: [],
            lambda model: None,
        )
        return read(place, run_id)


@pytest.fixture(scope="module")
def runs(engine: Engine) -> Runs:
    return Runs(engine)


@pytest.fixture(scope="module")
def left(runs: Runs) -> Recorded:
    return runs.run("left")


def told(found: Report) -> set[tuple[str, str, str]]:
    return {(step, check.layer, check.subject) for step, check in found.checks() if check.verdict is not Verdict.SAME}


def test_other_names_ids_and_places_are_the_same(runs: Runs, left: Recorded) -> None:
    right = runs.run("renamed", ("prep_data", "train-model", "out"))
    found = compare_runs(left, right, Rules(logs=True))
    assert told(found) == set(), told(found)
    assert found.verdict is Verdict.SAME
    subjects = {(check.layer, check.subject) for _, check in found.checks()}
    assert {
        ("outputs", "output table: table.csv"),
        ("outputs", "output model: result.json"),
        ("metrics", "metric auc"),
        ("arguments", "option --data"),
        ("logs", "log"),
    } <= subjects


def test_what_a_reused_step_once_wrote_speaks_of_the_run_that_wrote_it(runs: Runs, left: Recorded) -> None:
    right = runs.run("reusing")
    workspace, original = runs.engine.workspace.id, left.steps["train"].id
    runs.engine.records.runs.set(
        workspace, right.steps["train"].id, properties={"azureml.reusedrunid": original, "azureml.isreused": "true"}
    )
    result = right.output("train", "model")
    assert result is not None
    text = (result / "result.json").read_text()
    (result / "result.json").write_text(text.replace(right.steps["train"].id, original))
    assert original in (result / "result.json").read_text()
    found = compare_runs(left, runs.read("reusing"), Rules())
    assert found.verdict is Verdict.SAME, told(found)
    assert "right" in {step.left: step.facts for step in found.steps}["train"]["reused"]


def test_what_differs_is_told_at_its_step(runs: Runs, left: Recorded) -> None:
    right = runs.run("changed", rows=19, metric=0.501, variables={"SEED": "1"})
    found = compare_runs(left, right, Rules())
    assert told(found) == {
        ("prepare", "graph", "argument --rows"),
        ("prepare", "arguments", "option --rows"),
        ("prepare", "outputs", "output table: table.csv"),
        ("train", "graph", "environment variable SEED"),
        ("train", "arguments", "variable SEED"),
        ("train", "outputs", "output model: result.json"),
        ("train", "metrics", "metric auc"),
    }
    near = compare_runs(
        left, right, Rules(parse(("auc=abs:0.01",)), ignored=(parse_ignored("train/*/*SEED: not used"),))
    )
    assert {subject for step, _, subject in told(near) if step == "train"} == {"output model: result.json"}
    assert "ignored: train/*/*SEED (not used)" in near.rules


def test_a_failed_step_is_told_and_the_others_are_compared(runs: Runs, left: Recorded) -> None:
    right = runs.run("failed", noisy="fail")
    found = compare_runs(left, right, Rules())
    (end,) = [check for step, check in found.checks() if (step, check.subject) == ("train", "end")]
    assert end.verdict is Verdict.DIFFERENT and "Failed" in end.differences[0].right
    assert ("prepare", "outputs", "output table: table.csv") not in told(found)
    both = compare_runs(right, right, Rules())
    assert both.verdict is Verdict.NOT_COMPARED


def test_an_output_that_is_gone_and_a_run_that_goes_on(runs: Runs, left: Recorded) -> None:
    right = runs.run("gone")
    path = right.output("prepare", "table")
    assert path is not None
    (path / "table.csv").unlink()
    assert told(compare_runs(left, right, Rules())) == {("prepare", "outputs", "output table: table.csv")}
    runs.engine.records.runs.set(runs.engine.workspace.id, "gone", status="Running", ended=None)
    going = compare_runs(left, runs.read("gone"), Rules())
    (end,) = [check for step, check in going.checks() if (step, check.subject) == ("", "end")]
    assert (end.verdict, end.reason) == (Verdict.NOT_COMPARED, "the run on the right has not ended: it is Running")


def test_chance_is_told_from_change(runs: Runs) -> None:
    own = [runs.run(f"noisy{number}", noisy="yes") for number in range(4)]

    def judged(right: Recorded) -> Report:
        first = compare_runs(own[0], right, Rules())
        against = [compare_runs(run, right, Rules()) for run in own[1:]]
        among = [compare_runs(a, b, Rules()) for index, a in enumerate(own) for b in own[index + 1 :]]
        return noise.apply(first, against, among)

    assert compare_runs(own[0], own[1], Rules()).verdict is Verdict.DIFFERENT
    assert judged(own[1]).verdict is Verdict.NOISE
    beyond = judged(runs.run("beyond", noisy="yes", rows=21))
    checks = {check.subject: check for _, check in beyond.checks()}
    assert checks["output model: result.json"].verdict is Verdict.DIFFERENT
    assert "noise floor" in checks["output model: result.json"].facts
    assert checks["output table: table.csv"].verdict is Verdict.DIFFERENT


def test_reports(runs: Runs, left: Recorded, tmp_path: Path) -> None:
    import jsonschema

    right = runs.run("reported", ("prepare", "<b>train</b>", "table"), rows=3)
    found = compare_runs(left, right, Rules())
    schema = json.loads((Path(__file__).parents[2] / "docs" / "compare-report.schema.json").read_text())
    document: Any = json.loads(report.render(Path("a.json"), found))
    jsonschema.validate(document, schema)
    assert document["verdict"] == "different"
    suites = ElementTree.fromstring(report.render(Path("a.xml"), found))
    failures = {case.get("name") for suite in suites for case in suite if case.find("failure") is not None}
    assert "output table: table.csv" in failures
    page = report.render(Path("a.html"), found, (left.plan, right.plan))
    assert page.count("<svg") == 2 and page.count('<g class="different">') >= 2
    assert "<b>train" not in page and "&lt;b&gt;train" in page
    for outside in ("http://", "https://", "<script", "<link"):
        assert outside not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_compare_of_plans_needs_no_further_package() -> None:
    code = "import sys; sys.modules['pyarrow'] = sys.modules['numpy'] = None; import amlbridge.compare.runs"
    subprocess.run([sys.executable, "-c", code], check=True)
