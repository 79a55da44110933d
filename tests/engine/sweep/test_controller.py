"""Sweeps in a scheduler with real processes; the trials write their metrics into the records themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import InputRef, Node, Output, OutputRef, Plan
from amlbridge.engine.records.runs import Run
from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep.settings import OPTION, Policy, SweepSettings
from tests.support.engine import FOLDER_OUTPUT, Engine, edge

pytestmark = pytest.mark.slow

#: A script's way to log: it has no client here.
LOG = """
    import os, sys, time
    from pathlib import Path
    from amlbridge.engine.records.metrics import MetricValue
    from amlbridge.engine.records.store import Records

    root = Path({root!r})
    records = Records("sqlite:///" + str(root / "records.db"))

    def log(value, count=[0]):
        count[0] += 1
        row = MetricValue("score", str(count[0]), time.time(), {{"score": "double"}}, {{"score": value}})
        records.metrics.add({workspace!r}, os.environ["RUN_ID"], [row])

    def wait_for(name):
        while not (root / name).exists():
            time.sleep(0.02)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine", slots=1)
    yield made
    made.close()


def sweep_node(engine: Engine, script: str, *arguments: Any, space: dict[str, Any], **values: Any) -> Node:
    """A node of kind sweep whose script can log."""
    parsed = {name: distributions.parse(item, name) for name, item in space.items()}
    settings = SweepSettings(space=parsed, metric="score", **{"seed": 3, **values})
    head = LOG.format(root=str(engine.root), workspace=engine.workspace.id)
    code = engine.step("tune", head + script, *arguments)
    return replace(code, kind="sweep", options={OPTION: settings.json()})


def submit(engine: Engine, node: Node, run_id: str = "s") -> None:
    node = replace(node, deterministic=False)
    engine.scheduler.submit_single(
        engine.workspace.id, engine.experiment.id, run_id, Plan((node,)), kind="hyperdrive", columns={"name": "sweep"}
    )


def ended(engine: Engine, node: Node, run_id: str = "s") -> tuple[Run, list[Run]]:
    submit(engine, node, run_id)
    assert engine.scheduler.wait(engine.workspace.id, run_id, 60)
    return get(engine, run_id)


def get(engine: Engine, run_id: str = "s") -> tuple[Run, list[Run]]:
    runs = engine.records.runs
    return runs.get(engine.workspace.id, run_id), runs.children(engine.workspace.id, run_id)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


X = {"x": ["choice", [[1, 5, 3]]]}
LOG_X = """
    log(float(sys.argv[sys.argv.index("--x") + 1]))
"""


def test_the_best_of_a_grid(engine: Engine) -> None:
    node = sweep_node(engine, LOG_X, "--x", InputRef("x"), space=X, sampler="grid", max_concurrent=2)
    run, children = ended(engine, node)
    assert run.status == "Completed"
    assert [child.id for child in children] == ["s_0", "s_1", "s_2"]
    assert [child.extra["hyperparameters"] for child in children] == [{"x": 1}, {"x": 5}, {"x": 3}]
    assert run.properties["best_child_run_id"] == "s_1"
    assert float(run.properties["score"]) == 5
    assert json.loads(run.tags["_aml_system_s_2"]) == {"x": 3}
    table = engine.records.metrics.values(engine.workspace.id, "s", "best_child_by_primary_metric")
    assert table[-1].data["run_id"] == "s_1"
    assert table[-1].data["final"] is True
    log = (engine.root / "artifacts" / "s" / "azureml-logs" / "hyperdrive.txt").read_text()
    assert "The best trial is s_1: score=5" in log


def test_in_a_pipeline_on_one_core_the_best_trial_s_output_goes_on(engine: Engine) -> None:
    script = """
        x = sys.argv[2]
        Path(sys.argv[1], "x").write_text(x)
        Path("outputs/model.txt").write_text("model " + x)
        log(-float(x))
    """
    node = sweep_node(
        engine, script.replace("\n    ", "\n"), OutputRef("out"), space={"--x": X["x"]}, goal="minimize", append=True,
        max_total=3, max_concurrent=3, nested="HD_",
    )  # fmt: skip
    script_arguments = replace(node, code=engine.code("tune", _last_argument(engine, "tune")))
    outputs = {
        "out": FOLDER_OUTPUT,
        "metrics": Output("store", "m/{run-id}", type="any", training={"type": "Metrics"}),
        "model": Output(
            "store", "f/{run-id}", type="any", training={"type": "Model", "model_file": "outputs/model.txt"}
        ),
    }
    node = replace(script_arguments, outputs=outputs)
    reader = engine.step(
        "reader", "import sys; print([open(p).read() for p in (sys.argv[1] + '/x', *sys.argv[2:])])",
        InputRef("in"), InputRef("metrics"), InputRef("model"),
        inputs={"in": edge("tune"), "metrics": edge("tune", "metrics"), "model": edge("tune", "model")},
    )  # fmt: skip
    runs = engine.run(node, reader)
    assert runs[""].status == "Completed", runs["tune"].error
    below = engine.records.runs.children(engine.workspace.id, runs["tune"].id)
    assert [run.id[:3] for run in below] == ["HD_"]
    assert below[0].kind == "hyperdrive"
    log = engine.log(runs["reader"])
    assert "'5'" in log
    assert "model 5" in log
    assert '"score": [-5.0]' in log
    # An equal sweep is not run again.
    again = engine.run(node, reader, run_id="again")
    assert again[""].status == "Completed"
    assert again["tune"].execution["reuse"]["hit"]


def _last_argument(engine: Engine, name: str) -> str:
    """The script as it is, with the appended ``--x VALUE`` where it looks for the value."""
    return (engine.root / "code" / name / "main.py").read_text().replace("sys.argv[2]", "sys.argv[3]")


def test_one_failure_is_none_of_the_sweep(engine: Engine) -> None:
    script = """
    if sys.argv[1] == "5":
        sys.exit("no")
    log(float(sys.argv[1]))
"""
    run, children = ended(engine, sweep_node(engine, script, InputRef("x"), space=X, sampler="grid", max_concurrent=1))
    assert run.status == "Completed"
    assert [child.status for child in children] == ["Completed", "Failed", "Completed"]
    assert run.properties["best_child_run_id"] == "s_2"


def test_a_sweep_whose_first_trials_all_fail_gives_up(engine: Engine) -> None:
    space = {"x": ["randint", [1000]]}
    node = sweep_node(engine, "\n    sys.exit('broken')\n", space=space, max_total=100, max_concurrent=1)
    run, children = ended(engine, node)
    assert run.status == "Failed"
    assert "all 3 trials that ran have failed; the first one, s_0:" in run.error["message"]
    assert len(children) == 3


def test_a_sweep_that_stops_trials_for_the_failed_ones_says_why_these_have_failed(tmp_path: Path) -> None:
    """Others were under way when it gave up, so not all that ran have failed."""
    engine = Engine(tmp_path / "engine", slots=2)
    script = """
    if sys.argv[1] == "3":
        wait_for("never")
    wait_for("begun")
    sys.exit("no such column")
"""
    space = {"x": ["choice", [[3, 1, 2, 4, 5]]]}
    node = sweep_node(engine, script, InputRef("x"), space=space, sampler="grid", max_concurrent=2)
    submit(engine, node)
    wait_until(lambda: get(engine)[1] and get(engine)[1][0].status == "Running")
    (engine.root / "begun").touch()
    assert engine.scheduler.wait(engine.workspace.id, "s", 60)
    run, children = get(engine)
    assert run.status == "Failed" and children[0].status == "Canceled"
    assert run.error["code"] == "UserError"
    assert "all trials have failed so far" in run.error["message"] and "no such column" in run.error["message"]
    engine.close()


def test_a_metric_that_nobody_logs_is_told(engine: Engine) -> None:
    run, _ = ended(engine, sweep_node(engine, "\n", space=X, max_total=2, max_concurrent=2))
    assert run.status == "Completed"
    assert "best_child_run_id" not in run.properties
    assert "no trial has logged the primary metric 'score'" in run.extra["warnings"][0]["message"]


def test_a_policy_ends_a_trial_that_is_too_bad(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "engine", slots=3)
    script = """
    if sys.argv[1] == "5":
        log(5.0)
        (root / "reported").touch()
    else:
        # A trial is compared with what the others have reported when it reports.
        wait_for("reported")
        log(float(sys.argv[1]))
        wait_for("never")
"""
    policy = Policy("bandit", slack_amount=3)
    node = sweep_node(engine, script, InputRef("x"), space=X, sampler="grid", max_concurrent=3, policy=policy)
    submit(engine, node)
    wait_until(lambda: get(engine)[1] and get(engine)[1][0].finished)
    _, children = get(engine)
    assert children[0].status == "Canceled"
    assert "bandit policy: 1 after 1 reports" in children[0].error["message"]
    wait_until(lambda: get(engine)[1][1].finished)
    assert get(engine)[1][2].status == "Running"
    (engine.root / "never").touch()
    assert engine.scheduler.wait(engine.workspace.id, "s", 30)
    assert get(engine)[0].status == "Completed"
    engine.close()


def test_a_cancelled_sweep_ends_its_trials_and_starts_no_more(engine: Engine) -> None:
    node = sweep_node(engine, "\n    wait_for('never')\n", space={"x": ["randint", [9]]}, max_concurrent=2)
    submit(engine, node)
    wait_until(lambda: len(get(engine)[1]) == 2 and get(engine)[1][0].status == "Running")
    engine.scheduler.cancel(engine.workspace.id, "s")
    assert engine.scheduler.wait(engine.workspace.id, "s", 30)
    run, children = get(engine)
    assert run.status == "Canceled"
    assert [child.status for child in children] == ["Canceled", "Canceled"]
    assert [name for name in run.tags if name.startswith("_aml_system_s_")] == ["_aml_system_s_0", "_aml_system_s_1"]


def test_when_its_time_is_up_the_best_so_far_counts(engine: Engine) -> None:
    script = """
    log(float(sys.argv[1]))
    if sys.argv[1] != "1":
        wait_for("never")
"""
    node = sweep_node(
        engine, script, InputRef("x"), space=X, sampler="grid", max_concurrent=1, max_duration=4, max_total=3
    )
    run, children = ended(engine, node)
    assert run.status == "Completed", run.error
    assert [child.status for child in children] == ["Completed", "Canceled"]
    assert "longest time, 4 s" in children[1].error["message"]
    assert run.properties["best_child_run_id"] == "s_0"


def test_after_a_restart_it_goes_on_with_the_same_trials(tmp_path: Path) -> None:
    space = {"x": ["uniform", [0, 1]]}
    script = """
    with (root / "started").open("a") as file:
        file.write(os.environ["RUN_ID"] + "\\n")
    if os.environ["RUN_ID"] == "s_2":
        wait_for("go")
    log(float(sys.argv[1]))
"""
    first = Engine(tmp_path / "engine", slots=1)
    node = sweep_node(first, script, InputRef("x"), space=space, max_total=4, max_concurrent=1, seed=5)
    submit(first, node)
    wait_until(lambda: "s_2" in _read(first.root / "started"))
    began = get(first)[0].started
    first.close()
    second = Engine(tmp_path / "engine", slots=1)
    assert set(second.scheduler.recover()) == {"s", "s_2"}
    (second.root / "go").touch()
    assert second.scheduler.wait(second.workspace.id, "s", 60)
    run, children = get(second)
    assert run.status == "Completed"
    assert run.started == began
    assert _read(second.root / "started").split() == ["s_0", "s_1", "s_2", "s_2", "s_3"]
    resumed = [child.extra["hyperparameters"] for child in children]
    whole, other = ended(second, node, "t")
    assert whole.status == "Completed"
    assert [child.extra["hyperparameters"] for child in other] == resumed
    second.close()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_what_cannot_run_is_refused_at_submit(engine: Engine) -> None:
    node = sweep_node(engine, "\n", space={"x": ["uniform", [0, 1]]}, sampler="grid")
    with pytest.raises(PlanError, match="search space 'x': grid sampling"):
        submit(engine, node)
