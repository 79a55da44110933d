"""Images of web services; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import Model
from azureml.core.webservice import AksWebservice, Webservice

ws = Workspace.from_config()
"""


def test_from_models_with_an_image_of_ones_own() -> None:
    found = convert(
        f"""{HEAD}config = ContainerImage.image_configuration(
    "serving/score.py", "python", "conda.yml", base_image="registry/image:1", dependencies=["helper.py"]
)
aks = AksWebservice.deploy_configuration(num_replicas=2)
s = Webservice.deploy_from_model(ws, "s", [Model(ws, "a"), Model(ws, "b")], config, aks, aks_target)
"""
    )
    text = "".join(found.text.split())
    assert "CodeConfiguration(code='serving',scoring_script='score.py')".replace("'", '"') in text
    assert 'environment=Environment(image="registry/image:1",conda_file="conda.yml")' in text
    assert "model=served_models,instance_count=2" not in text and "instance_count=2" in text
    assert "azureml.core" not in text
    reviews = " ".join(finding.message for finding in found.findings if finding.status is Status.REVIEW)
    assert "the folder that the scoring script is in is sent along" in reviews and "a cluster of its own" in reviews


@pytest.mark.parametrize("use", ["print(image.image_location)", "register(image)"])
def test_an_image_that_is_used_otherwise_stays(use: str) -> None:
    found = convert(
        f"""{HEAD}config = ContainerImage.image_configuration("score.py", "python")
image = ContainerImage.create(ws, "i", [Model(ws, "a")], config)
{use}
s = Webservice.deploy_from_image(ws, "s", image)
"""
    )
    left = {finding.symbol: finding.status for finding in found.findings}
    assert left["ContainerImage.create"] is Status.NO_EQUIVALENT
    assert 'Webservice.deploy_from_image(ws, "s", image)' in found.text


def test_an_inference_configuration_with_an_image() -> None:
    text = convert(
        f"""{HEAD}from azureml.core.model import InferenceConfig
config = InferenceConfig("score.py", conda_file="conda.yml", base_image="registry/image:1")
s = Model.deploy(ws, "s", [Model(ws, "a")], config)
"""
    ).text
    assert 'environment=Environment(image="registry/image:1", conda_file="conda.yml")' in "".join(text.splitlines())


def test_a_cluster_that_was_made_for_the_service_goes() -> None:
    text = convert(
        f"""{HEAD}from azureml.core.compute import AksCompute, ComputeTarget
config = ContainerImage.image_configuration("score.py", "python")
cluster = ComputeTarget.create(
    workspace=ws, name="aks", provisioning_configuration=AksCompute.provisioning_configuration()
)
cluster.wait_for_completion(show_output=True)
s = Webservice.deploy_from_model(ws, "s", [Model(ws, "a")], config, deployment_target=cluster)
"""
    ).text
    assert "azureml.core" not in text and "cluster" not in text
