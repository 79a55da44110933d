"""Run configurations; their cases are checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert


def test_the_compute_of_a_configuration_that_a_function_gives_is_told() -> None:
    found = convert(
        """\
from azureml.core.runconfig import RunConfiguration


def configuration(name):
    config = RunConfiguration()
    config.target = name
    config.environment.python.user_managed_dependencies = False
    return config
"""
    )
    told = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    assert "names its compute" in told["RunConfiguration.target"]


def test_what_a_command_is_given_between_two_submissions() -> None:
    """The configuration of a ScriptRunConfig that has been submitted before is changed, not the variable of it."""
    text = convert(
        """\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import MpiConfiguration

ws = Workspace.from_config()
exp = Experiment(ws, "e")
src = ScriptRunConfig("scripts", script="train.py", compute_target="cpu", environment=Environment.get(ws, "a"))
run = exp.submit(src)
other = Environment.get(ws, "b")
src.run_config.environment = other
src.run_config.node_count = 3
src.run_config.mpi = MpiConfiguration(2)
print(src.run_config.environment.name)
run = exp.submit(src)
"""
    ).text
    after = text.partition('other = ml_client.environments.get("b", label="latest")\n')[2]
    assert after.startswith(
        "src.environment = other\nsrc.set_resources(instance_count=3)\n"
        "src.distribution = MpiDistribution(process_count_per_instance=2)\nprint(src.environment.name)\n"
    )


@pytest.mark.parametrize(
    "settings",
    [
        "config.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[name])",
        "env = Environment.get(ws, name)\n    config.environment = env",
    ],
)
def test_what_a_function_gives_keeps_the_name_that_its_caller_has_for_it(settings: str) -> None:
    """The new name of the function's own variable is unknown outside of it."""
    text = convert(
        f"""\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration

ws = Workspace.from_config()


def configuration(name):
    config = RunConfiguration()
    config.target = "cpu"
    {settings}
    return config


boosted = configuration("lightgbm")
config = configuration("sklearn")
Experiment(ws, "e").submit(ScriptRunConfig("src", script="train.py", run_config=boosted))
Experiment(ws, "e").submit(ScriptRunConfig("src", script="train.py", run_config=config))
"""
    ).text
    assert "environment=boosted," in text
    assert "environment=config," in text
    assert "    return env" in text


def test_a_file_that_is_saved_is_told_of() -> None:
    found = convert(
        "from azureml.core.runconfig import RunConfiguration\n\n"
        'config = RunConfiguration()\nconfig.target = "cpu"\nconfig.save("conf", "training")\n'
    )
    told = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    assert "no file of a run configuration" in told["RunConfiguration.save"]


def test_where_the_code_is_uploaded_to_keeps_nothing() -> None:
    """The job gets the same code: only the storage that it comes from was chosen."""
    found = convert(
        """\
from azureml.core import Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
config = RunConfiguration()
config.target = "cpu"
config.source_directory_data_store = "workspaceblobstore"
step = PythonScriptStep("bill.py", compute_target="cpu", source_directory="src", runconfig=config)
Pipeline(ws, steps=[step]).publish("bills")
"""
    )
    assert "source_directory_data_store" not in found.text and "azureml.core" not in found.text
    told = [finding for finding in found.findings if finding.symbol.endswith("source_directory_data_store")]
    assert [finding.status for finding in told] == [Status.REVIEW]
    assert convert(found.text).text == found.text
