"""Clients that only one branch makes."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
import os
import sys
from azureml.core import Experiment, Model, Run, Workspace


def main():
    run = Run.get_context()
    if run.id.startswith("OfflineRun"):
        aml_workspace = Workspace.get(name=os.environ["NAME"], subscription_id="s", resource_group="g")
        experiment = Experiment(aml_workspace, "e")
    else:
        {other}
    print(experiment.name)
    print(Model(experiment.workspace, "m").version)
"""
MADE = "ml_client = MLClient("


def test_the_branch_of_the_job_makes_its_client() -> None:
    text = convert(HEAD.format(other="experiment = run.experiment")).text
    first, _, second = text.partition("    else:\n")
    assert MADE in first and MADE in second and "AZUREML_ARM_WORKSPACE_NAME" in second
    assert second.index(MADE) < second.index("print(") < second.index('ml_client.models.get("m"')


@pytest.mark.parametrize("other", ["sys.exit(1)", "return", "raise ValueError(run.id)"])
def test_a_branch_that_leaves_needs_none(other: str) -> None:
    assert convert(HEAD.format(other=other)).text.count(MADE) == 1


def test_both_branches_keep_their_own() -> None:
    other = 'aml_workspace = Workspace.from_config()\n        experiment = Experiment(aml_workspace, "f")'
    text = convert(HEAD.format(other=other)).text
    assert text.count("ml_client = ") == 2 and "ARM_WORKSPACE" not in text


def test_what_is_asked_inside_of_the_branch_needs_no_other() -> None:
    text = convert(
        """\
from azureml.core import Experiment, Model, Workspace

if LOCAL:
    ws = Workspace.from_config()
    print(Model(ws, "m").version)
else:
    print("nothing")
"""
    ).text
    assert text.count("ml_client = ") == 1


IN_BOTH = """\
import os
from azureml.core import Model, Run, Workspace

run = Run.get_context()
if run.id.startswith("OfflineRun"):
    ws = Workspace.from_config()
    model = Model.register(ws, model_name="m", model_path="out")
else:
    run.upload_folder("model", "out")
    if len(os.listdir("out")) > 1:
        print(Model(run.experiment.workspace, "m").version)
    model = run.register_model(model_name="m", model_path="model")
"""


def test_the_other_branch_makes_its_own() -> None:
    text = convert(IN_BOTH).text
    first, _, second = text.partition("\nelse:\n")
    assert "ml_client = MLClient.from_config(" in first
    assert second.count(MADE) == 1 and second.index(MADE) < second.index("    if len(")


def test_a_client_above_the_choice_is_enough() -> None:
    above = "ws = Workspace.from_config()\nif run.id"
    assert convert(IN_BOTH.replace("if run.id", above)).text.partition("\nelse:\n")[2].count(MADE) == 0
