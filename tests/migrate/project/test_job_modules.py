"""Modules that the scripts of jobs import: their clients are those of the job's workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

HELPER = """\
from azureml.core import Model, Workspace

def latest(workspace: Workspace, name: str) -> Model:
    return Model(workspace, name)

def fetch(model: Model, folder):
    model.download(folder)
"""
SCRIPT = """\
from azureml.core import Run
from .helper import fetch, latest

fetch(latest(Run.get_context().experiment.workspace, "m"), "models")
"""
CONTROL = """\
from azureml.core import Workspace
from .helper import fetch, latest

fetch(latest(Workspace.from_config(), "m"), "models")
"""
BETWEEN = """\
from azureml.core import Workspace
from .helper import fetch, latest

def get(workspace: Workspace):
    fetch(latest(workspace, "m"), "models")
"""
OVER = "from azureml.core import Run\nfrom .between import get\n\nget(Run.get_context().experiment.workspace)\n"
CONFIGURED, OF_JOB = "MLClient.from_config(", 'os.environ["AZUREML_ARM_WORKSPACE_NAME"]'


def _helper(**others: str) -> str:
    texts = {"helper": HELPER, **others}
    modules = [ModuleText(Path(f"/project/src/{name}.py"), text) for name, text in texts.items()]
    return convert_module(modules[0], build_project(modules, PYTHON), PYTHON).text


@pytest.mark.parametrize(
    ("others", "made"),
    [
        ({"train": SCRIPT}, OF_JOB),
        ({"between": BETWEEN, "train": OVER}, OF_JOB),
        ({"control": CONTROL}, CONFIGURED),
        ({"train": SCRIPT, "control": CONTROL}, CONFIGURED),
        ({}, CONFIGURED),
    ],
)
def test_whose_workspace_a_module_means(others: dict[str, str], made: str) -> None:
    text = _helper(**others)
    assert made in text and ({CONFIGURED, OF_JOB} - {made}).pop() not in text, text
