"""AutoML in a pipeline of SDK v1: prepare a table, search for a model, register the best one.

Nothing here knows amlbridge. In Azure:   python pipeline.py
On this machine:                          amlbridge run pipeline.py
"""

import argparse
import json
import os
import pickle

import pandas as pd
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, TrainingOutput
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig
from passengers import make

HERE = os.path.dirname(os.path.abspath(__file__))

parser = argparse.ArgumentParser()
parser.add_argument("--iterations", type=int, default=5, help="how many models are tried")
args = parser.parse_args()

ws = Workspace.from_config()
datastore = ws.get_default_datastore()
if "passengers" not in list(ws.datasets):
    Dataset.Tabular.register_pandas_dataframe(make(), (datastore, "passengers"), "passengers", show_progress=False)
passengers = Dataset.get_by_name(ws, "passengers")

try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

run_config = RunConfiguration()
run_config.target = cluster
run_config.environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["pandas", "scikit-learn"], pip_packages=["azureml-core", "azureml-dataset-runtime[fuse,pandas]"]
)
common = {"source_directory": os.path.join(HERE, "steps"), "compute_target": cluster, "runconfig": run_config}

prepped_path = OutputFileDatasetConfig(name="output_path")
dataprep = PythonScriptStep(
    name="dataprep",
    script_name="dataprep.py",
    arguments=["--output_path", prepped_path],
    inputs=[passengers.as_named_input("passengers")],
    allow_reuse=True,
    **common,
)

metrics_data = PipelineData(
    "metrics_data", datastore, pipeline_output_name="metrics", training_output=TrainingOutput(type="Metrics")
)
model_data = PipelineData(
    "best_model_data", datastore, pipeline_output_name="model", training_output=TrainingOutput(type="Model")
)
automl_config = AutoMLConfig(
    task="classification",
    training_data=prepped_path.read_delimited_files(),
    label_column_name="Survived",
    primary_metric="AUC_weighted",
    iterations=args.iterations,
    iteration_timeout_minutes=10,
    experiment_timeout_hours=0.25,
    n_cross_validations=3,
    featurization="auto",
    compute_target=cluster,
    run_configuration=run_config,
    path=os.path.join(HERE, "steps"),
    debug_log="automl_errors.log",
)
train = AutoMLStep(
    name="AutoML_Classification",
    automl_config=automl_config,
    outputs=[metrics_data, model_data],
    enable_default_model_output=False,
    enable_default_metrics_output=False,
    allow_reuse=True,
)
model_name = PipelineParameter("model_name", default_value="titanic-survival")
register = PythonScriptStep(
    name="register_model",
    script_name="register_model.py",
    arguments=["--model_name", model_name, "--model_path", model_data],
    inputs=[model_data],
    allow_reuse=False,
    **common,
)

run = Experiment(ws, "titanic_automl").submit(Pipeline(ws, [dataprep, train, register]))
print(f"pipeline run {run.id}")
run.wait_for_completion(show_output=False)

# What AutoML tried, and the model that it found best.
metrics, model = (run.get_pipeline_output(name) for name in ("metrics", "model"))
for output in (metrics, model):
    output.download("outputs", show_progress=False)
with open(os.path.join("outputs", metrics.path_on_datastore)) as file:
    tried = pd.DataFrame(json.load(file)).map(lambda value: round(value[0], 4)).T
tried.index = [f"iteration {name.rpartition('_')[2]}" for name in tried.index]
print(tried[["AUC_weighted", "accuracy", "f1_score_weighted"]].sort_index().to_string())
with open(os.path.join("outputs", model.path_on_datastore), "rb") as file:
    best = pickle.load(file)
print(f"best model: {' > '.join(name for name, _ in best.steps)}")
passenger = {"Pclass": 1, "Sex": "female", "Age": 30, "SibSp": 0, "Parch": 0, "Fare": 80.0, "Embarked": "C"}
print(f"a woman in first class survives: {bool(best.predict(pd.DataFrame([passenger]))[0])}")
registered = ws.models["titanic-survival"]
print(f"registered model {registered.name} version {registered.version}")
