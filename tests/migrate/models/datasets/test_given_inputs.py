"""Functions that give data with how a job reads it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON, convert

HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""
GIVES = """\


def get_input(workspace, name):
    dataset = Dataset.get_by_name(workspace, name)
    return dataset.as_named_input(name).as_download()
"""


def test_a_command_takes_what_the_function_gives() -> None:
    found = convert(
        HEAD
        + GIVES
        + """\

other = get_input(ws, "b")
config = ScriptRunConfig(".", "a.py", ["--one", get_input(ws, "a"), "--other", other], compute_target="cpu")
Experiment(ws, "e").submit(config)
"""
    )
    assert 'inputs={"one": get_input(ml_client, "a"), "other": other},' in found.text
    assert "azureml.core" not in found.text


def test_so_does_a_step() -> None:
    found = convert(
        HEAD
        + GIVES
        + """\

step = PythonScriptStep("a.py", arguments=["--one", get_input(ws, "a")], compute_target="cpu", source_directory="src")
Experiment(ws, "e").submit(Pipeline(ws, steps=[step]))
"""
    )
    assert 'inputs={"one": Input(type="uri_folder")}' in found.text
    assert 'step_component(one=get_input(ml_client, "a"))' in found.text and "azureml.core" not in found.text


def test_a_function_of_another_module_gives_an_input_as_well() -> None:
    helper = ModuleText(Path("helper.py"), "from azureml.core import Dataset\n" + textwrap.dedent(GIVES))
    main = ModuleText(
        Path("main.py"),
        HEAD + 'from helper import get_input\n\nconfig = ScriptRunConfig(".", "a.py", ["--one", get_input(ws, "a")])\n',
    )
    project = build_project([helper, main], PYTHON)
    assert 'inputs={"one": get_input(ml_client, "a")},' in convert_module(main, project, PYTHON).text
    assert 'return Input(type="uri_folder", path=dataset.id' in convert_module(helper, project, PYTHON).text
