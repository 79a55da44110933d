"""MpiStep (SDK v1): four processes throw darts at a circle, each counts its own."""

import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import MpiStep, PythonScriptStep

HERE = os.path.dirname(os.path.abspath(__file__))

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

counts = PipelineData("counts", datastore=ws.get_default_datastore(), is_directory=True)
throw = MpiStep(
    name="throw",
    source_directory=os.path.join(HERE, "src"),
    script_name="throw.py",
    arguments=["--darts", 200000, "--counts", counts],
    outputs=[counts],
    compute_target=cluster,
    node_count=1,
    process_count_per_node=4,
)
add = PythonScriptStep(
    name="add",
    source_directory=os.path.join(HERE, "src"),
    script_name="add.py",
    arguments=["--counts", counts],
    inputs=[counts],
    compute_target=cluster,
)
run = Experiment(ws, "darts").submit(Pipeline(ws, [add]))
run.wait_for_completion(show_output=False)
print("metrics:", run.find_step_run("add")[0].get_metrics())
