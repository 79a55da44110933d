"""Sub-pipelines have runs of their own, whose status follows their steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amlbridge.engine.execution import Step, StepState
from amlbridge.engine.plan import Node, Plan, Settings
from amlbridge.engine.records.runs import Run
from amlbridge.engine.subpipelines import Group, SubPipeline
from tests.support.engine import Engine

QUICK = "print('done')"
#: Ends at once when the file ``go`` lies in the folder of the test.
WAITS = """
import os, sys, time
print("up", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""
#: outer holds a and inner, inner holds b; c stands in the pipeline itself.
PARTS = {
    "outer": SubPipeline(("outer.a",), columns={"display_name": "the outer one"}),
    "outer.inner": SubPipeline(("outer.inner.b",), "outer"),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine")
    yield made
    made.close()


def nodes(engine: Engine, a: str = QUICK, b: str = QUICK, c: str = QUICK) -> list[Node]:
    go = str(engine.root / "go")
    return [
        engine.step("outer.a", a, go),
        engine.step("outer.inner.b", b, go, after=("outer.a",)),
        engine.step("c", c, go, after=("outer.inner.b",)),
    ]


def submit(engine: Engine, steps: list[Node], settings: Settings | None = None) -> None:
    engine.scheduler.submit(
        engine.workspace.id,
        engine.experiment.id,
        "p",
        Plan(tuple(steps), settings=settings or Settings()),
        parameters={},
        data_parameters={},
        pipeline={"name": "pipeline"},
        steps={},
        parts=PARTS,
    )


def runs(engine: Engine) -> dict[str, Run]:
    found = {str(run.node_id): run for run in engine.records.runs.parts(engine.workspace.id, "p")}
    return {"": engine.records.runs.get(engine.workspace.id, "p"), **found}


def statuses(engine: Engine) -> dict[str, str]:
    return {name: run.status for name, run in runs(engine).items()}


def ended(engine: Engine) -> dict[str, str]:
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    return statuses(engine)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


NAMES = ("", "outer", "outer.a", "outer.inner", "outer.inner.b", "c")


def test_they_stand_between_the_pipeline_and_their_steps(engine: Engine) -> None:
    submit(engine, nodes(engine))
    assert ended(engine) == dict.fromkeys(NAMES, "Completed")
    found = runs(engine)
    parents = {name: found[name].parent_id for name in NAMES}
    assert parents == {
        "": None,
        "outer": "p",
        "outer.a": found["outer"].id,
        "outer.inner": found["outer"].id,
        "outer.inner.b": found["outer.inner"].id,
        "c": "p",
    }
    assert {run.root_id for run in found.values()} == {"p"}
    assert found["outer"].display_name == "the outer one"
    outer, a, inner, b, c = (found[name] for name in NAMES[1:])
    assert outer.started <= a.started <= a.ended <= inner.started <= b.ended <= inner.ended  # type: ignore[operator]
    assert inner.ended <= outer.ended <= c.ended  # type: ignore[operator]
    steps = engine.records.runs.steps(engine.workspace.id, "p")
    assert [run.node_id for run in steps] == ["outer.a", "outer.inner.b", "c"]
    assert [run.node_id for run in engine.records.runs.children(engine.workspace.id, "p")] == ["outer", "c"]


def test_one_that_has_not_begun_is_not_started_and_runs_with_its_first_step(engine: Engine) -> None:
    submit(engine, nodes(engine, a=WAITS))
    wait_for(lambda: statuses(engine)["outer.a"] == "Running")
    wait_for(lambda: statuses(engine)["outer"] == "Running")
    assert statuses(engine)["outer.inner"] == "NotStarted"
    assert runs(engine)["outer.inner"].started is None
    (engine.root / "go").touch()
    assert ended(engine) == dict.fromkeys(NAMES, "Completed")


def test_a_failed_step_fails_those_that_it_stands_in(engine: Engine) -> None:
    submit(engine, nodes(engine, b="raise SystemExit(3)"))
    assert ended(engine) == {
        **dict.fromkeys(("", "outer", "outer.inner", "outer.inner.b"), "Failed"),
        "outer.a": "Completed",
        "c": "Canceled",
    }
    assert "step 'outer.inner.b' failed: " in (runs(engine)["outer.inner"].error or {})["message"]


@pytest.mark.parametrize("which", ["", "outer", "outer.inner"])
def test_cancelling_the_pipeline_or_a_part_of_it(engine: Engine, which: str) -> None:
    submit(engine, nodes(engine, b=WAITS), Settings(continue_on_failure=True))
    wait_for(lambda: statuses(engine)["outer.inner.b"] == "Running")
    engine.scheduler.cancel(engine.workspace.id, runs(engine)[which].id)
    assert ended(engine) == {**dict.fromkeys(NAMES, "Canceled"), "outer.a": "Completed"}
    assert runs(engine)["c"].started is None
    engine.scheduler.cancel(engine.workspace.id, runs(engine)["outer"].id)
    assert statuses(engine)["outer"] == "Canceled", "an end is never taken back"


def test_one_that_is_cancelled_before_it_has_begun_never_started(engine: Engine) -> None:
    submit(engine, nodes(engine, a=WAITS), Settings(continue_on_failure=True))
    wait_for(lambda: statuses(engine)["outer.a"] == "Running")
    engine.scheduler.cancel(engine.workspace.id, runs(engine)["outer.inner"].id)
    wait_for(lambda: statuses(engine)["outer.inner"] == "Canceled")
    assert statuses(engine)["outer"] == "Running"
    (engine.root / "go").touch()
    assert ended(engine)["outer"] == "Canceled"
    assert runs(engine)["outer.inner"].started is None


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_restart_goes_on(tmp_path: Path, cancelled: bool) -> None:
    engine = Engine(tmp_path / "engine")
    submit(engine, nodes(engine, b=WAITS))
    wait_for(lambda: statuses(engine)["outer.inner"] == "Running")
    started = runs(engine)["outer.inner"].started
    engine.close()
    engine = Engine(tmp_path / "engine")
    try:
        if cancelled:
            # Asked for just before the end, as far as the records know.
            engine.records.runs.set(engine.workspace.id, runs(engine)["outer"].id, status="CancelRequested")
        else:
            (engine.root / "go").touch()
        assert engine.scheduler.recover() == ["p"]
        expected = dict.fromkeys(NAMES, "Canceled" if cancelled else "Completed") | {"outer.a": "Completed"}
        assert ended(engine) == expected
        assert runs(engine)["outer.inner"].started == started
    finally:
        engine.close()


def test_a_part_whose_end_was_not_written_before_a_kill_gets_it(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine")
    submit(engine, nodes(engine, c=WAITS))
    wait_for(lambda: statuses(engine)["c"] == "Running")
    engine.records.runs.set(engine.workspace.id, runs(engine)["outer"].id, status="Running", ended=None)
    engine.close()
    engine = Engine(tmp_path / "engine")
    try:
        (engine.root / "go").touch()
        engine.scheduler.recover()
        assert ended(engine)["outer"] == "Completed"
        assert runs(engine)["outer"].ended is not None
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("NotStarted Queued", "NotStarted"),
        ("NotStarted Running", "Running"),
        ("Completed Queued", "Running"),
        ("Completed Failed", "Failed"),
        ("Failed Canceled", "Failed"),
        ("Completed Canceled", "Canceled"),
        ("Completed Completed", "Completed"),
    ],
)
def test_the_status_that_follows(states: str, expected: str) -> None:
    steps = [Step(Node("n", "n"), "r", "w", StepState(state)) for state in states.split()]
    assert Group("g", steps=steps).status() == expected
