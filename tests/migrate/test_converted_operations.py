"""A control script of SDK v1 and its conversion say the same of the workspace: computes, steps by name, children,
values with blanks in them."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import UNCONVERTED
from tests.migrate.rules.support import convert
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

STEP = """\
import argparse

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--label")
parser.add_argument("--empty")
parser.add_argument("--query")
args = parser.parse_args()
run = Run.get_context()
run.log("words", len(args.label.split()) + len(args.query.split()))
run.log("empty", len(args.empty))
children = run.create_children(2)
for index, child in enumerate(children):
    child.log("index", index)
    child.complete()
"""

CONTROL = """\
import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu")
except ComputeTargetException:
    settings = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu", settings)
    cluster.wait_for_completion()
cluster.update(0, 3)
print("SAID", "cpu" in ws.compute_targets, ComputeTarget(ws, "cpu").provisioning_state == "Succeeded")

config = RunConfiguration()
if os.environ.get("GPU"):
    config.target = "gpu"
else:
    config.target = "cpu"
config.environment.environment_variables["MODE"] = "a b"
query = " ".join(["select", "one", "row"])
fit_step = PythonScriptStep(
    name="fit model",
    script_name="fit.py",
    source_directory="src",
    arguments=["--label", "two words", "--empty", "", "--query", query],
    runconfig=config,
    allow_reuse=bool(os.environ.get("REUSE")),
)
experiment = Experiment(ws, "operations")
known = experiment.id
run = experiment.submit(Pipeline(ws, [fit_step]))
run.wait_for_completion(show_output=False)
found = run.find_step_run(fit_step.name)
print("SAID", known != "", len(found), sorted(found[0].get_metrics().items()))
print("SAID", len(list(found[0].get_children())))
cluster.delete()
"""


def said(text: str) -> list[str]:
    """What the script says; numbers of MLflow are floats."""
    lines = [line for line in text.splitlines() if line.startswith("SAID")]
    return [line.replace(".0", "") for line in lines]


def test_a_script_and_its_conversion_say_the_same(live: LiveService) -> None:
    control, step = convert(CONTROL), convert(STEP, path="fit.py")
    for conversion in (control, step):
        assert not [finding for finding in conversion.findings if finding.status in UNCONVERTED]
    old = live.run(CONTROL, files={"src/fit.py": STEP}, workspace="old")
    new = live.run(control.text, files={"src/fit.py": step.text}, workspace="new")
    assert said(new.stdout) == said(old.stdout)
    assert len(said(old.stdout)) == 3
