"""The clusters of Azure's articles are there for scripts that take them for granted; no other name ever is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from amlbridge.cli import assumed_computes
from amlbridge.wire.assumed_names import VARIABLE
from tests.support.command import Command

GET = 'print(ml.compute.get("cpu-cluster"))\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main.py": GET}, "cpu-cluster"),
        ({"main.py": "gpu = 'gpu-cluster'\n" + GET}, "cpu-cluster,gpu-cluster"),
        ({"main.ipynb": '{"source": ["x = \\"gpu-cluster\\""]}'}, "gpu-cluster"),
        ({"main.py": 'print("cpu-clutser", "cpu-cluster-2")\n'}, None),
        ({"main.py": GET + "ml.compute.begin_create_or_update(AmlCompute(name='cpu-cluster'))\n"}, None),
        ({"main.py": GET + "ComputeTarget.create(ws, 'cpu-cluster', config)\n"}, None),
        ({"main.py": "import helper\n" + GET, "helper.py": "def make():\n    return AmlCompute(name=NAME)\n"}, None),
        ({"main.py": "from azureml.core.compute import AmlCompute, ComputeTarget\n" + GET}, "cpu-cluster"),
        ({"main.py": "cluster = AmlCompute(self.ws, 'cpu-cluster')\n"}, "cpu-cluster"),
        ({"main.py": GET, "notebook.py": "box = ComputeInstance(\n    workspace=ws, name='box'\n)\n"}, "cpu-cluster"),
    ],
)
def test_what_a_script_takes_for_granted(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = assumed_computes.variables(tmp_path / next(iter(files)))
    assert found == ({VARIABLE: expected} if expected else {})
    assert assumed_computes.variables(None) == {}
    assert assumed_computes.variables(tmp_path / "gone.py") == {}


SCRIPT = """
import sys
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import ComputeTarget
from azureml.core.compute_target import ComputeTargetException
ws = Workspace("22222222-2222-2222-2222-222222222222", "rg", sys.argv[1])
if sys.argv[1] == "submit":
    run = Experiment(ws, "e").submit(ScriptRunConfig("src", "ok.py", compute_target="cpu-cluster"))
    run.wait_for_completion()
    print("RAN", run.get_status())
    # SDK v2 submits the name without looking for the compute.
    from azure.ai.ml import MLClient, command
    from azure.identity import DefaultAzureCredential
    ml = MLClient(DefaultAzureCredential(), ws.subscription_id, ws.resource_group, ws.name)
    environment = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"
    job = command(command="true", environment=environment, compute="gpu-cluster")
    print("V2", ml.jobs.create_or_update(job).compute)
elif sys.argv[1] == "list":
    print("GOT", ws.compute_targets["gpu-cluster"].name)
else:
    print("GOT", ComputeTarget(ws, "cpu-cluster").name)
    try:
        ComputeTarget(ws, "cpu-clutser")
    except ComputeTargetException:
        print("NOT THERE")
"""


@pytest.mark.slow
def test_they_are_there_when_the_script_looks_in_whatever_workspace(amlbridge: Command) -> None:
    amlbridge.write("a.py", SCRIPT)
    amlbridge.write("src/ok.py", "print('ok')\n")
    done = amlbridge("run", "a.py", "submit")
    assert "RAN Completed" in done.stdout
    assert (
        "the script names cpu-cluster and gpu-cluster and makes no compute, so the workspace submit has them from now"
        in done.stderr
    )
    assert "V2 gpu-cluster" in done.stdout
    listed = amlbridge("run", "a.py", "list")
    assert "GOT gpu-cluster" in listed.stdout
    assert "the workspace list has them from now on" in listed.stderr
    got = amlbridge("run", "a.py", "get")
    assert "GOT cpu-cluster" in got.stdout and "NOT THERE" in got.stdout
    assert "from now on" not in amlbridge("run", "a.py", "get").stderr, "said once"
    # Not for what is no script of `run`.
    python = amlbridge.write("b.py", SCRIPT)
    failed = amlbridge("exec", "--", sys.executable, str(python), "other", code=1)
    assert "Compute cpu-cluster not found" in failed.stderr or "ComputeTargetNotFound" in failed.stderr
