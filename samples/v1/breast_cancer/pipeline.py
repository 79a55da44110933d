"""A three-step pipeline of SDK v1: prepare a table, train a model on it, register the model.

Nothing here knows amlbridge. In Azure:   python pipeline.py
On this machine:                          amlbridge run pipeline.py
"""

import argparse
import json
import os
import tempfile

from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep
from sklearn.datasets import load_breast_cancer

HERE = os.path.dirname(os.path.abspath(__file__))

parser = argparse.ArgumentParser()
parser.add_argument("--regularization", type=float, default=1.0)
parser.add_argument("--output", default="outputs", help="where the metrics of the pipeline are downloaded to")
args = parser.parse_args()

ws = Workspace.from_config()
datastore = ws.get_default_datastore()

# The data: a table that scikit-learn ships, uploaded and registered once.
if "breast-cancer" not in list(ws.datasets):
    with tempfile.TemporaryDirectory() as folder:
        table = load_breast_cancer(as_frame=True).frame
        table.to_csv(os.path.join(folder, "breast_cancer.csv"), index=False)
        datastore.upload(src_dir=folder, target_path="breast-cancer", overwrite=True, show_progress=False)
    dataset = Dataset.Tabular.from_delimited_files(path=(datastore, "breast-cancer/breast_cancer.csv"))
    dataset.register(ws, "breast-cancer", description="569 biopsies, 30 measurements each", create_new_version=True)
dataset = Dataset.get_by_name(ws, "breast-cancer")
print(f"dataset {dataset.name} version {dataset.version}")

# Where the steps run: found, or made.
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

run_config = RunConfiguration()
run_config.target = cluster
run_config.environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["pandas", "scikit-learn"],
    pip_packages=["azureml-core", "azureml-dataset-runtime[fuse,pandas]"],
)

prepared = OutputFileDatasetConfig(name="prepared", destination=(datastore, "breast-cancer/prepared/{run-id}"))
model = PipelineData("model", datastore=datastore)
metrics = PipelineData("metrics", datastore=datastore, pipeline_output_name="metrics")
regularization = PipelineParameter("regularization", default_value=args.regularization)
model_name = PipelineParameter("model_name", default_value="breast-cancer-classifier")

common = {"source_directory": os.path.join(HERE, "steps"), "compute_target": cluster, "runconfig": run_config}
prepare = PythonScriptStep(
    name="prepare",
    script_name="prepare.py",
    arguments=["--output", prepared],
    inputs=[dataset.as_named_input("raw")],
    allow_reuse=True,
    **common,
)
train = PythonScriptStep(
    name="train",
    script_name="train.py",
    arguments=[
        "--data", prepared.as_input("prepared"),
        "--regularization", regularization,
        "--model", model,
        "--metrics", metrics,
    ],
    outputs=[model, metrics],
    allow_reuse=True,
    **common,
)  # fmt: skip
register = PythonScriptStep(
    name="register",
    script_name="register.py",
    arguments=["--model", model, "--model-name", model_name],
    inputs=[model],
    allow_reuse=False,
    **common,
)

pipeline = Pipeline(workspace=ws, steps=[register])
pipeline.validate()
run = Experiment(ws, "breast-cancer").submit(pipeline)
print(f"pipeline run {run.id}")
run.wait_for_completion(show_output=False)

for step in run.get_steps():
    print(f"{step.name}: {step.get_status()} {step.get_metrics()}")

output = run.get_pipeline_output("metrics")
output.download(local_path=args.output, show_progress=False)
downloaded = os.path.join(args.output, output.path_on_datastore, "metrics.json")
with open(downloaded) as file:
    print(f"metrics in {downloaded}: {json.load(file)}")
found = ws.models["breast-cancer-classifier"]
print(f"registered model {found.name} version {found.version}")
