"""Names that modules of the project take from each other, also with ``import *``, and what they are called after."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import CELL_MARK, MAGIC_MARK, ModuleText
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


_KEEPS = """\
from azureml.contrib.probes import Probe
from azureml.core import Environment, Model


def probe(ws):
    return Probe(ws, Environment.get(ws, "e"), Model(ws, "m"))
"""
_REGISTERS = """\
from azureml.core import Environment, Workspace
{above}from helpers import *

ws = Workspace.from_config()
Environment.from_conda_specification("train", "conda.yml").register(ws)
"""
_CLASS = "from azure.ai.ml.entities import Environment\n"


@pytest.mark.parametrize(
    "helpers",
    [
        _KEEPS,
        "class Environment:\n    pass\n",
        "from more import *\n",
        "import azureml.core\n\nprint(azureml.core.VERSION)\n\n\ndef Environment(name):\n    return name\n",
    ],
)
def test_classes_of_sdk_v2_are_imported_below_what_hides_them(helpers: str) -> None:
    texts = _converted(helpers=helpers, more=_KEEPS, main=_REGISTERS.format(above=""))
    assert texts["main"].index("from helpers import *") < texts["main"].index(_CLASS)
    again = _converted(**texts)
    assert again == texts


@pytest.mark.parametrize(
    ("helpers", "above"),
    [
        ("def probe():\n    return 1\n", ""),  # brings nothing of the kind
        ("__all__ = ['probe']\nfrom azureml.core import Environment\n\n\ndef probe():\n    return 1\n", ""),
        ("from azure.ai.ml.entities import Environment\n", ""),  # the same
    ],
)
def test_imports_stay_together_where_nothing_hides_them(helpers: str, above: str) -> None:
    text = _converted(helpers=helpers, main=_REGISTERS.format(above=above))["main"]
    assert text.index(_CLASS) < text.index("from helpers import *")


def test_a_class_that_is_read_above_what_hides_it_gets_another_name() -> None:
    above = """\

Environment.from_conda_specification("first", "conda.yml").register(Workspace.from_config())
"""
    text = _converted(helpers=_KEEPS, main=_REGISTERS.format(above=above))["main"]
    assert "import Environment as V2Environment\n" in text and text.count("V2Environment(") == 2


def test_a_notebook_that_runs_another_imports_in_the_cell_below() -> None:
    run = f"{CELL_MARK}1\nfrom .helpers import *  {MAGIC_MARK}0\n{CELL_MARK}2\n"
    main = f"{CELL_MARK}0\n" + _REGISTERS.format(above=run).replace("from helpers import *\n", "")
    modules = [ModuleText(Path("helpers.py"), _KEEPS), ModuleText(Path("main.ipynb"), main, notebook=True)]
    text = convert_module(modules[1], build_project(modules, PYTHON), PYTHON).text
    assert f"{CELL_MARK}2\n{_CLASS}" in text


def test_a_script_that_has_its_objects_from_another_module_is_converted_under_its_guard() -> None:
    """It imports nothing of SDK v1 itself, and all of it runs under one condition."""
    made = "from azureml.core import Experiment, Workspace\n\n\n"
    made += 'def start():\n    return Experiment(Workspace.from_config(), "e").start_logging()\n'
    script = 'from made import start\n\nif __name__ == "__main__":\n    run = start()\n'
    script += "    run.upload_file('a.txt', 'a.txt')\n    run.complete()\n    print(run.get_portal_url())\n"
    text = _converted(made=made, script=script)["script"]
    assert text.index("    run = start()") > text.index("__main__")
