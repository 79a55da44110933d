"""Packages of models."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model

ws = Workspace.from_config()
model = Model(ws, name="ridge")
env = Environment.from_conda_specification("serving", "conda.yml")
config = InferenceConfig(entry_script="score.py", environment=env)
"""


def test_an_environment_is_registered_for_the_package() -> None:
    found = convert(HEAD + "package = Model.package(ws, [model], config)\npackage.wait_for_creation(True)\n")
    assert "environment = ml_client.environments.create_or_update(env)\n" in found.text
    assert 'type="EnvironmentAsset", resource_id=environment.id' in found.text
    assert 'target_environment=f"{model.name}-package"' in found.text
    assert "wait_for_creation" not in found.text and "azureml" not in found.text.replace("azureml/openmpi", "")


def test_what_a_package_tells() -> None:
    tells = (
        'package = Model.package(ws, [model], config)\nif package.state == "Succeeded":\n    print(package.location)\n'
    )
    found = convert(HEAD + tells + "print(package.package_build_log_uri)\n")
    assert "if package.image is not None:\n    print(package.image)\nprint(package.id)\n" in found.text


def test_a_dockerfile_and_the_password_of_the_registry_are_left() -> None:
    found = convert(
        HEAD + "package = Model.package(ws, [model], config, generate_dockerfile=True)\npackage.save('x')\n"
    )
    assert any(f.symbol == "Model.package" and f.status is Status.NO_EQUIVALENT for f in found.findings)
    assert "generate_dockerfile=True" in found.text and "models.package(" not in found.text
    found = convert(HEAD + "package = Model.package(ws, [model], config)\nacr = package.get_container_registry()\n")
    assert any("az acr credential" in f.message for f in found.findings)
    assert "ml_client.models.package" not in found.text


def test_several_models_are_registered_together() -> None:
    found = convert(HEAD + 'package = Model.package(ws, [model, Model(ws, "other")], config, image_name="both")\n')
    assert 'target_environment="both"' in found.text
    assert "ml_client.models.package(\n    served_models.name," in found.text


def test_a_configuration_that_is_used_again_is_copied() -> None:
    # Packaging changes the object that it is given: a second package, or a deployment, could not take it any more.
    made = "package = Model.package(ws, [model], config)\n"
    for more in (
        'second = Model.package(ws, [model], config, image_name="second")\n',
        'service = Model.deploy(ws, "svc", [model], config)\n',
    ):
        found = convert(HEAD + made + more)
        assert "import copy\n" in found.text and "code_configuration=copy.copy(config)" in found.text, found.text
    loop = "for model in Model.list(ws):\n    package = Model.package(ws, [model], config)\n"
    assert "code_configuration=copy.copy(config)" in convert(HEAD + loop).text
    assert "copy" not in convert(HEAD + made).text


def test_what_is_said_of_an_image_goes_to_its_package() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import Model

ws = Workspace.from_config()
config = ContainerImage.image_configuration("score.py", "python", tags={"area": "x"}, description="d")
image = ContainerImage.create(ws, "ridge-image", [Model(ws, "ridge")], config)
image.wait_for_creation()
print(image.name, image.version)
""",
    )
    assert 'tags={"area": "x"}' in found.text, found.text
    assert any("packages have tags, but no description" in finding.message for finding in found.findings)
