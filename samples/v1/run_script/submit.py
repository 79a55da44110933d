"""Submits train.py as the one step of a pipeline and shows what it measured."""

import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

HERE = os.path.dirname(os.path.abspath(__file__))

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

run_config = RunConfiguration()
run_config.environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["scikit-learn"], pip_packages=["azureml-core"]
)
step = PythonScriptStep(
    name="ridge",
    script_name="train.py",
    source_directory=HERE,
    arguments=["--alphas", 0.01, 0.1, 1.0],
    compute_target=cluster,
    runconfig=run_config,
)
run = Experiment(ws, "ridge").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=True)

child = run.find_step_run("ridge")[0]
print(child.get_status(), child.get_metrics())
print(child.get_file_names())
model = child.register_model("ridge", model_path="outputs/model.pkl")
print(f"registered model {model.name} version {model.version}")
