"""Sweep jobs and sweep nodes from the real client."""

from __future__ import annotations

import json
import textwrap

import pytest

from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep.sampling import Samples
from amlbridge.engine.sweep.settings import SweepSettings
from tests.support.live import LiveService
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

FILES = {
    "src/train.py": """
        import os, sys
        import mlflow
        x, n, out = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
        mlflow.log_metric("score", -(x - 1) ** 2 - n, step=0)
        open(os.path.join(out, "best.txt"), "w").write(str(n))
        print("trained with", x, n)
        """,
    "src/read.py": """
        import os, sys
        open(sys.argv[2], "w").write("best " + open(os.path.join(sys.argv[1], "best.txt")).read())
        """,
    "src/sleep.py": "import time; time.sleep(600)",
    "sweep.yml": """
        $schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
        type: sweep
        compute: azureml:serverless
        sampling_algorithm: grid
        objective: {goal: minimize, primary_metric: score}
        search_space:
          n: {type: choice, values: [2, 3]}
        limits: {max_total_trials: 2, max_concurrent_trials: 2}
        early_termination: {type: median_stopping, evaluation_interval: 1, delay_evaluation: 5}
        outputs: {o: {type: uri_folder}}
        trial:
          code: src
          command: python train.py 1 ${{search_space.n}} ${{outputs.o}}
          environment: azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest
        """,
}

SCRIPT = """
import json
from azure.ai.ml.sweep import (
    BanditPolicy, Choice, RandomSamplingAlgorithm, TruncationSelectionPolicy, Uniform)

def show(name, value):
    print("@", json.dumps([name, value]))

numbers = {"x": Input(type="number"), "n": Input(type="integer", default=1)}
trial = command(
    name="trial", code="src", command="python train.py ${{inputs.x}} ${{inputs.n}} ${{outputs.o}}", environment=ENV,
    inputs={"x": 1.0, "n": 1}, outputs={"o": Output(type="uri_folder", name="tuned")}, compute="serverless")
sweep = trial(x=Uniform(0, 2), n=Choice([1, 2, 3])).sweep(
    primary_metric="score", goal="Maximize", sampling_algorithm=RandomSamplingAlgorithm(seed=11), compute="serverless",
    early_termination_policy=BanditPolicy(slack_amount=50, evaluation_interval=1))
sweep.set_limits(max_total_trials=4, max_concurrent_trials=2, timeout=3600, trial_timeout=600)
sweep.tags = {"a": "b"}
made = ml.jobs.create_or_update(sweep, experiment_name="tuning")
ml.jobs.stream(made.name)
job = ml.jobs.get(made.name)
show("name", job.name)
show("job", [job.status, type(job).__name__, job.tags.get("a"), job.objective.primary_metric])
show("limits", [job.limits.max_total_trials, job.limits.trial_timeout, job.sampling_algorithm.seed])
show("best", job.properties["best_child_run_id"])
show("score", float(job.properties["score"]))
found = list(ml.jobs.list(parent_job_name=job.name))
show("children", {child.name: json.loads(child.tags["hyperparameters"]) for child in found})
show("statuses", sorted({child.status for child in found}))
show("child", ml.jobs.get(job.properties["best_child_run_id"]).status)
ml.jobs.download(job.name, output_name="o", download_path="named")
show("named", tree("named"))
ml.jobs.download(job.name, download_path="all")
show("all", sorted(tree("all")))
show("asset", ml.data.get("tuned", version="1").path.rsplit("/workspaces/", 1)[-1])

other = ml.jobs.create_or_update(load_job("sweep.yml"))
ml.jobs.stream(other.name)
show("grid", [ml.jobs.get(other.name).properties["best_child_run_id"] == other.name + "_1",
    [json.loads(child.tags["hyperparameters"]) for child in ml.jobs.list(parent_job_name=other.name)]])

component = command(
    name="trial", code="src", command="python train.py ${{inputs.x}} ${{inputs.n}} ${{outputs.o}}", environment=ENV,
    inputs=numbers, outputs={"o": Output(type="uri_folder")}).component
reader = command(
    name="reader", code="src", command="python read.py ${{inputs.a}} ${{outputs.t}}", environment=ENV,
    inputs={"a": Input(type="uri_folder")}, outputs={"t": Output(type="uri_file")}).component

@dsl.pipeline(compute="serverless")
def tuned(x):
    tune = component(n=Choice([3, 1, 2]), x=x).sweep(primary_metric="score", goal="maximize", sampling_algorithm="grid")
    tune.set_limits(max_total_trials=3, max_concurrent_trials=1)
    tune.early_termination = TruncationSelectionPolicy(truncation_percentage=20, evaluation_interval=1)
    last = reader(a=tune.outputs.o)
    return {"t": last.outputs.t}

pipeline = ml.jobs.create_or_update(tuned(0.5))
ml.jobs.stream(pipeline.name)
pipeline = ml.jobs.get(pipeline.name)
show("pipeline", pipeline.status)
step = children(pipeline)["tune"]
show("trials", [child.name.removeprefix(step.name) for child in ml.jobs.list(parent_job_name=step.name)])
ml.jobs.download(pipeline.name, output_name="t", download_path="piped")
show("piped", list(tree("piped").values()))

slow = command(name="slow", code="src", command="python sleep.py ${{inputs.n}}", environment=ENV, inputs={"n": 1})
slow = slow(n=Choice([1, 2])).sweep(
    primary_metric="score", goal="maximize", sampling_algorithm="random", compute="serverless")
slow.set_limits(max_total_trials=2)
slow = ml.jobs.create_or_update(slow)
while not any(child.status == "Running" for child in ml.jobs.list(parent_job_name=slow.name)):
    time.sleep(0.1)
ml.jobs.begin_cancel(slow.name).wait()
while ml.jobs.get(slow.name).status == "CancelRequested":
    time.sleep(0.1)
show("cancelled", [ml.jobs.get(slow.name).status, [c.status for c in ml.jobs.list(parent_job_name=slow.name)]])

bad = trial(x=Uniform(2, 1)).sweep(
    primary_metric="score", goal="maximize", sampling_algorithm="random", compute="serverless")
bad.set_limits(max_total_trials=2)
refused(lambda: ml.jobs.create_or_update(bad))
bad = trial(x=Uniform(1, 2)).sweep(
    primary_metric="score", goal="maximize", sampling_algorithm="grid", compute="serverless")
bad.set_limits(max_total_trials=2)
refused(lambda: ml.jobs.create_or_update(bad))
bad.sampling_algorithm = "random"
bad.set_limits(max_total_trials=2, max_concurrent_trials=5)
refused(lambda: ml.jobs.create_or_update(bad))
"""


def test_sweeps(live: LiveService) -> None:
    files = {name: textwrap.dedent(text) for name, text in FILES.items()}
    out = live.run(HEAD + SCRIPT, files=files).stdout
    found = dict(json.loads(line[2:]) for line in out.splitlines() if line.startswith("@ "))
    name = found["name"]
    assert f"Sweep {name} has begun" in out
    assert found["job"] == ["Completed", "SweepJob", "b", "score"]
    assert found["limits"] == [4, 600, 11]
    children = found["children"]
    assert sorted(children) == [f"{name}_{number}" for number in range(4)]
    assert found["statuses"] == ["Completed"]
    scores = {child: -((item["x"] - 1) ** 2) - item["n"] for child, item in children.items()}
    best = max(scores, key=lambda child: scores[child])
    assert found["best"] == best
    assert found["score"] == pytest.approx(scores[best])
    assert found["child"] == "Completed"
    assert list(found["named"].values()) == [str(children[best]["n"])]
    assert any(path.endswith("user_logs/std_log.txt") for path in found["all"])
    assert any("hd-artifacts" in path and path.endswith("azureml-logs/hyperdrive.txt") for path in found["all"])
    assert best in found["asset"]
    assert found["grid"] == [True, [{"n": 3}, {"n": 2}]] or found["grid"] == [True, [{"n": 2}, {"n": 3}]]
    assert found["pipeline"] == "Completed"
    assert sorted(found["trials"]) == ["_0", "_1", "_2"]
    assert found["piped"] == ["best 1"]
    assert found["cancelled"] == ["Canceled", ["Canceled", "Canceled"]]
    refusals = [line for line in out.splitlines() if "REFUSED" in line]
    expected = ("search_space.x: min_value of uniform (2", "grid sampling takes only choice", "concurrent trials (5)")
    assert len(refusals) == len(expected)
    for line, part in zip(refusals, expected, strict=True):
        assert line.startswith("REFUSED") and part in line, line
    # The same seed draws the same in a sweep of SDK v1, whose names have dashes (tests/v1/test_hyperdrive.py).
    space = {"--x": ["uniform", [0, 2]], "n": ["choice", [[1, 2, 3]]]}
    settings = SweepSettings({key: distributions.parse(item, key) for key, item in space.items()}, "score")
    twin = Samples(settings, 11)
    for number in range(4):
        drawn = twin.get(number, [])
        assert drawn is not None
        assert {key.lstrip("-"): value for key, value in drawn.items()} == children[f"{name}_{number}"]
