"""Runs that are their own only step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amlbridge.engine.errors import ConflictError, PlanError
from amlbridge.engine.host import DRIVER_LOG, SCRIPT_LOG
from amlbridge.engine.plan import Node, Parameter, Plan
from amlbridge.engine.records.runs import Run
from tests.support.engine import Engine

SLOW = "import time; print('up', flush=True); time.sleep(0 if __import__('os').path.exists({mark!r}) else 300)"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine")
    yield made
    made.close()


def submit(engine: Engine, node: Node, run_id: str = "r", **columns: object) -> None:
    engine.scheduler.submit_single(
        engine.workspace.id, engine.experiment.id, run_id, Plan((node,)), kind="script", columns=columns
    )


def ended(engine: Engine, run_id: str = "r") -> Run:
    assert engine.scheduler.wait(engine.workspace.id, run_id, 60)
    return engine.records.runs.get(engine.workspace.id, run_id)


def log(engine: Engine, run_id: str = "r") -> str:
    path = engine.root / "artifacts" / run_id / SCRIPT_LOG
    return path.read_text() if path.exists() else ""


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_it_is_one_run_with_one_log(engine: Engine) -> None:
    submit(engine, engine.step("main", "print('hello')", deterministic=False), tags={"a": "b"})
    run = ended(engine)
    assert (run.status, run.kind, run.parent_id, run.tags) == ("Completed", "script", None, {"a": "b"})
    assert log(engine) == "hello\n"
    assert not (engine.root / "artifacts" / "r" / DRIVER_LOG).exists()
    assert engine.records.runs.children(engine.workspace.id, "r") == []
    with pytest.raises(ConflictError):
        submit(engine, engine.step("main", "print('hello')"))


def test_its_failure_is_its_own(engine: Engine) -> None:
    submit(engine, engine.step("main", "1 / 0"))
    run = ended(engine)
    assert run.status == "Failed"
    assert "ZeroDivisionError" in run.error["message"]
    assert "step 'main'" not in run.error["message"]


def test_cancel_while_it_runs_and_while_it_waits(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine", slots=1)
    try:
        node = engine.step("main", SLOW.format(mark=""))
        submit(engine, node, "first")
        until(lambda: "up" in log(engine, "first"))
        submit(engine, node, "second")
        for name in ("second", "first"):
            engine.scheduler.cancel(engine.workspace.id, name)
        assert [ended(engine, name).status for name in ("first", "second")] == ["Canceled", "Canceled"]
        assert log(engine, "second") == ""
    finally:
        engine.close()


def test_a_run_of_the_same_name_in_another_workspace_stays(engine: Engine, tmp_path: Path) -> None:
    """Users name runs, and the processes of a run are looked for on the whole machine."""
    mark = tmp_path / "mark"
    script = f"import os, time; print('up', flush=True)\nwhile not os.path.exists({str(mark)!r}): time.sleep(0.02)"
    elsewhere = engine.records.workspaces.ensure("s", "g", "other").id
    experiment = engine.records.experiments.ensure(elsewhere, "e")
    plan, service = Plan((engine.step("main", script),)), Engine(tmp_path / "service")
    try:
        submit(engine, plan.nodes[0])
        engine.scheduler.submit_single(elsewhere, experiment.id, "r", plan, kind="script", columns={})
        submit(service, service.step("main", script))
        until(lambda: log(engine).count("up") == 2 and "up" in log(service))
        engine.scheduler.cancel(engine.workspace.id, "r")
        assert ended(engine).status == "Canceled"
        mark.touch()
        assert engine.scheduler.wait(elsewhere, "r", 60)
        assert engine.records.runs.get(elsewhere, "r").status == ended(service).status == "Completed"
    finally:
        service.close()


def test_a_run_that_waits_for_its_children_does_not_keep_them_waiting(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine", slots=1)
    try:
        submit(engine, engine.step("main", SLOW.format(mark="")), "parent")
        until(lambda: "up" in log(engine, "parent"))
        slow, quick = engine.step("slow", SLOW.format(mark="")), engine.step("quick", "print('quick')")
        submit(engine, slow, "first", parent_id="parent")
        until(lambda: "up" in log(engine, "first"))
        submit(engine, quick, "second", parent_id="parent")
        time.sleep(0.3)
        # One core: one child at a time.
        assert log(engine, "second") == ""
        engine.scheduler.cancel(engine.workspace.id, "first")
        assert ended(engine, "second").status == "Completed"
        assert engine.records.runs.get(engine.workspace.id, "parent").status == "Running"
    finally:
        engine.close()


def test_a_plan_of_more_is_refused(engine: Engine) -> None:
    node = engine.step("main", "print('hello')")
    for plan in (Plan(()), Plan((node,), parameters=(Parameter("p"),))):
        with pytest.raises(PlanError):
            engine.scheduler.submit_single(
                engine.workspace.id, engine.experiment.id, "r", plan, kind="script", columns={}
            )


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Also as the child of a run that the user made; a user's child of it is no step of it."""
    mark = str(tmp_path / "mark")
    engine = Engine(tmp_path / "engine")
    engine.records.runs.add(engine.workspace.id, engine.experiment.id, "parent", "interactive")
    submit(engine, engine.step("main", SLOW.format(mark=mark)), parent_id="parent")
    until(lambda: "up" in log(engine))
    engine.records.runs.add(engine.workspace.id, engine.experiment.id, "child", "interactive", parent_id="r")
    engine.close()
    Path(mark).touch()
    engine = Engine(tmp_path / "engine")
    try:
        assert engine.scheduler.recover() == ["r"]
        assert ended(engine).status == "Completed"
        assert "run again" in log(engine)
    finally:
        engine.close()
