"""DataTransferStep (SDK v1): what a step has made is copied to a place of its own in a datastore."""

import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget, DataFactoryCompute
from azureml.core.compute_target import ComputeTargetException
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import DataTransferStep, PythonScriptStep

HERE = os.path.dirname(os.path.abspath(__file__))

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)
try:
    factory = DataFactoryCompute(ws, "adf-factory")
except ComputeTargetException:
    factory = ComputeTarget.create(ws, "adf-factory", DataFactoryCompute.provisioning_configuration())
    factory.wait_for_completion()

store = ws.get_default_datastore()
flowers = PipelineData("flowers", datastore=store, is_directory=True)
make = PythonScriptStep(
    name="make",
    source_directory=os.path.join(HERE, "src"),
    script_name="make.py",
    arguments=["--flowers", flowers],
    outputs=[flowers],
    compute_target=cluster,
)
keep = DataTransferStep(
    name="keep",
    source_data_reference=flowers,
    destination_data_reference=DataReference(store, "kept", path_on_datastore="kept/flowers"),
    source_reference_type="directory",
    destination_reference_type="directory",
    compute_target=factory,
)
run = Experiment(ws, "transfers").submit(Pipeline(ws, [make, keep]))
run.wait_for_completion(show_output=False)
print("status:", run.get_status())
