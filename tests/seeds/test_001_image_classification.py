"""The article on pipelines of components with SDK v2, in the shape of its notebook, under ``amlbridge run``: the web
path of the images is mapped to a folder of this machine, and nothing else is done: the two clusters that the article
takes for granted are there."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seeds import notebook_cells
from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLE = Path(__file__).parents[2] / "samples" / "v2" / "image_classification"
_WEB = "https://data4mldemo6150520719.blob.core.windows.net/demo/mnist-fashion"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's clone of the example: the folders of the three components."""
    command = Command(tmp_path_factory.mktemp("desk"))
    for name in ("prep", "train", "score"):
        shutil.copytree(_SAMPLE / name, command.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    images = runpy.run_path(str(_SAMPLE / "make_data.py"))["write"](command.folder / "fashion", 600, 100)
    command("map", "add", _WEB, str(images))
    yield command
    command("down", code=None)


# What the reader looks at in the studio, and a pipeline of the registered component.
_LOOK = """
import json

import mlflow

mlflow.set_tracking_uri(ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri)
children = list(ml_client.jobs.list(parent_job_name=pipeline_job.name))
runs = {child.display_name: mlflow.get_run(child.name) for child in children}
losses = mlflow.MlflowClient().get_metric_history(runs["train_node"].info.run_id, "Loss")
print("JOB", json.dumps(ml_client.jobs.get(pipeline_job.name).status))
print("STEPS", json.dumps({name: run.data.metrics for name, run in runs.items()}))
print("LOSSES", json.dumps([[metric.step, metric.value] for metric in losses]))
for child in children:
    if child.display_name == "score_node":
        ml_client.jobs.download(child.name, all=True, download_path="score_node")

@pipeline(default_compute="gpu-cluster")
def prepare_again(data):
    node = latest_component(input_data=data)
    return {"table": node.outputs.test_data}

again = ml_client.jobs.create_or_update(prepare_again(data=fashion_ds), experiment_name="pipeline_samples")
ml_client.jobs.stream(again.name)
ml_client.jobs.download(again.name, output_name="table", download_path="again")
"""


def _printed(output: str, label: str) -> Any:
    (line,) = [line for line in output.splitlines() if line.startswith(f"{label} ")]
    return json.loads(line.removeprefix(label))


def test_the_notebook(desk: Command) -> None:
    desk.write("pipeline.py", notebook_cells.script([*notebook_cells.read("image_classification"), _LOOK]))
    done = desk("run", "pipeline.py")
    assert "the script names cpu-cluster and gpu-cluster and makes no compute, so the workspace" in done.stderr
    assert _printed(done.stdout, "JOB") == "Completed"
    steps = _printed(done.stdout, "STEPS")
    assert set(steps) == {"prepare_data_node", "train_node", "score_node"}
    assert steps["score_node"]["Final test accuracy"] > 0.8
    losses = _printed(done.stdout, "LOSSES")
    assert [step for step, _ in losses] == list(range(10)), "the default of the component: ten epochs"
    assert losses[-1][1] < losses[0][1]
    (predictions,) = (desk.folder / "score_node").rglob("predict_result.csv")
    assert len(predictions.read_text().splitlines()) == 100
    assert "Name: prep_digits, Version: " in done.stdout
    (table,) = (desk.folder / "again").rglob("test.csv")
    assert [len(line.split(",")) for line in table.read_text().splitlines()] == [785] * 100
