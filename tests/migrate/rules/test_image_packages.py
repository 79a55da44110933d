"""Images that several programs use; the cases of the rule are checked in test_cases.py."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.core.image import ContainerImage, Image
from azureml.core.webservice import AksWebservice, Webservice

ws = Workspace.from_config()
"""


def converted(code: str) -> str:
    found = convert(HEAD + code)
    assert "azureml.core" not in found.text
    assert all(finding.status in (Status.CONVERTED, Status.REVIEW) for finding in found.findings), found.findings
    return found.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Image(ws, "i")', 'ml_client.environments.get("i", label="latest")'),
        ('Image(ws, name="i", version=3)', 'ml_client.environments.get("i", version="3")'),
        ("Image(ws, id=known)", 'ml_client.environments.get(*known.split(":"))'),
        ('ContainerImage(ws, "i", version=args.v)', 'ml_client.environments.get("i", version=str(args.v))'),
        ('Image.list(ws, image_name="i")', 'list(ml_client.environments.list(name="i"))'),
        ('ws.images["i"]', 'ml_client.environments.get("i", label="latest")'),
    ],
)
def test_an_image_is_found_again(before: str, after: str) -> None:
    assert f"found = {after}\n" in converted(f"found = {before}\n")


def test_an_image_is_chosen_among_all() -> None:
    text = converted(
        """images = Image.list(workspace=ws)
image, = (m for m in images if m.version == wanted and m.name == "i")
print("{} {} {}".format(image.name, image.version, image.image_location))
service = Webservice(name="s", workspace=ws)
service.update(image=image)
"""
    )
    assert "for named in ml_client.environments.list()" in text
    assert 'm.version == wanted and m.name == "i"' in text and "image.image)" in text
    assert "deployment.environment = image\n" in text


def test_the_newest_image_is_chosen() -> None:
    text = converted('newest = max(Image.list(ws, image_name="i"), key=lambda m: m.version)\n')
    assert 'max(ml_client.environments.list(name="i"), key=lambda m: int(m.version))' in text


def test_an_image_with_tags() -> None:
    text = converted('image = Image(ws, "i", tags=[["stage", "test"]])\n')
    assert 'if image.tags.get("stage") == "test"' in text and "key=lambda image: int(image.version)" in text


def test_a_function_gives_and_another_deploys_the_image() -> None:
    text = converted(
        """def make(model):
    config = ContainerImage.image_configuration("score.py", "python", "conda.yml")
    return ContainerImage.create(ws, "i", [model], config)


def deploy(image):
    settings = AksWebservice.deploy_configuration(num_replicas=2)
    return Webservice.deploy_from_image(ws, "s", image, settings)


deploy(make(ws.models["ridge"]))
"""
    )
    assert "return ml_client.models.package(" in text and "environment=image," in text


def test_images_of_a_model_are_not_told() -> None:
    found = convert(HEAD + 'images = Image.list(ws, model_name="ridge")\n')
    left = next(finding for finding in found.findings if finding.symbol == "Image.list")
    assert left.status is Status.NO_EQUIVALENT and "choose by name or tags" in left.message
