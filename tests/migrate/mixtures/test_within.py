"""Workspaces that no variable holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted
from tests.migrate.rules.support import convert

_SUBMIT = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
{above}

source = ScriptRunConfig(".", "train.py", compute_target="cpu")
experiment = Experiment({workspace}, "forest")
run = experiment.submit(source)
run.wait_for_completion()
"""
_CONNECT = "\n\ndef connect():\n    return Workspace.get('a', subscription_id='b', resource_group='c')\n"


def _clients(text: str) -> str:
    return "".join(line for line in text.splitlines() if line.startswith("ml_client = "))


@pytest.mark.parametrize(
    ("workspace", "client"),
    [
        ("connect()", "ml_client = connect()"),
        ("Workspace.from_config()", "ml_client = MLClient.from_config(credential=DefaultAzureCredential())"),
        (
            "Workspace.from_config('other.json')",
            'ml_client = MLClient.from_config(credential=DefaultAzureCredential(), path="other.json")',
        ),
    ],
)
def test_the_client_is_of_the_workspace_that_the_experiment_is_given(workspace: str, client: str) -> None:
    text = convert(_SUBMIT.format(above=_CONNECT, workspace=workspace)).text
    assert _clients(text) == client and text.index("ml_client = ") < text.index("ml_client.jobs")


def test_a_workspace_that_is_named_on_the_spot() -> None:
    workspace = "Workspace.get('a', subscription_id='b', resource_group='c')"
    text = convert(_SUBMIT.format(above="", workspace=workspace)).text
    assert 'workspace_name="a"' in text and "from_config" not in text


def test_a_function_of_another_module_gives_it(tmp_path: Path) -> None:
    helper = f"from azureml.core import Workspace{_CONNECT}"
    code = _SUBMIT.format(above="from helper import connect", workspace="connect()")
    text = converted(tmp_path, {"helper.py": helper, "main.py": code})["main.py"]
    assert _clients(text) == "ml_client = connect()"


@pytest.mark.parametrize("given", ["'a', subscription_id='b', resource_group='c'", "NAME, subscription_id=NAME"])
def test_the_only_workspace_of_the_module_is_made_once_more(given: str) -> None:
    code = f"""\
from azureml.core import Experiment, Workspace

NAME = "n"


def show(experiment):
    print([run.id for run in experiment.get_runs()])


def main():
    ws = Workspace.get({given})
    show(Experiment(ws, "forest"))
"""
    text = convert(code).text
    assert text.count("workspace_name=") == 2 and "from_config" not in text


def test_a_workspace_of_what_only_its_function_knows_is_not_made_elsewhere() -> None:
    code = """\
from azureml.core import Experiment, Workspace


def show(experiment):
    print([run.id for run in experiment.get_runs()])


def main(name):
    ws = Workspace.get(name)
    show(Experiment(ws, "forest"))
"""
    assert convert(code).text.count("MLClient.from_config(") == 1
