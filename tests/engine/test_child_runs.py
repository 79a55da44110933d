"""Child runs that a driver tells of, in a real step with a driver of the test's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from amlbridge.engine import child_runs, kinds
from amlbridge.engine.plan import Node
from amlbridge.engine.records.runs import Run
from tests.support.engine import Engine

pytestmark = pytest.mark.slow

#: A driver that tells what the node's options say, line by line, and then waits or fails as they say.
DRIVER = """
import json, pathlib, sys, time

told = json.loads(pathlib.Path(sys.argv[1]).read_text())
with open(told["events"], "a") as file:
    for line in told["lines"]:
        file.write(line if isinstance(line, str) else json.dumps(line) + "\\n")
        file.flush()
flag = pathlib.Path(told["flag"])
first = not flag.exists()
flag.touch()
cancelled = pathlib.Path(told["cancelled"]) / "1"
while told["waits"] and first and not cancelled.exists():
    time.sleep(0.05)
if cancelled.exists():
    with open(told["events"], "a") as file:
        error = {"code": "Canceled", "message": "it was cancelled"}
        file.write(json.dumps({"event": "child_ended", "index": 1, "status": "Canceled", "error": error}) + "\\n")
sys.exit(told["code"])
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Engine]]:
    """Opens the engine; after it was closed, a second call is a restart."""
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)

    def settings(context: object, arguments: object) -> dict[str, object]:
        node: Node = context.node  # type: ignore[attr-defined]
        given = {"waits": False, "code": 0, **node.options, "flag": str(tmp_path / "flag")}
        given["cancelled"] = str(child_runs.cancel_folder(context.scratch))  # type: ignore[attr-defined]
        return {**given, "events": str(child_runs.events_file(context))}  # type: ignore[arg-type]

    monkeypatch.setattr(kinds, "DRIVERS", {"transfer": kinds.Driver(script, settings)})
    monkeypatch.setattr(kinds, "RUNNABLE", frozenset({"transfer"}))
    opened: list[Engine] = []

    def open_() -> Engine:
        opened.append(Engine(tmp_path / "engine"))
        return opened[-1]

    yield open_
    opened[-1].close()


def driven(*lines: object, **options: object) -> Node:
    return Node("n", "n", kind="transfer", options={"lines": list(lines), **options})


STARTED = {
    "event": "child_started",
    "index": 0,
    "name": "first",
    "properties": {"run_algorithm": "SGD", "iteration": 0},
}
ENDED = {"event": "child_ended", "index": 0, "status": "Completed", "properties": {"score": "0.5"}}


def children(engine: Engine, run: Run) -> list[Run]:
    return engine.records.runs.children(engine.workspace.id, run.id)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_everything_that_is_told_is_recorded(start: Callable[[], Engine], tmp_path: Path) -> None:
    engine = start()
    (tmp_path / "files/outputs").mkdir(parents=True)
    (tmp_path / "files/outputs/model.pkl").write_text("model")
    metrics = {"event": "child_metrics", "index": 0, "metrics": {"accuracy": 0.5, "AUC": "NaN"}}
    run = engine.run(
        driven(
            STARTED,
            metrics,
            {"event": "child_artifacts", "index": 0, "folder": str(tmp_path / "files")},
            {"event": "child_charts", "index": 0, "charts": {"matrix": "confusion_matrix"}},
            {"event": "parent", "tags": {"best": "0"}, "properties": {"p": 1}, "metrics": {"best": 0.5}},
            {"event": "note", "message": "look out"},
            {"event": "what"},
            "no json\n",
            ENDED,
        )
    )["n"]
    assert run.status == "Completed"
    (child,) = children(engine, run)
    assert (child.id, child.kind, child.name, child.status) == (f"{run.id}_0", "trial", "first", "Completed")
    assert child.properties == {"run_algorithm": "SGD", "iteration": "0", "score": "0.5"}
    logged = {value.name: value.data for value in engine.records.metrics.values(engine.workspace.id, child.id)}
    matrix = {"matrix": f"aml://artifactId/ExperimentRun/dcid.{child.id}/matrix"}
    assert logged == {"accuracy": {"accuracy": 0.5}, "AUC": {"AUC": "NaN"}, "matrix": matrix}
    assert (engine.root / "artifacts" / child.id / "outputs/model.pkl").read_text() == "model"
    assert run.tags["best"] == "0"
    assert run.properties["p"] == "1"
    assert run.extra["warnings"] == [{"source": "amlbridge", "message": "look out"}]
    log = (engine.root / "artifacts" / run.id / "azureml-logs/70_driver_log.txt").read_text()
    assert "unknown event 'what'" in log
    assert log.count("could not be recorded") == 2


def test_the_test_of_a_child_is_a_run_below_it_and_is_reused_with_it(
    start: Callable[[], Engine], tmp_path: Path
) -> None:
    engine = start()
    (tmp_path / "files/predictions").mkdir(parents=True)
    (tmp_path / "files/predictions/rows.csv").write_text("a\n1\n")
    tested: list[dict[str, object]] = [
        {"event": "child_started", "name": "test"},
        {"event": "child_metrics", "metrics": {"accuracy": 0.25}},
        {"event": "child_artifacts", "folder": str(tmp_path / "files"), "tables": ["predictions/rows.csv"]},
        {"event": "child_ended", "status": "Completed"},
    ]
    run = engine.run(driven(STARTED, ENDED, *({**event, "index": 0, "test": True} for event in tested)))["n"]
    (child,) = children(engine, run)
    (test,) = children(engine, child)
    assert (test.id, test.kind, test.status) == (f"{child.id}_test", "model_test", "Completed")
    assert engine.host.tables == [(test.id, "predictions/rows.csv")]
    records, workspace = engine.records, engine.workspace.id
    records.runs.add(workspace, run.experiment_id, "again", "step")
    context: Any = SimpleNamespace(workspace=engine.workspace, run_id="again")
    child_runs.copy_artifacts(records, engine.host, context, run.id)
    assert child_runs.copy(records, workspace, run.id, "again") == {child.id: "again_0", test.id: "again_0_test"}
    assert [item.id for item in records.runs.children(workspace, "again_0")] == ["again_0_test"]
    assert [item.data for item in records.metrics.values(workspace, "again_0_test")] == [{"accuracy": 0.25}]
    assert (engine.root / "artifacts/again_0_test/predictions/rows.csv").read_text() == "a\n1\n"


def test_a_step_that_fails_ends_its_children(start: Callable[[], Engine]) -> None:
    engine = start()
    run = engine.run(driven(STARTED, code=3))["n"]
    (child,) = children(engine, run)
    assert (run.status, child.status) == ("Failed", "Failed")
    assert "exit code 3" in child.error["message"]


def test_a_step_that_is_cancelled_ends_its_children(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.submit(driven(STARTED, waits=True))
    step = engine.records.runs.children(engine.workspace.id, "p")[0]
    until(lambda: children(engine, step))
    engine.scheduler.cancel(engine.workspace.id, "p")
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    (child,) = children(engine, step)
    assert child.status == "Canceled"
    assert child.ended is not None


def test_a_child_that_is_cancelled_ends_alone(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.submit(driven(STARTED, {**STARTED, "index": 1}, ENDED, waits=True))
    step = engine.records.runs.children(engine.workspace.id, "p")[0]
    until(lambda: sum(child.finished for child in children(engine, step)) == 1 and len(children(engine, step)) == 2)
    first, second = children(engine, step)
    engine.scheduler.cancel(engine.workspace.id, first.id)
    engine.scheduler.cancel(engine.workspace.id, second.id)
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    assert [child.status for child in children(engine, step)] == ["Completed", "Canceled"]
    assert engine.records.runs.get(engine.workspace.id, "p").status == "Completed"
    assert engine.records.runs.get(engine.workspace.id, second.id).error["message"] == "it was cancelled"


def test_a_restart_of_the_service_replaces_children(start: Callable[[], Engine]) -> None:
    engine = start()
    second = {**STARTED, "index": 1, "name": "second"}
    engine.submit(driven(STARTED, second, {"event": "child_metrics", "index": 1, "metrics": {"a": 1}}, waits=True))
    step = engine.records.runs.children(engine.workspace.id, "p")[0]
    until(lambda: len(children(engine, step)) == 2)
    until(lambda: engine.records.metrics.names(engine.workspace.id, f"{step.id}_1"))
    engine.close()
    again = start()
    # The step tells of the same children when it runs again; they are the same runs.
    again.scheduler.recover()
    assert again.scheduler.wait(again.workspace.id, "p", 60)
    found = children(again, step)
    assert [run.id for run in found] == [f"{step.id}_0", f"{step.id}_1"]
    assert {run.status for run in found} == {"Canceled"}
    assert not any(run.hidden for run in found)
    assert len(again.records.metrics.values(again.workspace.id, f"{step.id}_1")) == 1


def test_children_of_an_earlier_attempt_are_hidden(start: Callable[[], Engine]) -> None:
    engine = start()
    engine.records.runs.add(engine.workspace.id, engine.experiment.id, "elsewhere", "script")
    engine.submit(driven(waits=False))
    assert engine.scheduler.wait(engine.workspace.id, "p", 60)
    step = engine.records.runs.children(engine.workspace.id, "p")[0]
    values = {"parent_id": step.id, "status": "Running", "properties": {"score": "1"}}
    engine.records.runs.add(engine.workspace.id, engine.experiment.id, f"{step.id}_7", "trial", **values)
    context = type("Context", (), {"workspace": engine.workspace, "run_id": step.id})()
    child_runs.ChildRuns(engine.records, engine.host, context, print).begin()
    (child,) = children(engine, step)
    assert (child.status, child.hidden, child.properties) == ("Canceled", True, {})
