"""The tutorial on production pipelines with SDK v2 (and a user's summary of it, 002): every cell unchanged, run as a
script under ``amlbridge run`` with only the three workspace placeholders filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seeds import notebook_cells
from tests.support.command import Command

pytestmark = pytest.mark.slow

_ROWS = 1200
_WEB = "https://azuremlexamples.blob.core.windows.net/datasets/credit_card/default%20of%20credit%20card%20clients.csv"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder with the credit table, which is behind a web path too."""
    command = Command(tmp_path_factory.mktemp("desk"))
    table = notebook_cells.credit_table()(command.folder / "data" / "credit.csv", _ROWS)
    command("map", "add", _WEB, str(table))
    yield command
    command("down", code=None)


# What the tutorial before it leaves behind: the data asset that it starts from.
_REGISTER = """
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Data
from azure.identity import DefaultAzureCredential

ml_client = MLClient(DefaultAzureCredential(), "<SUBSCRIPTION_ID>", "<RESOURCE_GROUP>", "<AML_WORKSPACE_NAME>")
ml_client.data.create_or_update(
    Data(name="credit-card", version="initial", path={path!r}, type=AssetTypes.URI_FILE, description="Credit card data")
)
"""
# What the reader looks at afterwards in the studio: jobs, metrics, the registered model, the outputs.
_LOOK = """
import json

import mlflow
import pandas as pd

job = ml_client.jobs.get(pipeline_job.name)
print("JOB", json.dumps({"status": job.status, "experiment": job.experiment_name}))
mlflow.set_tracking_uri(ml_client.workspaces.get(job.id.split("/")[8]).mlflow_tracking_uri)
for child in ml_client.jobs.list(parent_job_name=job.name):
    run = mlflow.get_run(child.name)
    print("STEP", json.dumps({"name": child.display_name, "status": child.status, "run": child.name,
                   "metrics": dict(run.data.metrics), "rate": run.data.params.get("learning_rate")}))
model = ml_client.models.get("credit_defaults_model", label="latest")
print("MODEL", json.dumps({"version": model.version, "type": model.type, "run": model.job_name}))
ml_client.models.download("credit_defaults_model", model.version, download_path="model" + model.version)
for output in job.outputs:
    ml_client.jobs.download(job.name, output_name=output, download_path="outputs")
clients = pd.read_csv("data/credit.csv", header=1, index_col=0).drop(columns="default payment next month")
loaded = mlflow.pyfunc.load_model("models:/credit_defaults_model/" + model.version)
predicted = loaded.predict(clients.values).tolist()
print("PREDICTED", json.dumps({"clients": len(predicted), "classes": sorted(set(predicted))}))
"""


def _printed(output: str, label: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(label)) for line in output.splitlines() if line.startswith(f"{label} ")]


def _run(desk: Command, cells: list[str], path: str) -> str:
    desk.write("pipeline.py", notebook_cells.script([_REGISTER.format(path=path), *cells, _LOOK]))
    return desk("run", "pipeline.py").stdout


def _assert_trained(output: str) -> None:
    (model,) = _printed(output, "MODEL")
    steps = {step["name"]: step for step in _printed(output, "STEP")}
    assert {name: step["status"] for name, step in steps.items()} == {
        "data_prep_job": "Completed",
        "train_job": "Completed",
    }
    assert steps["train_job"]["metrics"]["training_accuracy_score"] > 0.75, "autolog sees the training"
    assert steps["train_job"]["rate"] == "0.05", "the pipeline's input reaches the classifier"
    assert model["run"] == steps["train_job"]["run"], "the model knows the step that made it"
    assert model["type"] == "mlflow_model"
    assert _printed(output, "PREDICTED") == [{"clients": _ROWS, "classes": [0, 1]}]


def test_the_tutorial(desk: Command) -> None:
    output = _run(desk, notebook_cells.read("credit_defaults"), "data/credit.csv")
    assert (
        "Environment with name aml-scikit-learn is registered to workspace, the environment version is 0.2.0" in output
    )
    assert "Component data_prep_credit_defaults with Version 1 is registered" in output
    assert "Component train_credit_defaults_model with Version 1 is registered" in output
    assert _printed(output, "JOB") == [{"status": "Completed", "experiment": "e2e_registered_components"}]
    prepared = next(step for step in _printed(output, "STEP") if step["name"] == "data_prep_job")
    assert prepared["metrics"] == {"num_samples": _ROWS, "num_features": 23}
    _assert_trained(output)
    outputs = desk.folder / "outputs" / "named-outputs"
    rows = {path.parent.name: len(path.read_text().splitlines()) - 1 for path in outputs.rglob("data.csv")}
    assert rows == {"pipeline_job_train_data": _ROWS * 3 // 4, "pipeline_job_test_data": _ROWS // 4}
    assert [path.name for path in Path(desk.folder / "model1").rglob("MLmodel")] == ["MLmodel"]


def _completed_summary() -> list[str]:
    """The summary writes the inputs of train.yml on one line each, which is no YAML, and leaves out train.py and its
    folder: these are the tutorial's."""
    cells = notebook_cells.read("credit_defaults_summary")
    number, yml = next((number, cell) for number, cell in enumerate(cells) if "train.yml" in cell and "%%" in cell)
    before = [cell for cell in notebook_cells.read("credit_defaults") if "train_src_dir" in cell][:2]
    nested = yml.replace(": type: ", ":\n    type: ")
    return [*cells[:number], *before, nested, *cells[number + 1 :]]


def test_the_summary_of_the_tutorial(desk: Command) -> None:
    cells = [cell.replace("<AML_WORKSPACE_NAME>", "summary") for cell in _completed_summary()]
    register = _REGISTER.replace("<AML_WORKSPACE_NAME>", "summary")
    desk.write("summary.py", notebook_cells.script([register.format(path=_WEB), *cells, _LOOK]))
    output = desk("run", "summary.py").stdout
    assert f"Data asset URI: {_WEB}" in output
    assert _printed(output, "JOB") == [{"status": "Completed", "experiment": "credit_defaults_pipeline"}]
    _assert_trained(output)
