"""Images of web services; the case of the rule is checked in test_cases.py."""

from __future__ import annotations

from pathlib import Path

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


def test_what_the_call_and_its_configuration_say_is_told_once() -> None:
    found = convert(
        f"""{HEAD}config = ContainerImage.image_configuration("score.py", "python")
aks = AksWebservice.deploy_configuration(num_replicas=2, compute_target_name="inference")
s = Webservice.deploy_from_model(ws, "s", [Model(ws, "a")], config, aks, aks_target)
"""
    )
    deployed = next(finding for finding in found.findings if finding.symbol == "Webservice.deploy_from_model")
    assert deployed.message.count("a cluster of its own") == 1


@pytest.mark.parametrize("use", ["version = image.version", "register(image)"])
def test_an_image_that_is_used_otherwise_is_a_package_that_is_deployed(use: str) -> None:
    found = convert(
        f"""{HEAD}config = ContainerImage.image_configuration("score.py", "python")
image = ContainerImage.create(ws, "i", [Model(ws, "a")], config)
{use}
s = Webservice.deploy_from_image(ws, "s", image)
"""
    )
    assert "image = ml_client.models.package(" in found.text and "azureml.core" not in found.text
    assert use in found.text and "environment=image,\n    instance_type" in found.text
    assert "code_configuration=config" in found.text.partition("ManagedOnlineEndpoint(")[0]


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


def test_additional_docker_steps_go_into_a_dockerfile() -> None:
    found = convert(
        f"""{HEAD}config = ContainerImage.image_configuration(
    "score.py", "python", conda_file=packages, docker_file="steps"
)
image = ContainerImage.create(ws, "i", [Model(ws, "a")], config)
s = Webservice.deploy_from_image(ws, "s", image)
"""
    )
    assert "azureml.core" not in found.text and "environment=Environment(build=BuildContext(" in found.text
    written = found.text[found.text.index("os.makedirs(") : found.text.index("endpoint =")]
    assert 'shutil.copy(packages, "serving_image/conda.yml")' in written
    review = next(finding for finding in found.findings if finding.symbol == "Webservice.deploy_from_image")
    assert review.status is Status.REVIEW and "build it once" in review.message


def test_the_dockerfile_has_the_steps_before_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = convert(
        f"""{HEAD}from azureml.core.model import InferenceConfig
config = InferenceConfig("score.py", "python", "conda.yml", "steps", base_image="registry/image:1")
s = Model.deploy(ws, "s", [Model(ws, "a")], config)
"""
    ).text
    monkeypatch.chdir(tmp_path)
    Path("steps").write_text("RUN apt-get install -y build-essential", "utf-8")
    Path("conda.yml").write_text("dependencies: [numpy]\n", "utf-8")
    exec("import os, shutil\n" + text[text.index("os.makedirs(") : text.index("endpoint =")])
    lines = Path("serving_image/Dockerfile").read_text("utf-8").splitlines()
    assert lines[:2] == ["FROM registry/image:1", "RUN apt-get install -y build-essential"]
    assert lines.index("COPY conda.yml .") < lines.index("RUN conda env create -p /azureml-envs/serving -f conda.yml")
    assert Path("serving_image/conda.yml").read_text("utf-8") == "dependencies: [numpy]\n"


def test_additional_docker_steps_beside_an_environment_stay() -> None:
    found = convert(
        f"""{HEAD}from azureml.core import Environment
from azureml.core.model import InferenceConfig
config = InferenceConfig("score.py", extra_docker_file_steps="steps", environment=Environment("e"))
s = Model.deploy(ws, "s", [Model(ws, "a")], config)
"""
    )
    assert 's = Model.deploy(ws, "s", [Model(ws, "a")], config)' in found.text
    assert any("add the Docker steps to the Dockerfile" in finding.message for finding in found.findings)


def test_what_only_shows_the_image_goes() -> None:
    found = convert(
        f"""{HEAD}os.chdir("serving")
config = ContainerImage.image_configuration("score.py", "python")
image = ContainerImage.create(ws, "i", [Model(ws, "a")], config)
image.wait_for_creation(True)
print("built: {{}}".format(image.image_build_log_uri))
image.creation_state
s = Webservice.deploy_from_image(ws, "s", image)
"""
    )
    assert "azureml.core" not in found.text and "built" not in found.text and "creation_state" not in found.text
    reviews = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    assert "get_logs" in reviews["ContainerImage.image_build_log_uri"]
    assert "the current folder" in reviews["ContainerImage.image_configuration"]


CREATED = f"""{HEAD}config = ContainerImage.image_configuration("score.py", "python", "conda.yml")
image = ContainerImage.create(name="ridge", models=[Model(ws, "ridge")], image_config=config, workspace=ws)
image.wait_for_creation(show_output=True)
if image.creation_state != "Succeeded":
    raise RuntimeError(image.creation_state)
"""


def test_an_image_that_is_checked_and_deleted_is_the_deployments() -> None:
    text = convert(
        f"""{CREATED}aks = AksWebservice.deploy_configuration(num_replicas=2)
service = Webservice.deploy_from_image(ws, "s", image, aks, aks_target)
service.delete()
image.delete()
"""
    ).text
    assert "azureml.core" not in text and "image." not in text.replace("image=", "")
    assert text.rstrip().endswith("ml_client.online_endpoints.begin_delete(name=service.name).result()")


def test_an_image_of_its_own_is_a_package() -> None:
    found = convert(f"{CREATED}print(image.image_location)\nwrite(image.image_location)\nimage.delete()\n")
    assert "azureml.core" not in found.text and "creation_state" not in found.text
    assert "image = ml_client.models.package(" in found.text and 'target_environment="ridge"' in found.text
    last = [
        "print(image.image)",
        "write(image.image)",
        "ml_client.environments.archive(image.name, version=image.version)",
    ]
    assert found.text.splitlines()[-3:] == last
    assert any("preview" in finding.message for finding in found.findings)


IMAGE = f"""{HEAD}from azureml.core.webservice import AksWebservice
from azureml.core.compute import AksCompute, ComputeTarget
config = ContainerImage.image_configuration("score.py", "python", "conda.yml")
image = ContainerImage.create(ws, "i", [Model(ws, "a")], config)
"""


@pytest.mark.parametrize("given", ["image=image", "image"])
def test_a_service_that_changes_to_an_image_gets_what_the_image_was_made_of(given: str) -> None:
    found = convert(f'{IMAGE}s = AksWebservice(ws, "s")\ns.update({given})\ns.delete()\nimage.delete()\n')
    assert "azureml.core" not in found.text
    assert 'deployment.model = ml_client.models.get("a", label="latest")' in found.text
    assert "deployment.code_configuration = config" in found.text
    assert 'conda_file="conda.yml"' in found.text
    assert "begin_create_or_update(deployment)" in found.text


def test_a_service_that_changes_to_an_image_from_elsewhere_gets_its_environment() -> None:
    found = convert(
        f'{HEAD}from azureml.core.image import Image\ns = Webservice(ws, "s")\ns.update(image=Image(ws, "i"))\n'
    )
    assert 'deployment.environment = ml_client.environments.get("i", label="latest")' in found.text
    assert any("made, which is a preview" in finding.message for finding in found.findings)


def test_a_loop_that_only_shows_the_images_goes() -> None:
    loop = 'for i in image.list(workspace=ws):\n    print("{} (v.{})".format(i.name, i.version))\n'
    found = convert(f'{IMAGE}{loop}s = Webservice.deploy_from_image(ws, "s", image)\n')
    assert "azureml.core" not in found.text and ".list(" not in found.text


def test_a_cluster_that_only_a_service_of_its_class_was_deployed_to_goes() -> None:
    found = convert(
        f"""{IMAGE}made = AksCompute.provisioning_configuration(agent_count=3)
cluster = ComputeTarget.create(ws, "aks", made)
cluster.wait_for_completion(True)
s = AksWebservice.deploy_from_image(ws, "s", image, AksWebservice.deploy_configuration(), cluster)
"""
    )
    assert "azureml.core" not in found.text and "cluster" not in found.text


def test_what_a_service_tells_of_its_image_and_its_compute() -> None:
    found = convert(f'{HEAD}s = Webservice(ws, "s")\nif s.compute_type == "ACI":\n    print(s.image_id)\n')
    assert 'if s.kind == "Managed":' in found.text
    assert 'online_deployments.get(name="blue", endpoint_name=s.name).environment' in found.text.replace("\n", "")
