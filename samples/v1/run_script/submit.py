"""Submits train.py as a run of the workspace and shows what it measured."""

import os

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies

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
config = ScriptRunConfig(
    source_directory=HERE,
    script="train.py",
    arguments=["--alphas", 0.01, 0.1, 1.0],
    compute_target=cluster,
    environment=environment,
)
run = Experiment(ws, "ridge").submit(config)
run.wait_for_completion(show_output=True)

print(run.get_status(), run.get_metrics())
print(run.get_file_names())
model = run.register_model("ridge", model_path="outputs/model.pkl")
print(f"registered model {model.name} version {model.version}")
