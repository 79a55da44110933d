"""AutoML jobs and nodes with the real client, and a v1 experiment beside its v2 twin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_V1 = """
    import contextlib, io, json, os
    import pandas as pd
    from azureml.core import Dataset, Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.train.automl import AutoMLConfig
    from azureml.train.automl._remote_console_interface import RemoteConsoleInterface

    # Its console looks every 10 s.
    RemoteConsoleInterface.__init__.__defaults__ = (None, 0.5)

    def told(name, *values):
        print(name, json.dumps(values, default=str))

    numbers = pd.Series(range(160))
    table = pd.DataFrame({"n": numbers * 7 % 11, "m": numbers % 5, "y": (numbers * 7 % 11 > 5) ^ (numbers % 3 == 0)})
    ws = Workspace.from_config()
    ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1))
    store = ws.get_default_datastore()
    Dataset.File.upload_directory("data", (store, "twins"), show_progress=False)
    data = Dataset.Tabular.from_delimited_files((store, "twins/table.csv"))
    run = Experiment(ws, "twins").submit(AutoMLConfig(
        task="classification", training_data=data, label_column_name="y", primary_metric="accuracy",
        n_cross_validations=2, iterations=2, compute_target="cpu"))
    run.wait_for_completion()
    best = run.get_best_child()
    told("V1", best.get_properties()["run_algorithm"], best.get_metrics()["accuracy"])
"""
_V2 = """
    from azure.ai.ml import Input, MLClient, Output, automl, dsl
    from azure.ai.ml.entities import Model
    from azure.identity import DefaultAzureCredential
    from mlflow.tracking.client import MlflowClient
    import mlflow

    ml = MLClient.from_config(DefaultAzureCredential())
    with open("data/MLTable", "w") as file:
        file.write("paths:\\n  - file: ./table.csv\\ntransformations:\\n  - read_delimited:\\n      delimiter: ','\\n")
    training = Input(type="mltable", path="data")

    def limited(job):
        job.set_limits(max_trials=2, timeout_minutes=10, trial_timeout_minutes=5)
        job.set_training(enable_stack_ensemble=False, enable_vote_ensemble=False)
        return job

    job = limited(automl.classification(
        training_data=training, target_column_name="y", primary_metric="accuracy", n_cross_validations=2,
        compute="cpu", experiment_name="twins", outputs={"best_model": Output(type="mlflow_model")}))
    job = ml.jobs.create_or_update(job)
    ml.jobs.stream(job.name)
    job = ml.jobs.get(job.name)
    told("JOB", type(job).__name__, job.status, sorted(child.name.removeprefix(job.name)
                                                      for child in ml.jobs.list(parent_job_name=job.name)))
    mlflow.set_tracking_uri(ml.workspaces.get(ml.workspace_name).mlflow_tracking_uri)
    tracking = MlflowClient()
    best = tracking.get_run(tracking.get_run(job.name).data.tags["automl_best_child_run_id"])
    from azureml.core import Run
    seen = Run.get(ws, job.name)
    properties = seen.get_best_child().get_properties()
    told("V2", properties["run_algorithm"], best.data.metrics["accuracy"])
    told("SEEN", type(seen).__name__, seen.get_best_child().id == best.info.run_id)
    os.makedirs("artifacts")
    told("FILES", sorted(os.listdir(tracking.download_artifacts(best.info.run_id, "outputs", "artifacts"))))
    model = ml.models.create_or_update(Model(
        path=f"azureml://jobs/{best.info.run_id}/outputs/artifacts/outputs/mlflow-model/", name="twin",
        type="mlflow_model"))
    ml.models.download("twin", "1", download_path="models")
    told("MODEL", model.name, model.version, os.path.isfile("models/twin/mlflow-model/MLmodel"))

    @dsl.pipeline()
    def pipeline(data: Input(type="mltable")):
        node = limited(automl.regression(
            training_data=data, target_column_name="y", primary_metric="r2_score", n_cross_validations=2,
            outputs={"best_model": Output(type="mlflow_model")}))
        return {"model": node.outputs.best_model}

    whole = pipeline(data=training)
    whole.settings.default_compute = "cpu"
    whole = ml.jobs.create_or_update(whole, experiment_name="twins")
    ml.jobs.stream(whole.name)
    ml.jobs.download(whole.name, output_name="model", download_path="whole")
    loaded = mlflow.pyfunc.load_model("whole/named-outputs/model")
    told("PIPELINE", ml.jobs.get(whole.name).status, len(loaded.predict(table[["n", "m"]])))

    bad = limited(automl.classification(
        training_data=training, target_column_name="lable", primary_metric="accuracy", compute="cpu",
        experiment_name="twins"))
    bad = Run.get(ws, ml.jobs.create_or_update(bad).name)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        bad.wait_for_completion(show_output=True)
    told("WATCHED", bad.get_status(), shown.getvalue())

    image = automl.image_classification(
        training_data=training, target_column_name="y", compute="cpu", primary_metric="accuracy")
    try:
        ml.jobs.create_or_update(image)
    except Exception as error:
        told("REFUSED", str(error))
"""


def test_a_job_a_node_and_the_same_search_of_sdk_v1(live: LiveService) -> None:
    rows = [[number * 7 % 11, number % 5, int((number * 7 % 11 > 5) ^ (number % 3 == 0))] for number in range(160)]
    table = "n,m,y\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows)
    out = live.run(_V1 + _V2, files={"data/table.csv": table}, timeout=400).stdout
    lines = [line.partition(" ") for line in out.splitlines()]
    found: dict[str, list[Any]] = {name: json.loads(text) for name, _, text in lines if text.startswith("[")}
    assert found["V1"] == found["V2"], "the same seed, the same model, the same score"
    assert found["JOB"] == ["ClassificationJob", "Completed", ["_0", "_1"]]
    assert found["SEEN"] == ["AutoMLRun", True]
    assert {"model.pkl", "mlflow-model", "conda_env_v_1_0_0.yml"} <= set(found["FILES"][0])
    assert found["MODEL"] == ["twin", "1", True]
    assert found["PIPELINE"] == ["Completed", 160]
    assert found["WATCHED"][0] == "Failed"
    assert "the training data has no label column 'lable'" in found["WATCHED"][1]
    assert "cannot run on this machine" in found["REFUSED"][0]
