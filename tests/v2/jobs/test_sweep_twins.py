"""The same sweep of SDK v1 and SDK v2, with the same seed: the same trials, the same winner, the same score."""

from __future__ import annotations

import json

import pytest

from tests.support.live import LiveService
from tests.v2.jobs.scripts import HEAD

pytestmark = pytest.mark.slow

FILES = {
    "src/train.py": """
        import sys
        from azureml.core import Run
        given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
        Run.get_context().log("score", -(float(given["--x"]) - 1) ** 2 - int(given["--n"]))
        """
}
SCRIPT = """
import json
from azure.ai.ml.sweep import Choice, GridSamplingAlgorithm, RandomSamplingAlgorithm, Uniform
# azureml-core takes the variables of HEAD for numbers, which they are not.
for name in ("MIN", "MAX"):
    os.environ.pop(f"AZUREML_RUN_POLLING_INTERVAL_{name}", None)
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute as Cluster, ComputeTarget
from azureml.train import hyperdrive
ws = Workspace.from_config()
cpu = ComputeTarget.create(ws, "cpu", Cluster.provisioning_configuration("STANDARD_D2_V2", max_nodes=2))
source = ScriptRunConfig("src", "train.py", compute_target=cpu)
trial = command(code="src", command="python train.py --x ${{inputs.x}} --n ${{inputs.n}}", environment=ENV,
                inputs={"x": 1.0, "n": 1}, compute="cpu")
uniform, choice = hyperdrive.uniform, hyperdrive.choice

def first(sampling):
    run = Experiment(ws, "twins").submit(hyperdrive.HyperDriveConfig(
        run_config=source, hyperparameter_sampling=sampling, primary_metric_name="score", max_total_runs=3,
        primary_metric_goal=hyperdrive.PrimaryMetricGoal.MAXIMIZE, max_concurrent_runs=2))
    run.wait_for_completion()
    best = run.get_best_run_by_primary_metric()
    values = {name: json.loads(text) for name, text in run.get_hyperparameters().items()}
    trials = [[number["--x"], number["--n"]] for _, number in sorted(values.items())]
    return [trials, best.id.removeprefix(run.id), best.get_metrics()["score"]]

def second(algorithm, **space):
    sweep = trial(**space).sweep(primary_metric="score", goal="Maximize", sampling_algorithm=algorithm, compute="cpu")
    sweep.set_limits(max_total_trials=3, max_concurrent_trials=2)
    job = follow(sweep)
    values = {item.name: json.loads(item.tags["hyperparameters"]) for item in ml.jobs.list(parent_job_name=job.name)}
    trials = [[number["x"], number["n"]] for _, number in sorted(values.items())]
    return [trials, job.properties["best_child_run_id"].removeprefix(job.name), float(job.properties["score"])]

random = {"--x": uniform(0, 2), "--n": choice(1, 2, 3)}
print("@", json.dumps([first(hyperdrive.RandomParameterSampling(random, properties={"seed": 5})),
                       second(RandomSamplingAlgorithm(seed=5), x=Uniform(0, 2), n=Choice([1, 2, 3]))]))
grid = {"--x": choice(0.5, 1.5), "--n": choice(2, 1)}
print("@", json.dumps([first(hyperdrive.GridParameterSampling(grid)),
                       second(GridSamplingAlgorithm(), x=Choice([0.5, 1.5]), n=Choice([2, 1]))]))
"""


def test_both_sdks_find_the_same(live: LiveService) -> None:
    out = live.run(HEAD + SCRIPT, files=FILES).stdout
    pairs = [json.loads(line[2:]) for line in out.splitlines() if line.startswith("@ ")]
    assert len(pairs) == 2
    for first, second in pairs:
        assert first == second
        assert len(first[0]) == 3
