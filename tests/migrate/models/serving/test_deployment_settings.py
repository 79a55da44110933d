"""Configurations of services that functions and variables hand on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.rules.support import convert

_IMPORTS = """\
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, AksWebservice, LocalWebservice

"""
_MAIN = """\
ws = Workspace.from_config()
env = Environment.get(ws, "e", version="1")
"""


def _left(findings: object) -> set[str]:
    done = (Status.CONVERTED, Status.REVIEW)
    return {finding.symbol for finding in findings if finding.status not in done}  # type: ignore[attr-defined]


def test_configurations_of_branches() -> None:
    found = convert(
        _IMPORTS
        + _MAIN
        + """\
if small:
    config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
else:
    config = AksWebservice.deploy_configuration(cpu_cores=4, memory_gb=8, num_replicas=3)
inference_config = InferenceConfig("score.py", environment=env)
Model.deploy(ws, "service", [Model(ws, "m")], inference_config, config)
"""
    )
    assert not _left(found.findings)
    assert 'config = {"instance_type": "Standard_DS2_v2", "instance_count": 1}' in found.text
    assert 'config = {"instance_type": "Standard_DS3_v2", "instance_count": 3}' in found.text
    assert "**config" in found.text
    assert "environment=env,\n    code_configuration=inference_config," in found.text


_FUNCTIONS = """\
def serving(environment):
    return InferenceConfig(entry_script="score.py", source_directory="src", environment=environment)


def machine(cores, **tags):
    return AciWebservice.deploy_configuration(cpu_cores=cores, memory_gb=2, tags={"a": "b"}, auth_enabled=True)


def deploy(ws, name, inference_config, deployment_config=None):
    return Model.deploy(ws, name, [Model(ws, "m")], inference_config, deployment_config)


"""


def test_configurations_that_functions_give_and_take() -> None:
    found = convert(
        _IMPORTS + _FUNCTIONS + _MAIN + 'config = machine(1)\nprint(config)\ndeploy(ws, "a", serving(env), config)\n'
    )
    assert not _left(found.findings)
    assert '"environment": environment,' in found.text
    assert '"code_configuration": CodeConfiguration(' in found.text
    assert '"tags": {"a": "b"}' in found.text
    assert "**inference_config," in found.text
    default = '{"instance_type": "Standard_DS3_v2", "instance_count": 1}'
    assert f"**(deployment_config or {default})" in re.sub(r"\s+", " ", found.text).replace("( ", "(").replace(
        " )", ")"
    )
    assert 'deploy(ml_client, "a", serving(env), config)' in found.text
    cores = [finding.message for finding in found.findings if "instance_type" in finding.message]
    assert cores == ["tags and description are those of the deployment now; choose an instance_type with as many cores"]


def test_configurations_of_another_module(tmp_path: Path) -> None:
    (tmp_path / "services.py").write_text(_IMPORTS + _FUNCTIONS)
    (tmp_path / "main.py").write_text(
        _IMPORTS
        + "from services import deploy, machine, serving\n"
        + _MAIN
        + 'deploy(ws, "a", serving(env), machine(1))\n'
        + 'Model.deploy(ws, "b", [Model(ws, "m")], serving(env), machine(2))\n'
    )
    reports = {report.path.name: report for report in run([tmp_path], Settings())}
    assert not _left([finding for report in reports.values() for finding in report.findings])
    text = (reports["main.py"].after or b"").decode()
    assert "**serving(env)," in text
    assert "**machine(2)" in text


def test_a_configuration_in_an_attribute() -> None:
    found = convert(
        _IMPORTS
        + """\
class Service:
    def __init__(self, ws):
        env = Environment.get(ws, "e", version="1")
        self.ws = ws
        self.inference_config = InferenceConfig("score.py", environment=env)
        self.config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True)

    def deploy(self, name):
        Model.deploy(self.ws, name, [Model(self.ws, "m")], self.inference_config, self.config)


Service(Workspace.from_config()).deploy("a")
"""
    )
    assert not _left(found.findings)
    assert "**self.inference_config" in found.text
    assert "**self.config" in found.text


def test_a_configuration_that_is_only_shown() -> None:
    found = convert(
        _IMPORTS + "config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True)\nconfig\n"
    )
    assert not _left(found.findings)
    assert 'config = {"instance_type": "Standard_DS2_v2", "instance_count": 1}\nconfig\n' in found.text


@pytest.mark.parametrize(
    "code",
    [
        "config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)\nstart(config)",
        "start(AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1))",
        "configs['a'] = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)",
    ],
)
def test_a_configuration_that_goes_elsewhere_stays(code: str) -> None:
    found = convert(_IMPORTS + "from elsewhere import configs, start\n" + code + "\n")
    assert any(symbol.endswith(".deploy_configuration") for symbol in _left(found.findings))
