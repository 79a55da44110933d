"""A pipeline that has some of its steps under conditions: SDK v1 and what it becomes run the same steps, in the same
order, for each value of the conditions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.migrate.test_converted_pipeline import converted
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

PIPELINE = """\
import argparse

from azureml.core import Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

parser = argparse.ArgumentParser()
parser.add_argument("--evaluate", action="store_true")
parser.add_argument("--kind", default="small")
args = parser.parse_args()

ws = Workspace.from_config()
store = ws.get_default_datastore()
if "cpu-cluster" not in ws.compute_targets:
    size = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    ComputeTarget.create(ws, "cpu-cluster", size).wait_for_completion()
settings = RunConfiguration()
settings.environment = Environment("steps")
settings.target = "cpu-cluster"
rows = PipelineData("rows", datastore=store)
report = PipelineData("report", datastore=store)

prepare = PythonScriptStep(
    "step.py", name="prepare", source_directory="src", arguments=["--name", "prepare", "--out", rows],
    outputs=[rows], runconfig=settings, allow_reuse=False,
)
small = PythonScriptStep(
    "step.py", name="small", source_directory="src", arguments=["--name", "small", "--data", rows],
    inputs=[rows], runconfig=settings, allow_reuse=False,
)
large = PythonScriptStep(
    "step.py", name="large", source_directory="src", arguments=["--name", "large", "--data", rows],
    inputs=[rows], runconfig=settings, allow_reuse=False,
)
evaluate = PythonScriptStep(
    "step.py", name="evaluate", source_directory="src",
    arguments=["--name", "evaluate", "--data", rows, "--out", report], inputs=[rows], outputs=[report],
    runconfig=settings, allow_reuse=False,
)
publish = PythonScriptStep(
    "step.py", name="publish", source_directory="src", arguments=["--name", "publish"],
    runconfig=settings, allow_reuse=False,
)

if args.kind == "small":
    steps = [prepare, small, publish]
else:
    steps = [prepare, large, publish]
if args.evaluate:
    publish.run_after(evaluate)
    steps.append(evaluate)
pipeline = Pipeline(workspace=ws, steps=steps)
run = Experiment(ws, "conditions").submit(pipeline)
run.wait_for_completion(show_output=False)
print("it ended:", run.get_status())
"""
STEP = """\
import argparse
import os
import time

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--name")
parser.add_argument("--data")
parser.add_argument("--out")
args = parser.parse_args()
run = Run.get_context()
time.sleep(0.5 if args.name == "evaluate" else 0)
run.log("files", float(len(os.listdir(args.data)) if args.data else 0))
if args.out:
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, f"{args.name}.txt"), "w") as file:
        file.write(args.name)
"""
#: What the runs of an experiment were: the steps by name, their states and metrics, and whether publish came last.
READ = """\
import sys
from azureml.core import Experiment, Workspace
runs = list(Experiment(Workspace.from_config(), "conditions").get_runs())
for run in reversed(runs):
    found = {step.name: step for step in run.get_children()}
    for name, step in sorted(found.items()):
        print("=", name, step.get_status(), step.get_metrics())
    begun = found["publish"].get_details()["startTimeUtc"]
    if "evaluate" in found:
        print("= order", found["evaluate"].get_details()["endTimeUtc"] <= begun)
    print("= end", run.get_status())
"""
VALUES = ([], ["--evaluate", "--kind", "large"])


def test_the_same_steps_run_under_each_condition(tmp_path: Path, empty_live: LiveService) -> None:
    said = []
    for workspace in ("one", "two"):
        folder = tmp_path / workspace
        (folder / "src").mkdir(parents=True)
        (folder / "pipeline.py").write_text(PIPELINE)
        (folder / "src" / "step.py").write_text(STEP)
        if workspace == "two":
            converted(folder)
        script = (folder / "pipeline.py").read_text()
        for value in VALUES:
            done = empty_live.run(script, *value, folder=folder, workspace=workspace)
            assert "it ended: " in done.stdout
        shutil.rmtree(folder)
        out = empty_live.run(READ, workspace=workspace).stdout
        said.append([line for line in out.splitlines() if line.startswith("=")])
    assert said[1] == said[0]
    assert [line.split()[1] for line in said[0]] == [
        *("prepare", "publish", "small", "end"),
        *("evaluate", "large", "prepare", "publish", "order", "end"),
    ]
    assert "= order True" in said[0]
