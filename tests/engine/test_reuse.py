"""A step that is unchanged is not run again; anything that changes makes it run, and says what."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.plan import (
    DataParameter,
    DataReference,
    Environment,
    Input,
    InputRef,
    Node,
    OutputRef,
    Parameter,
    ParameterRef,
    Plan,
    Resources,
    Settings,
)
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from tests.support.engine import FILE_OUTPUT, FOLDER_OUTPUT, Engine, edge

WRITE = "import sys; open(sys.argv[1] + '/x', 'w').write(sys.argv[2]); open(sys.argv[1] + '/y', 'w').write('y')"
COPY = "import sys; open(sys.argv[2], 'w').write(open(sys.argv[1] + '/x').read())"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine")
    yield made
    made.close()


def write(engine: Engine, text: str = "7", script: str = WRITE, code: str = "write", **fields: Any) -> Node:
    outputs = fields.pop("outputs", {"out": FOLDER_OUTPUT})
    node = engine.step(code, script, OutputRef("out"), text, outputs=outputs, **fields)
    return replace(node, id="write", name="write")


def copy(engine: Engine, **fields: Any) -> Node:
    node = engine.step("copy", COPY, InputRef("data"), OutputRef("out"), **fields)
    return replace(node, inputs={"data": edge("write")}, outputs={"out": FILE_OUTPUT})


def decision(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.execution["reuse"]
    return found


def hits(runs: dict[str, Run]) -> dict[str, bool]:
    assert runs[""].status == "Completed", {name: run.error for name, run in runs.items()}
    return {name: decision(run)["hit"] for name, run in runs.items() if name}


def data(engine: Engine, run: Run, name: str = "out") -> Path:
    return engine.root / "data" / run.execution["outputs"][name]["path"]


def test_unchanged_steps_are_not_run_again(engine: Engine) -> None:
    first = engine.run(write(engine), copy(engine), run_id="p1")
    assert hits(first) == {"write": False, "copy": False}
    assert "no step of this name has completed" in decision(first["copy"])["reason"]
    values = [MetricValue(name, name, 1.0, {name: "long"}, {name: i}) for i, name in enumerate("ba")]
    engine.records.metrics.add(engine.workspace.id, first["copy"].id, values)
    labels = {"tags": {"mine": "1", "azureml.nodeid": "old"}, "properties": {"p": "1"}}
    engine.records.runs.set(engine.workspace.id, first["copy"].id, **labels)
    second = engine.run(write(engine), copy(engine), run_id="p2")
    assert hits(second) == {"write": True, "copy": True}
    run = second["copy"]
    assert decision(run)["candidate"] == first["copy"].id
    assert first["copy"].id in decision(run)["reason"]
    assert run.execution["outputs"] == first["copy"].execution["outputs"]
    assert engine.records.metrics.values(engine.workspace.id, run.id) == values
    assert run.tags == {"mine": "1"}
    assert run.properties == {"p": "1", "reused": first["copy"].id}
    assert run.started is not None
    assert run.ended == run.started
    assert (engine.root / "completed").read_text() == "write\ncopy\n"
    # The original is taken again, not the run that took it.
    third = engine.run(write(engine), copy(engine), run_id="p3")
    assert decision(third["copy"])["candidate"] == first["copy"].id


def changes(engine: Engine) -> dict[str, tuple[dict[str, Any], str]]:
    """What can change of the step `write`: the change, and what is said about it."""
    return {
        "argument": ({"text": "8"}, "argument 2: '7' became '8'"),
        "code": ({"script": WRITE + " # new", "code": "other"}, "the code: main.py changed"),
        "environment": (
            {"environment": Environment("e", conda={"dependencies": ["python", {"pip": ["pandas==2.0", "a"]}]})},
            "environment: pandas==1.3 became pandas==2.0",
        ),
        "variable": ({"variables": {"V": "2"}}, "variable V: '1' became '2'"),
        "output": (
            {"outputs": {"out": replace(FOLDER_OUTPUT, mode="upload")}},
            "output out, mode: null became 'upload'",
        ),
        "nodes": ({"resources": Resources("c", nodes=2)}, "nodes is new"),
        "option": ({"options": {"docker": {"shmSize": "8g"}}}, "setting docker is new"),
    }


BASE: dict[str, Any] = {
    "environment": Environment("e", conda={"dependencies": ["python", {"pip": ["pandas==1.3", "a"]}]}),
    "variables": {"V": "1"},
    "resources": Resources("c"),
}


@pytest.mark.parametrize("what", ["argument", "code", "environment", "variable", "output", "nodes", "option"])
def test_a_change_runs_the_step_and_is_named(engine: Engine, what: str) -> None:
    engine.run(write(engine, **BASE), run_id="p1")
    change, told = changes(engine)[what]
    runs = engine.run(write(engine, **{**BASE, **change}), run_id="p2")
    assert hits(runs) == {"write": False}
    assert decision(runs["write"])["differs"] == [told]
    assert hits(engine.run(write(engine, **{**BASE, **change}), run_id="p3")) == {"write": True}
    # What was there before the change is still a candidate.
    assert hits(engine.run(write(engine, **BASE), run_id="p4")) == {"write": True}


def test_what_does_not_matter(engine: Engine) -> None:
    engine.run(write(engine, **BASE), run_id="p1")
    other = replace(
        write(engine, **BASE),
        name="renamed",
        resources=Resources("elsewhere", instance_type="big"),
        retries=3,
        timeout=99.0,
        environment=replace(BASE["environment"], name="another", version="Autosave_1"),
    )
    assert hits(engine.run(other, run_id="p2")) == {"renamed": True}


@pytest.mark.parametrize(
    ("fields", "settings", "told"),
    [
        ({"deterministic": False}, Settings(), "allow_reuse=False"),
        ({"options": {"force": True}}, Settings(), "regenerate_outputs"),
        ({}, Settings(force_rerun=True), "regenerate_outputs"),
    ],
)
def test_reuse_can_be_turned_off(engine: Engine, fields: dict[str, Any], settings: Settings, told: str) -> None:
    first = engine.run(write(engine), run_id="p1")
    second = engine.run(write(engine, **fields), run_id="p2", settings=settings)
    assert hits(second) == {"write": False}
    assert told in decision(second["write"])["reason"]
    assert data(engine, second["write"]) != data(engine, first["write"])
    # A forced run is the newest candidate; one that takes no part is none.
    third = engine.run(write(engine), run_id="p3")
    taken = first if fields.get("deterministic") is False else second
    assert decision(third["write"])["candidate"] == taken["write"].id


def test_a_parameter_reruns_only_the_steps_that_use_it(engine: Engine) -> None:
    prepare = engine.step("prepare", WRITE, OutputRef("out"), "1", outputs={"out": FOLDER_OUTPUT})
    train = engine.step(
        "train",
        "import sys; open(sys.argv[3] + '/x', 'w').write(sys.argv[2])",
        InputRef("data"),
        ParameterRef("rate"),
        OutputRef("out"),
        inputs={"data": edge("prepare")},
        outputs={"out": FOLDER_OUTPUT},
    )
    score = replace(copy(engine), id="score", name="score", inputs={"data": edge("train")})
    plan = Plan((prepare, train, score), (Parameter("rate", "integer", 1), Parameter("unused", "integer", 1)))

    def run(run_id: str, **values: int) -> dict[str, bool]:
        engine.submit_plan(plan, run_id, **values)
        assert engine.scheduler.wait(engine.workspace.id, run_id, 60)
        return hits(engine.runs(run_id))

    assert not any(run("p1").values())
    assert all(run("p2", unused=5).values())
    assert run("p3", rate=2) == {"prepare": True, "train": False, "score": False}
    assert decision(engine.runs("p3")["train"])["differs"] == ["argument 2: '1' became '2'"]
    assert decision(engine.runs("p3")["score"])["differs"] == ["input data: x changed"]


def test_equal_content_of_another_run_is_no_change(engine: Engine) -> None:
    engine.run(write(engine), copy(engine), run_id="p1")
    runs = engine.run(write(engine, deterministic=False), copy(engine), run_id="p2")
    assert hits(runs) == {"write": False, "copy": True}


def test_a_step_that_only_comes_before(engine: Engine) -> None:
    first = engine.step("first", "print('effect')")
    second = engine.step("second", "print('after')", after=("first",))
    engine.run(first, second, run_id="p1")
    assert hits(engine.run(first, second, run_id="p2")) == {"first": True, "second": True}
    runs = engine.run(replace(first, variables={"V": "1"}), second, run_id="p3")
    assert hits(runs) == {"first": False, "second": False}
    assert decision(runs["second"])["differs"] == ["the step before, first, ran anew"]


def test_input_files(engine: Engine) -> None:
    folder = engine.root / "data" / "raw"
    folder.mkdir(parents=True)
    (folder / "t.csv").write_text("aaaa")
    (folder / "u.csv").write_text("bbbb")
    node = replace(
        copy(engine),
        command=replace(copy(engine).command, arguments=()),
        code=engine.code("list", "print(1)"),
        inputs={"raw": Input(DataReference("azureml://datastores/store/paths/raw"))},
        outputs={},
    )
    engine.run(node, run_id="p1")
    os.utime(folder / "t.csv")
    assert hits(engine.run(node, run_id="p2")) == {"copy": True}
    # The same size, and the modification time put back.
    before = (folder / "t.csv").stat()
    (folder / "t.csv").write_text("cccc")
    os.utime(folder / "t.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    runs = engine.run(node, run_id="p3")
    assert hits(runs) == {"copy": False}
    assert decision(runs["copy"])["differs"] == ["input raw: t.csv changed"]
    (folder / "u.csv").rename(folder / "v.csv")
    runs = engine.run(node, run_id="p4")
    assert decision(runs["copy"])["differs"] == ["input raw: v.csv is new", "input raw: u.csv is missing"]


def test_data_parameters_and_what_cannot_be_compared(engine: Engine) -> None:
    folder = engine.root / "data"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    node = engine.step("use", "print(1)", inputs={"in": Input(DataReference("https://somewhere/x.csv"))})
    runs = [engine.run(node, run_id=f"p{i}")["use"] for i in range(2)]
    assert [run.status for run in runs] == ["Completed", "Completed"]
    assert "cannot be compared with earlier ones: https://somewhere/x.csv cannot be read" in decision(runs[1])["reason"]
    from amlbridge.engine.plan import DataParameterRef

    node = replace(node, inputs={"in": Input(DataParameterRef("place"))})
    for index, (name, told) in enumerate((("a", []), ("b", ["'azureml://datastores/s/paths/a' became"]))):
        place = DataReference(f"azureml://datastores/s/paths/{name}")
        plan = Plan((node,), data_parameters=(DataParameter("place", default=place),))
        engine.submit_plan(plan, f"q{index}")
        assert engine.scheduler.wait(engine.workspace.id, f"q{index}", 60)
        found = decision(engine.runs(f"q{index}")["use"])
        assert not found["hit"]
        assert all(text in " ".join(found["differs"]) for text in told)


def damage_missing(place: Path) -> None:
    (place / "x").unlink()


def damage_truncated(place: Path) -> None:
    os.truncate(place / "x", 0)


def damage_silently(place: Path) -> None:
    before = (place / "x").stat()
    (place / "x").write_text("0")
    os.utime(place / "x", ns=(before.st_atime_ns, before.st_mtime_ns))


def damage_more(place: Path) -> None:
    (place / "z").write_text("z")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (damage_missing, "output out: x is missing"),
        (damage_truncated, "output out: x changed"),
        (damage_silently, "output out: x changed"),
        (damage_more, "output out: z is new"),
        (shutil.rmtree, "output out: it is missing"),
    ],
)
def test_damaged_outputs_are_made_anew(engine: Engine, harm: Any, told: str) -> None:
    first = engine.run(write(engine), copy(engine), run_id="p1")
    harm(data(engine, first["write"]))
    second = engine.run(write(engine), copy(engine), run_id="p2")
    assert hits(second) == {"write": False, "copy": True}
    found = decision(second["write"])
    assert found["differs"] == [told]
    assert found["candidate"] == first["write"].id
    assert "no longer as that run left them" in found["reason"]
    assert decision(engine.run(write(engine), run_id="p3")["write"])["candidate"] == second["write"].id


def test_a_failed_step_is_no_candidate(engine: Engine) -> None:
    flag = engine.root / "flag"
    node = engine.step("flaky", f"import pathlib, sys; sys.exit(0 if pathlib.Path({str(flag)!r}).exists() else 3)")
    assert engine.run(node, run_id="p1")["flaky"].status == "Failed"
    flag.touch()
    runs = engine.run(node, run_id="p2")
    assert runs["flaky"].status == "Completed"
    assert hits(runs) == {"flaky": False}
    assert hits(engine.run(node, run_id="p3")) == {"flaky": True}


def test_results_that_cannot_be_taken_are_a_miss(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.run(write(engine), run_id="p1")

    def full(*_: object) -> dict[str, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine.host, "reused", full)
    runs = engine.run(write(engine), run_id="p2")
    assert hits(runs) == {"write": False}
    assert "cannot be taken: [Errno 28]" in decision(runs["write"])["reason"]


def test_other_workspaces_and_deleted_runs(engine: Engine) -> None:
    first = engine.run(write(engine), run_id="p1")
    mine = engine.workspace, engine.experiment
    engine.workspace = engine.records.workspaces.ensure("s", "g", "other")
    engine.experiment = engine.records.experiments.ensure(engine.workspace.id, "e")
    assert hits(engine.run(write(engine), run_id="p2")) == {"write": False}
    engine.workspace, engine.experiment = mine
    with engine.records.database.write() as connection:
        from sqlalchemy import delete

        from amlbridge.engine.records.schema import run

        connection.execute(delete(run).where(run.c.id == first["write"].id))
    assert hits(engine.run(write(engine), run_id="p3")) == {"write": False}


def test_the_decision_survives_a_restart(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine")
    engine.run(write(engine), run_id="p1")
    slow = engine.step("slow", "import time; time.sleep(300)", deterministic=False)
    last = replace(copy(engine), after=("slow",))
    engine.submit(write(engine), slow, last, run_id="p2")
    while engine.runs("p2")["slow"].status != "Running" or not engine.runs("p2")["write"].finished:
        time.sleep(0.02)
    assert hits({"": engine.runs("p1")[""], "write": engine.runs("p2")["write"]}) == {"write": True}
    engine.close()
    engine = Engine(tmp_path / "engine")
    try:
        engine.code("slow", "print('quick now')")
        assert engine.scheduler.recover() == ["p2"]
        assert engine.scheduler.wait(engine.workspace.id, "p2", 60)
        runs = engine.runs("p2")
        assert runs[""].status == "Completed"
        assert decision(runs["write"])["hit"]
        assert data(engine, runs["copy"]).read_text() == "7"
        assert hits(engine.run(write(engine), run_id="p3")) == {"write": True}
    finally:
        engine.close()
