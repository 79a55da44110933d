"""Components as YAML and as Python mean the same to the workspace service, through the real client."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from amlbridge.engine import plan_json
from amlbridge.engine.plan import Node, Plan
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.plans import Plans
from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.module import Options
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.support.live import LiveService

PIPELINE = """\
import os

from azureml.core import Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import CommandStep, MpiStep, PythonScriptStep

HERE = os.path.dirname(os.path.abspath(__file__))
ws = Workspace.from_config()
datastore = ws.get_default_datastore()

env = Environment("ridge")
env.docker.base_image = "ubuntu:22.04"
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"], python_version="3.11")
configuration = RunConfiguration()
configuration.environment = env
configuration.environment_variables = {"SHIFT": "2"}

rows = 5
ratio = PipelineParameter("ratio", default_value=0.5)
deep = PipelineParameter("deep", default_value=True)
prepared = OutputFileDatasetConfig(name="prepared", destination=(datastore, "prepared/{run-id}"))
model = PipelineData("model", datastore=datastore)
check = PythonScriptStep(
    "step.py",
    name="Check it",
    compute_target="cpu",
    runconfig=configuration,
    source_directory=os.path.join(HERE, "src"),
)
prepare = PythonScriptStep(
    "step.py",
    name="prepare",
    arguments=["--rows", rows, "--ratio", ratio, "--seed", 7, "--deep", deep, "--out", prepared],
    compute_target="cpu",
    runconfig=configuration,
    source_directory=os.path.join(HERE, "src"),
    allow_reuse=False,
)
prepare.run_after(check)
train = MpiStep(
    name="train",
    source_directory=os.path.join(HERE, "src"),
    script_name="step.py",
    arguments=["--data", prepared.as_input("data"), "--model", model],
    outputs=[model],
    compute_target="cpu",
    node_count=2,
    process_count_per_node=2,
    params={"ALPHA": 3},
)
report = CommandStep(
    name="report",
    source_directory=os.path.join(HERE, "src"),
    command=["python", "step.py", "--model", model, "--text", "two words"],
    inputs=[model],
    compute_target="gpu",
    runconfig=configuration,
)
run = Experiment(ws, "both").submit(Pipeline(ws, [report]))
print("submitted", run.id)
"""

COMPUTES = """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AmlCompute
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
for name in ("cpu", "gpu"):
    ml_client.compute.begin_create_or_update(AmlCompute(name=name, size="STANDARD_D2_V2", max_instances=2)).result()
"""


def converted(folder: Path, components: Literal["yaml", "python"]) -> str:
    """The new text of the pipeline; files that it needs are written."""
    module = folder / f"as_{components}.py"
    module.write_text(PIPELINE)
    reports = [item for item in run([folder], Settings(Options(components=components), (), 1)) if item.path == module]
    assert [item.status for item in reports] == [FileStatus.MIGRATED], reports[0].findings
    write_all(reports, [folder])
    return module.read_text()


def submitted(records: str) -> list[Plan]:
    """The plans of all pipelines, without the names of environments: one that is in a component's file has none."""
    database = Database(records)
    with database.read() as connection:
        found = connection.exec_driver_sql("select id from plan").scalars().all()
    plans = [Plans(database).get(plan_id) for plan_id in found]
    return [replace(plan, nodes=tuple(map(nameless, plan.nodes))) for plan in plans]


def nameless(node: Node) -> Node:
    """The node, with an environment that is told by its content alone."""
    assert node.environment is not None and node.environment.conda
    return replace(node, environment=replace(node.environment, name="", version=""))


@pytest.mark.slow
def test_both_forms_are_lowered_to_the_same_plan(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "step.py").write_text("import sys; print(sys.argv)\n")
    yaml, python = converted(folder, "yaml"), converted(folder, "python")
    assert "load_component" in yaml and "command(" not in yaml and "load_component" not in python
    assert len(list((folder / "src").glob("*.component.yml"))) == 4
    live = LiveService(tmp_path / "service")
    try:
        both = f"{COMPUTES}\n{yaml}\n{python}".replace("__file__", json.dumps(str(folder / "as_yaml.py")))
        live.run(both, folder=folder)
    finally:
        live.stop()
    plans = submitted(live.home.records_url)
    assert [len(plan.nodes) for plan in plans] == [4, 4]
    assert len({plan_json.fingerprint(plan) for plan in plans}) == 1
