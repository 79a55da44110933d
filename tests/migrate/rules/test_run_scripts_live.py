"""A run script of SDK v1 runs as a step of a v1 pipeline, and its conversion as a node of a v2 pipeline: both leave the
same metrics, artifacts, tags and models in the workspace."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from amlbridge.migrate.findings import UNCONVERTED
from tests.migrate.rules.support import convert
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

SCRIPT = """\
import argparse
import os

import matplotlib
import matplotlib.pyplot as plt
from azureml.core import Run
from azureml.core.run import _OfflineRun

matplotlib.use("Agg")
run = Run.get_context()
if isinstance(run, _OfflineRun):
    raise SystemExit("this is no job")

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.1)
args = parser.parse_args()

run.log("rate", args.rate)
for epoch in range(3):
    run.log("loss", 1.0 / (epoch + 1))
run.log("good", True)
run.log("note", "a text")
run.log_list("fib", [0, 1, 1, 2, 3])
run.log_row("curve", x=1, y=0.5)
run.log_row("curve", x=2, y=0.25)
run.log_table("table", {"x": [1, 2], "y": [3.5, 4.5]})
fig = plt.figure()
plt.plot([0, 1], [1, 0])
run.log_image("plot", plot=plt)
fig.savefig("saved.png")
run.log_image("saved", path="saved.png")
data = {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 2]]}
matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data}
run.log_confusion_matrix("matrix", matrix)

with open("model.txt", "w") as file:
    file.write("a model")
run.upload_file("model/model.txt", "model.txt")
os.makedirs("report", exist_ok=True)
with open("report/index.txt", "w") as file:
    file.write("a report")
run.upload_folder("report", "report")

run.tag("kind", "trial")
run.set_tags({"a": "1", "b": "2"})
run.parent.log("below", 7)
run.parent.tag("below", "yes")
run.register_model(model_name="tried", model_path="model/model.txt", tags={"rate": str(args.rate)})
run.tag("seen", run.experiment.name + "/" + run.experiment.workspace.name)
run.complete()
"""

#: The clients only submit; what is there afterwards is read with the same code, MLflow's client.
READ = """
import os
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
ml = MLClient.from_config(DefaultAzureCredential())
mlflow.set_tracking_uri(ml.workspaces.get(ml.workspace_name).mlflow_tracking_uri)
client = mlflow.MlflowClient()

def walk(run_id, path=None):
    for item in client.list_artifacts(run_id, path):
        yield from walk(run_id, item.path) if item.is_dir else [item.path]

def report(parent, child):
    run = client.get_run(child)
    print("METRICS", {k: [m.value for m in client.get_metric_history(child, k)] for k in sorted(run.data.metrics)})
    print("TAGS", {k: v for k, v in run.data.tags.items() if k in ("kind", "a", "b", "seen")})
    print("PARENT", (client.get_run(parent).data.metrics, client.get_run(parent).data.tags["below"]))
    print("FILES", sorted(walk(child)))
    for model in ml.models.list("tried"):
        model = ml.models.get("tried", model.version)
        print("MODEL", (model.tags, model.job_name == child, model.path.rsplit("/", 1)[1]))
"""

SUBMIT_V1 = """
from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
ws = Workspace.from_config()
cpu = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1))
step = PythonScriptStep("train.py", source_directory="src", arguments=["--rate", 0.2], compute_target=cpu)
run = Experiment(ws, "trials").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=False)
(child,) = run.get_steps()
print("V1", child.get_metrics())
report(run.id, child.id)
"""

SUBMIT_V2 = """
from azure.ai.ml import command, dsl
from azure.ai.ml.entities import AmlCompute
os.environ["AZUREML_RUN_POLLING_INTERVAL_MIN"] = "0"
os.environ["AZUREML_RUN_POLLING_INTERVAL_MAX"] = "1"
ml.compute.begin_create_or_update(AmlCompute(name="cpu", max_instances=1)).result()

@dsl.pipeline(compute="cpu")
def trial():
    environment = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"
    command(code="src", command="python train.py --rate 0.2", environment=environment)()

job = ml.jobs.create_or_update(trial(), experiment_name="trials")
ml.jobs.stream(job.name)
(child,) = ml.jobs.list(parent_job_name=job.name)
report(job.name, child.name)
"""


def values(text: str) -> dict[str, Any]:
    names = ("V1", "METRICS", "TAGS", "PARENT", "FILES", "MODEL")
    lines = (line.split(" ", 1) for line in text.splitlines())
    return {line[0]: ast.literal_eval(line[1]) for line in lines if line[0] in names}


def test_a_run_script_and_its_conversion_leave_the_same_behind(live: LiveService) -> None:
    conversion = convert(SCRIPT, path="train.py")
    assert not [finding for finding in conversion.findings if finding.status in UNCONVERTED]
    assert "azureml" not in conversion.text.replace("azureml://", "").replace("AZUREML", "")
    old = values(live.run(READ + SUBMIT_V1, files={"src/train.py": SCRIPT}, workspace="old").stdout)
    new = values(live.run(READ + SUBMIT_V2, files={"src/train.py": conversion.text}, workspace="new").stdout)

    first = old["V1"]
    metrics = {"rate": [0.2], "loss": first["loss"], "good": [1.0], "fib": first["fib"]}
    for name in ("curve", "table"):
        metrics |= {f"{name}.{column}": column_values for column, column_values in first[name].items()}
    assert new["METRICS"] == metrics
    assert new["TAGS"] == {**old["TAGS"], "seen": "trials/new"}
    assert new["PARENT"] == old["PARENT"] == ({"below": 7.0}, "yes")
    assert new["MODEL"] == old["MODEL"] == ({"rate": "0.2"}, True, "model.txt")
    files = [file for file in new["FILES"] if "std_log" not in file]
    charts = ["matrix.json", "note.txt", "plot.png", "table.json"]  # a name and a text of metrics in v1
    assert files == sorted([*charts, "model/model.txt", "report/index.txt", "saved.png"])
    assert {"model/model.txt", "report/index.txt", "saved.png"} <= set(old["FILES"])
