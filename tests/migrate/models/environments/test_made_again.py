"""An environment that is made again: what a function assigns has to be what the code around it reads."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies

env = Environment("fit")


def fill(packages):
"""
FILL = "    env.python.conda_dependencies = CondaDependencies.create(pip_packages=packages)\n"


@pytest.mark.parametrize(
    "fill", [FILL, "    env.python.conda_dependencies.add_pip_package(packages)\n"], ids=["assigned", "added"]
)
def test_a_function_that_fills_the_environment_of_the_module_makes_no_variable_of_its_own(fill: str) -> None:
    found = convert(HEAD + fill)
    assert "    env = " not in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_a_function_that_says_so_assigns_the_variable_of_the_module() -> None:
    found = convert(f"{HEAD}    global env\n{FILL}")
    assert "    env = Environment(" in found.text
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
