"""The project that is migrated and then changed: four steps of SDK v1, as a user would write them."""

from __future__ import annotations

PIPELINE = """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
source = Dataset.get_by_name(ws, "raw").as_named_input("raw").as_mount()
rate = PipelineParameter("rate", default_value=0.5)
rows = PipelineParameter("rows", default_value=20)
train_data = PipelineData("train_data", datastore=store)
test_data = PipelineData("test_data", datastore=store)
model = PipelineData("model", datastore=store)
scores = PipelineData("scores", datastore=store)
seeded = RunConfiguration()
seeded.environment_variables = {"SEED": "7"}

prepare = PythonScriptStep(
    name="prepare",
    script_name="prepare.py",
    arguments=["--raw", source, "--rows", rows, "--train", train_data, "--test", test_data],
    outputs=[train_data, test_data],
    compute_target="cpu-cluster",
    source_directory="src",
)
train = PythonScriptStep(
    name="train",
    script_name="train.py",
    arguments=["--data", train_data, "--rate", rate, "--epochs", 5, "--model", model],
    inputs=[train_data],
    outputs=[model],
    compute_target="cpu-cluster",
    source_directory="src",
    runconfig=seeded,
)
score = PythonScriptStep(
    name="score",
    script_name="score.py",
    arguments=["--model", model, "--data", test_data, "--verbose", "--scores", scores],
    inputs=[model, test_data],
    outputs=[scores],
    compute_target="cpu-cluster",
    source_directory="src",
)
notify = PythonScriptStep(
    name="notify",
    script_name="notify.py",
    arguments=["--channel", "ops"],
    compute_target="cpu-cluster",
    source_directory="src",
    allow_reuse=False,
)
notify.run_after(score)

run = Experiment(ws, "mutation").submit(Pipeline(ws, steps=[score, notify]))
print("run", run.id)
"""
_READ = """\
import argparse
import csv
import json
import os

parser = argparse.ArgumentParser()
"""
PREPARE = (
    _READ
    + """\
parser.add_argument("--raw")
parser.add_argument("--rows", type=int)
parser.add_argument("--train")
parser.add_argument("--test")
args = parser.parse_args()

with open(os.path.join(args.raw, "raw.csv")) as file:
    table = list(csv.DictReader(file))[: args.rows]
for folder, part in ((args.train, table[::2]), (args.test, table[1::2])):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "part.csv"), "w") as file:
        writer = csv.DictWriter(file, ["id", "value"])
        writer.writeheader()
        for row in part:
            writer.writerow({"id": row["id"], "value": float(row["value"]) / 3})
"""
)
TRAIN = (
    _READ
    + """\
parser.add_argument("--data")
parser.add_argument("--rate", type=float)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--model")
args = parser.parse_args()

with open(os.path.join(args.data, "part.csv")) as file:
    values = [float(row["value"]) for row in csv.DictReader(file)]
weight = int(os.environ.get("SEED", "0")) / 100
for _ in range(args.epochs):
    weight += args.rate * (sum(values) / len(values) - weight)
os.makedirs(args.model, exist_ok=True)
with open(os.path.join(args.model, "model.json"), "w") as file:
    json.dump({"weight": weight, "rate": args.rate}, file)
"""
)
SCORE = (
    _READ
    + """\
parser.add_argument("--model")
parser.add_argument("--data")
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--scores")
args = parser.parse_args()

with open(os.path.join(args.model, "model.json")) as file:
    weight = json.load(file)["weight"]
os.makedirs(args.scores, exist_ok=True)
with open(os.path.join(args.data, "part.csv")) as file, open(os.path.join(args.scores, "scores.csv"), "w") as scores:
    scores.write("id,score\\n")
    for row in csv.DictReader(file):
        scores.write(f"{row['id']},{float(row['value']) * weight}\\n")
"""
)
NOTIFY = (
    _READ
    + """\
parser.add_argument("--channel")
print("done", parser.parse_args().channel)
"""
)
FILES = {
    "pipeline.py": PIPELINE,
    "src/prepare.py": PREPARE,
    "src/train.py": TRAIN,
    "src/score.py": SCORE,
    "src/notify.py": NOTIFY,
}
