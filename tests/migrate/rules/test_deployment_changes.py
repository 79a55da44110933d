"""Deployment configurations that change after they were made."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AksWebservice, LocalWebservice

ws = Workspace.from_config()
inference = InferenceConfig(entry_script="score.py")
"""
DEPLOY = 'service = Model.deploy(ws, "svc", [Model(ws, "m")], inference, config)\n'


def test_smaller_the_second_time() -> None:
    found = convert(
        f"{HEAD}config = AksWebservice.deploy_configuration(cpu_cores=4)\n{DEPLOY}"
        f"config.cpu_cores = 0.1\nconfig.memory_gb = 0.5\n{DEPLOY}"
    )
    assert found.text.count("**config") == 2
    assert found.text.count('config["instance_type"] = "Standard_DS2_v2"') == 1
    assert "azureml" not in found.text


def test_memory_alone_keeps_the_cores() -> None:
    found = convert(f"{HEAD}config = AksWebservice.deploy_configuration(cpu_cores=4)\nconfig.memory_gb = 20\n{DEPLOY}")
    assert 'config["instance_type"] = "Standard_DS4_v2"' in found.text
    small = convert(f"{HEAD}config = AksWebservice.deploy_configuration(cpu_cores=6)\nconfig.memory_gb = 1\n{DEPLOY}")
    assert 'config["instance_type"] = "Standard_DS4_v2"' in small.text


def test_in_a_function_that_gets_it() -> None:
    found = convert(
        f"{HEAD}def deploy(config):\n    config.num_replicas = 3\n    config.autoscale_enabled = True\n    {DEPLOY}\n"
        "deploy(AksWebservice.deploy_configuration())\n"
    )
    assert '    config["instance_count"] = 3\n' in found.text and "autoscale" not in found.text
    said = [finding.message for finding in found.findings if finding.symbol.endswith("autoscale_enabled")]
    assert said == ["autoscaling is a rule of Azure Monitor on the deployment"]


def test_cores_of_a_variable_are_to_be_checked() -> None:
    found = convert(f"{HEAD}config = AksWebservice.deploy_configuration()\nconfig.cpu_cores = wanted\n{DEPLOY}")
    change = next(finding for finding in found.findings if finding.symbol.endswith("cpu_cores"))
    assert change.status is Status.REVIEW and change.message == "choose an instance_type with as many cores"


def test_a_setting_that_is_not_known_keeps_it() -> None:
    found = convert(f"{HEAD}config = AksWebservice.deploy_configuration()\nconfig.namespace = 'n'\n{DEPLOY}")
    assert "config.namespace = 'n'" in found.text and "AksWebservice.deploy_configuration()" in found.text
