"""Packages that are added to an environment which is there already."""

from __future__ import annotations

from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment, Workspace

ws = Workspace.from_config()
env = Environment.get(ws, name="base").clone("mine")
"""
ADD = 'env.python.conda_dependencies.add_pip_package("{}")\n'
AGAIN = "env = Environment(\n    name=env.name"


def test_the_environment_is_made_again_once_for_all_that_is_added_at_a_time() -> None:
    text = convert(f"{HEAD}{ADD.format('a')}{ADD.format('b==1')}env.register(ws)\n{ADD.format('c')}").text
    assert text.count(AGAIN) == 2
    assert text.index('append("b==1")') < text.index(AGAIN) < text.index("environments.create_or_update(env)")
    assert not check_generated(text)


def test_an_environment_of_the_workspace_gets_what_logs_to_a_run() -> None:
    text = convert(f"{HEAD}{ADD.format('azureml-mlflow')}{ADD.format('numpy')}").text
    assert '.append("azureml-mlflow")' in text and "extend(" not in text


def test_a_package_that_nothing_takes_the_place_of_goes() -> None:
    text = convert(f"{HEAD}{ADD.format('azureml-telemetry')}").text
    assert "azureml-telemetry" not in text and AGAIN not in text
