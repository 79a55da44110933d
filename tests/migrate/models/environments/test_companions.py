"""Computes and environment variables that several places say: variables beside the environment hold them."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import os

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import RunConfiguration

gpu = os.environ.get("GPU")
"""
RUN = 'job = ScriptRunConfig(".", "a.py", {})\n'


def converted(code: str) -> str:
    """The new code; everything is converted, without an assumption."""
    found = convert(HEAD + code)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}, found.findings
    return found.text


def test_a_compute_that_branches_choose() -> None:
    text = converted(
        "rc = RunConfiguration()\nif gpu:\n    rc.target = 'gpu'\nelse:\n    rc.target = 'cpu'\n"
        + RUN.format("run_config=rc")
    )
    assert 'if gpu:\n    compute = "gpu"\nelse:\n    compute = "cpu"\n'.replace('"', "'") in text.replace('"', "'")
    assert "compute=compute" in text and "serverless" not in text


def test_a_compute_that_is_chosen_sometimes() -> None:
    text = converted("rc = RunConfiguration()\nif gpu:\n    rc.target = 'gpu'\n" + RUN.format("run_config=rc"))
    assert '\ncompute = "serverless"\nif gpu:\n' in text and "compute=compute" in text


def test_configurations_of_branches() -> None:
    text = converted(
        "if gpu:\n    rc = RunConfiguration()\n    rc.target = 'gpu'\nelse:\n    rc = RunConfiguration()\n"
        "    rc.target = 'cpu'\n" + RUN.format("run_config=rc")
    )
    assert text.count("compute = ") == 2 and "compute=compute" in text


@pytest.mark.parametrize("owner", ["env", "rc.environment", "rc"])
def test_variables_that_a_loop_sets(owner: str) -> None:
    text = converted(
        "env = Environment('e')\nrc = RunConfiguration()\nrc.target = 'cpu'\nrc.environment = env\n"
        f"{owner}.environment_variables['A'] = '1'\nfor name in ('B', 'C'):\n"
        f"    {owner}.environment_variables[name] = os.environ[name]\n" + RUN.format("run_config=rc")
    )
    assert "environment_variables = {}\n" in text
    assert "for name in ('B', 'C'):\n    environment_variables[name] = os.environ[name]\n" in text.replace('"', "'")
    assert "environment_variables=environment_variables" in text


def test_variables_of_environments_in_branches() -> None:
    text = converted(
        "if gpu:\n    env = Environment('a')\n    env.environment_variables = {'A': '1'}\nelse:\n"
        "    env = Environment('b')\n" + RUN.format("environment=env, compute_target='cpu'")
    )
    assert "environment_variables = {'A': '1'}" in text.replace('"', "'")
    assert "environment_variables = {}" in text and "environment_variables=environment_variables" in text


def test_what_is_said_once_needs_no_variable() -> None:
    text = converted(
        "rc = RunConfiguration()\nrc.target = 'cpu'\nrc.environment_variables = {'A': '1'}\n"
        + RUN.format("run_config=rc")
    )
    assert "compute='cpu'" in text.replace('"', "'") and "environment_variables={'A': '1'}" in text.replace('"', "'")


def test_a_command_is_changed_itself() -> None:
    text = converted(
        RUN.format("compute_target='cpu'") + "if gpu:\n    job.run_config.target = 'gpu'\n"
        "    job.run_config.environment_variables['A'] = '1'\n"
    )
    assert "    job.compute = 'gpu'\n    job.environment_variables['A'] = '1'\n" in text.replace('"', "'")


def test_a_configuration_that_another_function_makes() -> None:
    job = f"def job(rc):\n    {RUN.format('run_config=rc')}    return job\n\n\n"
    main = "def main(mode):\n    rc = RunConfiguration()\n    rc.target = {}\n"
    main += "    rc.environment_variables = {}\n    job(rc)\n"
    known = convert(HEAD + job + main.format("'cpu'", "{'A': '1'}")).text.replace('"', "'")
    assert "compute='cpu'" in known and "environment_variables={'A': '1'}" in known
    unknown = convert(HEAD + job + main.format("mode", "{'A': mode}"))
    messages = [finding.message for finding in unknown.findings if finding.status is Status.REVIEW]
    assert any("compute" in text and "environment variables" in text for text in messages), messages


@pytest.mark.parametrize("said", ["env.environment_variables = {'A': '1'}", "env.environment_variables['A'] = '1'"])
@pytest.mark.parametrize("found", ["Environment.get(ws, 'known')", "Environment.get(ws, 'known').clone('own')"])
def test_an_environment_that_is_looked_up_keeps_its_variables(found: str, said: str) -> None:
    text = convert(HEAD + f"ws = Workspace.from_config()\nenv = {found}\n{said}\n" + RUN.format("environment=env")).text
    assert "environment_variables=environment_variables" in text and "env.environment_variables" not in text


def test_variables_of_an_environment_among_many_are_told() -> None:
    found = convert(
        HEAD
        + "ws = Workspace.from_config()\nenv = ws.environments['known']\nenv.environment_variables['A'] = '1'\n"
        + RUN.format("environment=env")
    )
    assert [f.message for f in found.findings if f.symbol == "Environment.environment_variables"] == [
        "give what runs the variables: command(environment_variables={'A': '1'})"
    ]


def test_a_run_that_a_function_sets_for_the_module() -> None:
    text = convert(
        HEAD
        + f"def prepare():\n    global job\n    {RUN.format('compute_target=cluster')}\n\n"
        + "def finish():\n    job.run_config.environment_variables = {'A': '1'}\n\n\nprepare()\nfinish()\n"
    ).text
    assert "    job.environment_variables = {'A': '1'}\n" in text.replace('"', "'")
