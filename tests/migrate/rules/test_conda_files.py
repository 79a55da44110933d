"""Conda dependencies of a file, to which code adds packages."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_noop, check_transformed, convert

_IMPORTS = """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration

"""
_ENVIRONMENT = 'Environment(\n    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",\n'


def test_a_file_that_a_function_adds_to_is_read() -> None:
    after = f"""\
import yaml
from azure.ai.ml.entities import Environment

def packages(path):
    with open(path) as file:
        found = yaml.safe_load(file)
    found.setdefault("channels", []).append("conda-forge")
    found["dependencies"].insert(0, "curl")
    next(part for part in found["dependencies"] if isinstance(part, dict))[
        "pip"
    ].append("pandas")
    return found

rc = {_ENVIRONMENT}    conda_file=packages("conda.yml"),
)
"""
    check_transformed(
        _IMPORTS
        + """\
def packages(path):
    found = CondaDependencies(path)
    found.add_channel("conda-forge")
    found.add_conda_package("curl")
    found.add_pip_package("pandas")
    return found

rc = RunConfiguration(conda_dependencies=packages("conda.yml"))
""",
        after,
        status=Status.REVIEW,
    )
    check_noop(after)


def test_packages_that_come_later_are_not_lost() -> None:
    text = convert(
        _IMPORTS
        + """\
found = CondaDependencies("conda.yml")
found.add_pip_package("azureml-defaults")
env = Environment("e")
env.python.conda_dependencies = found
env.python.conda_dependencies.add_pip_package("late")
"""
    ).text
    section = 'next(part for part in found["dependencies"] if isinstance(part, dict))["pip"]'
    assert section in text and "azureml-inference-server-http" in text and "azureml-defaults" not in text
    assert text.index('["late"]') < text.index("env = Environment(")


def test_what_a_file_says_is_read_in_an_expression() -> None:
    text = convert(_IMPORTS + 'print(CondaDependencies("conda.yml").serialize_to_string())\n').text
    assert 'yaml.safe_dump(yaml.safe_load(Path("conda.yml").read_text()), sort_keys=False)' in text


@pytest.mark.parametrize(
    "made", ['CondaDependencies("conda.yml")', 'CondaDependencies(conda_dependencies_file_path="conda.yml")']
)
def test_a_file_that_is_handed_on_stays_a_path(made: str) -> None:
    text = convert(_IMPORTS + f"found = {made}\nrc = RunConfiguration(conda_dependencies=found)\n").text
    assert "yaml" not in text.replace("conda.yml", "") and "conda_file=found" in text
