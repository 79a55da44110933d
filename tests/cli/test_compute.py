"""Computes that exist only in Azure: scripts name them, and one command adds them here."""

from __future__ import annotations

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
ws = Workspace.from_config()

def submit():
    run = Experiment(ws, "e").submit(ScriptRunConfig("src", "ok.py", compute_target="cpu-cluster"))
    run.wait_for_completion()
    print("RAN", run.get_status())

def pipeline():
    Pipeline(ws, [PythonScriptStep("ok.py", name="one", source_directory="src", compute_target="pipe-cluster")])

def named():
    print("GOT", ComputeTarget(ws, "Gpu-Cluster").name)

def listed():
    print("GOT", ws.compute_targets["cpu-cluster"].name)

def made():
    try:
        ComputeTarget(ws, "own")
    except ComputeTargetException:
        ComputeTarget.create(ws, "own", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1))
    sys.exit(4)

def elsewhere():
    ComputeTarget(Workspace("33333333-2222-2222-2222-222222222222", "r", "other-one"), "cpu-cluster")

globals()[sys.argv[1]]()
"""


def test_a_compute_that_the_workspace_lacks_is_named_and_added(amlbridge: Command) -> None:
    amlbridge.write("a.py", SCRIPT)
    amlbridge.write("src/ok.py", "print('ok')\n")
    listed = amlbridge("run", "a.py", "listed", code=1).stderr
    assert "KeyError: 'cpu-cluster'" in listed
    assert "listed the computes of the workspace local, which has none" in listed
    assert "do:   amlbridge compute add NAME\n" in listed
    submitted = amlbridge("run", "a.py", "submit", code=1).stderr
    assert "the run: there is no compute target 'cpu-cluster' in the workspace local" in submitted
    assert "the workspace local has no compute cpu-cluster: " in submitted
    assert submitted.endswith("do:   amlbridge compute add cpu-cluster\n")
    # The client looks for it in the list by itself.
    assert "do:   amlbridge compute add NAME\n" in amlbridge("run", "a.py", "pipeline", code=1).stderr
    assert "do:   amlbridge compute add Gpu-Cluster\n" in amlbridge("run", "a.py", "named", code=1).stderr
    other = amlbridge("run", "a.py", "elsewhere", code=1).stderr
    assert (
        "add --workspace other-one --resource-group r --subscription 33333333-2222-2222-2222-222222222222 cpu" in other
    )
    # What the script then makes by itself is no news, however it ends.
    assert "amlbridge compute add" not in amlbridge("run", "a.py", "made", code=4).stderr

    added = amlbridge("compute", "add", "cpu-cluster", "Gpu-Cluster").stdout
    assert "added the compute cpu-cluster (cluster, at most 4 nodes) to the workspace local\n" in added
    for name in ("listed", "named"):
        assert "GOT" in amlbridge("run", "a.py", name).stdout
    again = amlbridge("run", "a.py", "pipeline", code=1).stderr
    assert "which has only own, cpu-cluster, Gpu-Cluster: if another one was meant, add it" in again
    assert "do:   amlbridge compute add NAME\n" in again
    done = amlbridge("run", "a.py", "submit")
    assert "RAN Completed" in done.stdout and "compute add" not in done.stderr


def test_the_address_of_a_databricks_workspace_is_given(amlbridge: Command) -> None:
    amlbridge.write(
        "a.py",
        """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, DatabricksCompute
config = DatabricksCompute.attach_configuration("g", "w", access_token="secret")
ComputeTarget.attach(Workspace.from_config(), "bricks", config)
""",
    )
    amlbridge("run", "a.py")
    told = amlbridge("compute", "connect", "bricks", "adb-1.2.azuredatabricks.net").stdout
    assert told == "steps for bricks run at https://adb-1.2.azuredatabricks.net\n"
    assert "http is for this machine only" in amlbridge("compute", "connect", "bricks", "http://a.net", code=1).stderr
    amlbridge("compute", "add", "cpu")
    assert "only Databricks has" in amlbridge("compute", "connect", "cpu", "https://a.net", code=1).stderr
    assert "not found" in amlbridge("compute", "connect", "other", "https://a.net", code=1).stderr


def test_add_list_and_remove(amlbridge: Command) -> None:
    made = amlbridge("compute", "add", "one")
    assert "started the local workspace service" in made.stderr
    assert "has the compute one (cluster, at most 4 nodes) already" in amlbridge("compute", "add", "ONE").stdout
    assert "the compute one (cluster, at most 9 nodes)" in amlbridge("compute", "add", "one", "--max-nodes", "9").stdout
    amlbridge("compute", "add", "box", "--type", "instance")
    amlbridge("compute", "add", "kube", "--type", "kubernetes")
    assert amlbridge.json("compute", "list", "--json") == [
        {"name": "one", "type": "cluster", "max_nodes": 9},
        {"name": "box", "type": "instance", "max_nodes": None},
        {"name": "kube", "type": "kubernetes", "max_nodes": None},
    ]
    assert "reserved name" in amlbridge("compute", "add", "local", code=1).stderr
    assert "cannot be the name of a compute" in amlbridge("compute", "add", "a b", code=1).stderr
    assert "cannot become" in amlbridge("compute", "add", "one", "--type", "instance", code=1).stderr
    assert "for clusters" in amlbridge("compute", "add", "x", "--type", "instance", "--max-nodes", "2", code=2).stderr
    assert "has no compute two" in amlbridge("compute", "remove", "one", "two", code=1).stderr
    removed = amlbridge("compute", "remove", "one", "kube", "One").stdout
    assert removed.count("removed one") == 1 and "removed kube" in removed
    assert [item["name"] for item in amlbridge.json("compute", "list", "--json")] == ["box"]
    amlbridge("compute", "add", "theirs", "--workspace", "team")
    assert "theirs" in amlbridge("compute", "list", "--workspace", "team").stdout
    assert "not clear" in amlbridge("compute", "list", code=1).stderr
    amlbridge("down")
    assert "amlbridge up" in amlbridge("compute", "list", code=69).stderr
