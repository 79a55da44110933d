"""Names that modules of the project take from each other, also with ``import *``, and what they are called after."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

_COMPUTES = """\
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException


def get_cluster(ws, name):
    try:
        cluster = ComputeTarget(workspace=ws, name=name)
    except ComputeTargetException:
        cluster = ComputeTarget.create(ws, name, AmlCompute.provisioning_configuration(vm_size="A"))
    return cluster
"""
_USES = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
cluster = get_cluster(ws, "cpu")
cluster.wait_for_completion(show_output=True)
step = PythonScriptStep(name="a", script_name="a.py", compute_target=cluster)
pipeline = Pipeline(ws, steps=[step])
"""


def _converted(**texts: str) -> dict[str, str]:
    modules = [ModuleText(Path(f"{name}.py"), text) for name, text in texts.items()]
    project = build_project(modules, PYTHON)
    return {module.path.stem: convert_module(module, project, PYTHON).text for module in modules}


@pytest.mark.parametrize("names", ["get_cluster", "*"])
def test_what_a_function_gives_is_known_where_it_is_imported(names: str) -> None:
    text = _converted(computes=_COMPUTES, main=f"from computes import {names}\n{_USES}")["main"]
    assert "wait_for_completion" not in text and "compute=cluster.name" in text


@pytest.mark.parametrize("names", ["ws, experiment", "*"])
def test_a_variable_that_another_module_imports_keeps_its_name(names: str) -> None:
    settings = """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
experiment = Experiment(ws, "trials")
unread = ws.get_default_datastore()
"""
    main = f"from settings import {names}\nfrom azureml.core import Model\n\nmodel = Model(ws, experiment.name)\n"
    texts = _converted(settings=settings, main=main)
    assert "\nws = MLClient.from_config(" in texts["settings"]
    assert texts["main"].endswith('model = ws.models.get(experiment, label="latest")\n')


def test_a_parameter_that_is_said_to_be_a_text_is_what_calls_pass() -> None:
    one = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep


def start(ws: Workspace, cluster: str, experiment: str):
    step = PythonScriptStep(name="a", script_name="a.py", compute_target=cluster)
    return experiment.submit(Pipeline(workspace=ws, steps=[step]))
"""
    main = """\
from azureml.core import Experiment, Workspace
from one import start

ws = Workspace.from_config()
start(ws, ws.compute_targets["cpu"], Experiment(ws, "trials"))
"""
    texts = _converted(one=one, main=main)
    assert "return ws.jobs.create_or_update(" in texts["one"] and "compute=cluster.name" in texts["one"]
    assert texts["main"].endswith('start(ml_client, ml_client.compute.get("cpu"), "trials")\n')
