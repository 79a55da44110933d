"""Images of web services that several programs use become packages of the model (preview).

One program made the image and wrote its name down; another found it again and deployed it, or changed a service to it.
A package of SDK v2 is what such an image was: model, scripts and packages in one image. It is an ``Environment`` with a
name and a version, by which other programs get it, and a deployment of it names nothing else. Versions of images were
numbers, those of environments are texts.

Source: the v2 reference of ``ModelOperations.package``, and the v2 documentation of deploying packages.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.caught import key_errors
from amlbridge.migrate.models.code.listing import listing
from amlbridge.migrate.models.datasets import version_numbers
from amlbridge.migrate.models.serving.images import shows
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import by_name
from amlbridge.migrate.rules.models import NEWEST, matching

rule = Rule(
    "image-packages",
    __doc__,
    cases=[
        Case(
            """\
import json

from azureml.core import Workspace
from azureml.core.image import Image
from azureml.core.webservice import AciWebservice, Webservice

ws = Workspace.from_config()
with open("image.json") as file:
    found = json.load(file)
image = Image(ws, name=found["name"], version=found["version"])
print(image.name, image.version, image.image_location)
config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
service = Webservice.deploy_from_image(
    workspace=ws, name="ridge-service", image=image, deployment_config=config
)
""",
            """\
import json

from azure.ai.ml import MLClient
from azure.ai.ml.entities import ManagedOnlineDeployment, ManagedOnlineEndpoint
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
with open("image.json") as file:
    found = json.load(file)
image = ml_client.environments.get(found["name"], version=str(found["version"]))
print(image.name, image.version, image.image)
endpoint = ManagedOnlineEndpoint(name="ridge-service", auth_mode="key")
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
deployment = ManagedOnlineDeployment(
    name="blue",
    endpoint_name="ridge-service",
    environment=image,
    instance_type="Standard_DS2_v2",
    instance_count=1,
)
ml_client.online_deployments.begin_create_or_update(deployment).result()
endpoint.traffic = {"blue": 100}
service = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
""",
            "The program that deploys it",
        ),
    ],
)

_ENVIRONMENT = "the image is the environment of a package of the model: make it with ml_client.models.package"
_ALL = "all environments of the workspace are asked for: packages are among them; give the name where it is known"
_MODELS = "environments do not tell the model that they are packages of: choose by name or tags"
#: What an image told -> what the environment of a package tells, and what to check.
_TOLD = {
    "name": ("{image}.name", ""),
    "id": ('f"{{{image}.name}}:{{{image}.version}}"', ""),
    "creation_state": ('"Succeeded"', "the call that packages raises when it fails"),
    "image_location": ("{image}.image", "a package of the model is an environment with an image"),
    "image_build_log_uri": ("{image}.id", "the log of the build is with this environment in the studio"),
    "created_time": ("{image}.creation_context.created_at", ""),
    "description": ("{image}.description", ""),
}


def told_of_package(use: Use, to: Rewriter) -> Outcome:
    """What the environment of a package tells."""
    assert use.receiver is not None
    member = use.symbol.rpartition(".")[2]
    if member == "version":
        return Replace(version_numbers.code(use, to), "versions of environments are texts")
    code, review = _TOLD[member]
    return Replace(code.format(image=to.source(use.receiver)), review)


@rule.converts(*(f"{kind}.{member}" for kind in ("ContainerImage", "Image") for member in ("tags", "properties")))
def described(use: Use, to: Rewriter) -> Outcome:
    """The same attribute."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{use.symbol.rpartition('.')[2]}")


@rule.converts("Image", "ContainerImage")
def find(use: Use, to: Rewriter) -> Outcome:
    """The environment of a package by name and version, or by the id "name:version"."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Environment"))
    name, version = use.argument("name", position=1), use.argument("version", position=5)
    environments = f"{to.client(use.node, use.argument('workspace', position=0))}.environments"
    known = use.passed("id", position=2)
    if known is not None:
        return Replace(f"{environments}.get(*{to.source(known)}.split(':'))", _ENVIRONMENT)
    if name is None:
        return Leave("a name is needed")
    wanted = _filters("image", use, 3, to)
    if wanted:
        chosen = f"image for image in {environments}.list(name={to.source(name)}) if {' and '.join(wanted)}"
        return Replace(f"max(({chosen}), key=lambda image: int(image.version))", f"{_ENVIRONMENT}; {NEWEST}")
    wants = version_numbers.asked_for(version, to)
    return Replace(f"{environments}.get({to.source(name)}, {wants})", _ENVIRONMENT)


def _filters(name: str, use: Use, position: int, to: Rewriter) -> list[str]:
    filters = (("tags", position), ("properties", position + 1))
    return matching(name, ((key, use.argument(key, position=at)) for key, at in filters), to)


@rule.converts("ContainerImage.list", "Image.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """The environments of a name, or all; a loop that only showed the images of services goes."""
    if shows(use, to):
        return Statements("", "the loop showed the images of services: SDK v2 has none to list, only environments")
    if use.argument("model_name", position=2) is not None or use.argument("model_id", position=3) is not None:
        return Leave(_MODELS, Status.NO_EQUIVALENT)
    environments = f"{to.client(use.node, use.argument('workspace', position=0))}.environments"
    name = use.passed("image_name", position=1)
    wanted = _filters("image", use, 4, to)
    if name is not None:
        found = f"{environments}.list(name={to.source(name)})"
        if wanted:
            return Replace(f"[image for image in {found} if {' and '.join(wanted)}]", _ENVIRONMENT)
        return Replace(listing(found, use, to), _ENVIRONMENT)
    each = f"image for named in {environments}.list() for image in {environments}.list(name=named.name)"
    return Replace(f"[{each}{' if ' + ' and '.join(wanted) if wanted else ''}]", _ALL)


@rule.converts("Workspace.images[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """The newest version of the environment of a name."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to, of_assets=True)
    environments = f"{to.client(use.node, use.receiver)}.environments"
    return Replace(f'{environments}.get({to.source(use.node.slice)}, label="latest")', _ENVIRONMENT)


@rule.converts("Workspace.images")
def of_workspace(use: Use, to: Rewriter) -> Outcome:
    """The newest version of each environment, by name."""
    environments = f"{to.client(use.node, use.receiver)}.environments"
    names = by_name(use, to, f"{environments}.list()", "image")
    if not names.startswith("{"):
        return Replace(names, _ALL)
    latest = f'{environments}.get(image.name, label="latest")'
    return Replace(f"{{image.name: {latest} for image in {environments}.list()}}", _ALL)
