"""Environments that a run configuration is given, and that are changed through it."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Environment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration

ws = Workspace.from_config()
rc = RunConfiguration()
"""
_ENDS = "src = ScriptRunConfig('s', 'a.py', run_config=rc)\n"
_PACKAGES = "rc.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=['numpy'])\n"


def _flat(code: str) -> str:
    return "".join(convert(_HEAD + code + _ENDS).text.split()).replace("'", '"')


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        (_PACKAGES, ['"numpy"']),
        (_PACKAGES + "rc.environment.python.conda_dependencies.add_pip_package('requests')\n", ['"numpy","requests"']),
        ("rc.environment.docker.base_image = 'own/image'\n", ['image="own/image"']),
        ("rc.environment.python.conda_dependencies.set_python_version('3.8')\n", ['"python=3.8"']),
    ],
)
def test_what_is_changed_of_an_environment_that_is_made_there_is_in_it(changes: str, parts: list[str]) -> None:
    text = _flat("rc.environment.docker.base_image = 'gone'\nrc.environment = Environment(name='mine')\n" + changes)
    assert 'rc=Environment(name="mine",' in text and "environment=rc" in text and "azureml.core" not in text
    assert all(part in text for part in parts) and "gone" not in text


def test_packages_come_to_those_of_a_file() -> None:
    made = "rc.environment = Environment.from_conda_specification('mine', 'conda.yml')\n"
    text = _flat(made + "rc.environment.python.conda_dependencies.add_pip_package('requests')\n")
    assert 'open("conda.yml")' in text and '.extend(["requests"])' in text and 'name="mine"' in text


def test_what_was_changed_before_it_got_another_environment_is_not_in_that() -> None:
    text = _flat("rc.environment.docker.base_image = 'gone'\nenv = Environment.get(ws, 'a')\nrc.environment = env\n")
    assert "gone" not in text and "environment=env" in text


def test_an_environment_of_a_variable_is_not_changed_silently() -> None:
    found = convert(_HEAD + "env = Environment('mine')\nrc.environment = env\n" + _PACKAGES + _ENDS)
    assert "numpy" in found.text
    assert any("change it where it is made" in finding.message for finding in found.findings)


def test_all_packages_of_pip_are_set_at_once() -> None:
    text = _flat(
        "rc.environment = Environment(name='mine')\n"
        + _PACKAGES
        + "rc.environment.python.conda_dependencies.set_pip_requirements(['requests', 'azureml-core==1.33'])\n"
        + "rc.environment.python.conda_dependencies.add_pip_package('pandas')\n"
    )
    assert (
        '{"pip":["requests","azure-ai-ml","azure-identity","pandas","mlflow","azureml-mlflow"' in text
        and "numpy" not in text
    )
    assert "azureml.core" not in text
