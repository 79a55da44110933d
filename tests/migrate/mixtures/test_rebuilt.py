"""Settings that code which stays SDK v1 takes beside code that becomes SDK v2."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
model = Model(ws, "ridge")
"""
DEPLOY = """\
aci = AciWebservice.deploy_configuration(cpu_cores=1)
service = Model.deploy(ws, "ridge", [model], config, aci)
"""
PACKAGE = """\
package = Model.package(ws, [model], config, generate_dockerfile=True)
package.save("image")
"""


@pytest.mark.parametrize(
    ("environment", "again"),
    [
        ('Environment.get(ws, "e", version="3")', "environment=Environment.get(ws, env.name, version=env.version)"),
        ('Environment.get(workspace=ws, name="e")', "environment=Environment.get(ws, env.name)"),
        (
            'Environment.from_conda_specification("e", "conda.yml")',
            'environment=Environment.from_conda_specification("e", "conda.yml")',
        ),
    ],
)
def test_a_packaged_model_keeps_no_deployment_v1(environment: str, again: str) -> None:
    setup = f'env = {environment}\nconfig = InferenceConfig(entry_script="score.py", environment=env)\n'
    found = convert(HEAD + setup + DEPLOY + PACKAGE)
    left = {finding.symbol for finding in found.findings if finding.status in (Status.MANUAL, Status.NO_EQUIVALENT)}
    assert left == {"Model.package", "ModelPackage.save"}
    text = " ".join(found.text.split()).replace("( ", "(")
    assert "code_configuration=config" in text and "environment=env," in text
    assert f'InferenceConfig(entry_script="score.py", {again}' in text
    assert 'package.save("image")' in text and "import InferenceConfig, Model" in text


def test_settings_of_code_that_stays_stay() -> None:
    setup = 'config = InferenceConfig(entry_script="score.py", environment=Environment.get(ws, "e"))\n'
    found = convert(HEAD + setup + PACKAGE)
    assert 'config = InferenceConfig(entry_script="score.py"' in found.text and "CodeConfiguration" not in found.text


@pytest.mark.parametrize("change", ['env.docker.base_image = "i"', 'env.environment_variables = {"a": "b"}'])
def test_settings_that_change_are_not_made_anew(change: str) -> None:
    setup = (
        f'env = Environment.from_conda_specification("e", "conda.yml")\n{change}\n'
        'config = InferenceConfig(entry_script="score.py", environment=env)\n'
    )
    found = convert(HEAD + setup + DEPLOY + PACKAGE)
    assert "Model.deploy(" in found.text and change in found.text
