"""AutoML with SDK v2: a search as a job of its own, and as a node of a pipeline behind a preparation.

amlbridge run samples/v2/automl/search.py
"""

import argparse
import os

import mlflow
import pandas as pd
from azure.ai.ml import Input, MLClient, Output, automl, command, dsl
from azure.ai.ml.entities import Environment, Model
from azure.identity import DefaultAzureCredential
from mlflow.tracking.client import MlflowClient
from sklearn.datasets import load_wine

HERE = os.path.dirname(os.path.abspath(__file__))
MLTABLE = """paths:
  - file: ./wine.csv
transformations:
  - read_delimited:
      delimiter: ','
      encoding: utf8
      header: all_files_same_headers
"""

parser = argparse.ArgumentParser()
parser.add_argument("--trials", type=int, default=4, help="how many models are tried")
args = parser.parse_args()

ml_client = MLClient.from_config(DefaultAzureCredential())

# The data: an MLTable of the wines that scikit-learn ships.
os.makedirs("wine", exist_ok=True)
wines = load_wine(as_frame=True).frame.rename(columns={"target": "cultivar", "od280/od315_of_diluted_wines": "od280"})
wines.to_csv("wine/wine.csv", index=False)
with open("wine/MLTable", "w") as file:
    file.write(MLTABLE)
training_data = Input(type="mltable", path="wine")


def limited(job):
    """The same bounds for both searches."""
    job.set_limits(timeout_minutes=15, trial_timeout_minutes=5, max_trials=args.trials, max_concurrent_trials=2)
    job.set_training(enable_stack_ensemble=False)
    return job


# A job of its own.
job = limited(
    automl.classification(
        training_data=training_data,
        target_column_name="cultivar",
        primary_metric="accuracy",
        n_cross_validations=3,
        experiment_name="wine-automl",
        outputs={"best_model": Output(type="mlflow_model")},
    )
)
job = ml_client.jobs.create_or_update(job)
ml_client.jobs.stream(job.name)

mlflow.set_tracking_uri(ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri)
tracking = MlflowClient()
best_id = tracking.get_run(job.name).data.tags["automl_best_child_run_id"]
best = tracking.get_run(best_id)
print(f"best trial {best_id.rpartition('_')[2]}: accuracy {best.data.metrics['accuracy']:.3f}")
model = ml_client.models.create_or_update(
    Model(
        name="wine-cultivar",
        type="mlflow_model",
        path=f"azureml://jobs/{best_id}/outputs/artifacts/outputs/mlflow-model/",
    )
)
print(f"registered model {model.name} version {model.version}")

# A node of a pipeline.
environment = Environment(
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
    conda_file={"channels": ["conda-forge"], "dependencies": ["python=3.10", "pandas"]},
)
prepare = command(
    name="halve",
    code=os.path.join(HERE, "prepare"),
    command="python prepare.py --wines ${{inputs.wines}} --out ${{outputs.out}}",
    inputs={"wines": Input(type="uri_folder")},
    outputs={"out": Output(type="mltable")},
    environment=environment,
)


@dsl.pipeline(default_compute="serverless", experiment_name="wine-automl")
def search(wines):
    """Every second wine, without its colour."""
    prepared = prepare(wines=wines)
    found = limited(
        automl.regression(
            training_data=prepared.outputs.out,
            target_column_name="alcohol",
            primary_metric="r2_score",
            n_cross_validations=3,
            outputs={"best_model": Output(type="mlflow_model")},
        )
    )
    return {"model": found.outputs.best_model}


pipeline_job = ml_client.jobs.create_or_update(search(wines=Input(type="uri_folder", path="wine")))
ml_client.jobs.stream(pipeline_job.name)
ml_client.jobs.download(pipeline_job.name, output_name="model", download_path=".")
loaded = mlflow.pyfunc.load_model("named-outputs/model")
some = wines.drop(columns=["alcohol", "color_intensity"]).head(3)
print(f"alcohol of three wines: {pd.Series(loaded.predict(some)).round(1).tolist()}")
