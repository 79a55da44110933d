"""Tunes train.py with HyperDrive, and registers the best model."""

import os

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.train.hyperdrive import (
    HyperDriveConfig,
    MedianStoppingPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
    loguniform,
)

HERE = os.path.dirname(os.path.abspath(__file__))

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

environment = Environment("ridge")
environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["scikit-learn"], pip_packages=["azureml-core"]
)
config = HyperDriveConfig(
    run_config=ScriptRunConfig(HERE, "train.py", compute_target=cluster, environment=environment),
    hyperparameter_sampling=RandomParameterSampling(
        {"--alpha": loguniform(-7, 0), "--solver": choice("svd", "cholesky")},
        properties={"seed": 42},
    ),
    policy=MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=5),
    primary_metric_name="r2",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=3,
    max_concurrent_runs=2,
)
run = Experiment(ws, "tune-ridge").submit(config)
run.wait_for_completion(show_output=True)

for child in run.get_children_sorted_by_primary_metric():
    print(f"{child['best_primary_metric']:.4f} {child['hyperparameters']}")
best = run.get_best_run_by_primary_metric()
print("best", best.id.removeprefix(run.id), best.get_details()["runDefinition"]["arguments"])
model = best.register_model("tuned-ridge", model_path="outputs/model.pkl")
print(f"registered model {model.name} version {model.version}")
