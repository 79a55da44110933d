"""Images of web services (``ContainerImage``) become deployments of endpoints.

Before ``Model.deploy`` there was an image for each service: its configuration names the scoring script and the conda
file, ``ContainerImage.create`` built it of models, and ``Webservice.deploy_from_image`` or ``deploy_from_model`` ran
it. A deployment of SDK v2 names models, environment and code itself, and the service builds the image.
"""

from __future__ import annotations

import ast
import posixpath

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.inside import is_statement
from amlbridge.migrate.models.objects import Objects
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployments import Wanted, deployed, made
from amlbridge.migrate.rules.model_packages import packaged

rule = Rule(
    "service-images",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import Model
from azureml.core.webservice import AciWebservice, Webservice

ws = Workspace.from_config()
image_config = ContainerImage.image_configuration(
    execution_script="score.py", runtime="python", conda_file="myenv.yml"
)
image = ContainerImage.create(
    name="ridge", models=[Model(ws, "ridge")], image_config=image_config, workspace=ws
)
image.wait_for_creation(show_output=True)
aci_config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1)
service = Webservice.deploy_from_image(
    workspace=ws, name="ridge-service", image=image, deployment_config=aci_config
)
service.wait_for_deployment(show_output=True)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    CodeConfiguration,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
image_config = CodeConfiguration(code=".", scoring_script="score.py")
endpoint = ManagedOnlineEndpoint(name="ridge-service", auth_mode="key")
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
deployment = ManagedOnlineDeployment(
    name="blue",
    endpoint_name="ridge-service",
    model=ml_client.models.get("ridge", label="latest"),
    environment=Environment(
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
        conda_file="myenv.yml",
    ),
    code_configuration=image_config,
    instance_type="Standard_DS2_v2",
    instance_count=1,
)
ml_client.online_deployments.begin_create_or_update(deployment).result()
endpoint.traffic = {"blue": 100}
service = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
""",
        )
    ],
)

_HERE = "the folder that the scoring script is in is sent along as a whole"
_MOVED = "the code changes the current folder: paths are those of where the deployment is made"
_OWN = "deploy with ManagedOnlineEndpoint and ManagedOnlineDeployment: model, environment, CodeConfiguration"


@rule.converts("ContainerImage.image_configuration", "Image.image_configuration")
def configuration(use: Use, to: Rewriter) -> Outcome:
    """Code and scoring script; packages and image go to the deployment."""
    script = use.argument("execution_script", position=0)
    if use.call is None or script is None:
        return Leave("the scoring script cannot be told")
    code, name = '"."', to.source(script)
    text = to.evaluator.text(script)
    if text is not None and posixpath.dirname(text):
        code, name = repr(posixpath.dirname(text)), repr(posixpath.basename(text))
    entity = to.need("azure.ai.ml.entities", "CodeConfiguration")
    notes = [_HERE] if use.argument("dependencies", position=5) is not None else []
    notes += [_MOVED] if "chdir" in to.evaluator.calls() else []
    review = "; ".join(notes)
    return Replace(f"{entity}(code={code}, scoring_script={name})", review)


@rule.converts("ContainerImage.create", "Image.create")
def create(use: Use, to: Rewriter) -> Outcome:
    """The deployment names what the image was made of."""
    if Objects.of(to).variable(use.node) is None or not Objects.of(to).names(use.node):
        return Leave(_OWN, Status.NO_EQUIVALENT)
    spare = (_is_deployed, _is_waited_for, _is_shown, _is_checked, _is_deleted, _is_located, _is_asked_for_all)
    if not all(any(test(name, to) for test in spare) for name in Objects.of(to).names(use.node)):
        return Leave(f"the image is used in another way: {_OWN}", Status.NO_EQUIVALENT)
    if not _is_packaged(use, to):
        return Statements("")
    name, models, config = (
        use.argument(key, position=at) for at, key in enumerate(("name", "models", "image_config"), 1)
    )
    return packaged(use, models, config, to.source(name) if name is not None else "", "", to)


def _is_packaged(image: Use | None, to: Rewriter) -> bool:
    """Whether an image is wanted beside a deployment: no deployment makes it, or its place is asked for."""
    if image is None:
        return False
    readers = Objects.of(to).names(image.node)
    located = any(_is_located(name, to) and not _is_shown(name, to) for name in readers)
    return located or not any(_is_deployed(name, to) for name in readers)


def _is_deployed(name: ast.Name, to: Rewriter) -> bool:
    """Whether a web service is made of the image, or changed to it."""
    parent = to.evaluator.scopes.parents.get(name)
    if isinstance(parent, ast.keyword):
        parent = to.evaluator.scopes.parents.get(parent)
    return any(use.node is parent and use.symbol.endswith((".deploy_from_image", ".update")) for use in to.uses)


def _is_waited_for(name: ast.Name, to: Rewriter) -> bool:
    return any(use.receiver is name and use.symbol.endswith(".wait_for_creation") for use in to.uses)


def _is_located(name: ast.Name, to: Rewriter) -> bool:
    told = to.evaluator.scopes.parents.get(name)
    return isinstance(told, ast.Attribute) and told.attr == "image_location"


def _is_deleted(name: ast.Name, to: Rewriter) -> bool:
    return any(use.receiver is name and use.symbol.endswith("Image.delete") and is_statement(use) for use in to.uses)


def _is_checked(name: ast.Name, to: Rewriter) -> bool:
    """Whether a statement only gives up when the image could not be built, which the client does by itself."""
    told = to.evaluator.scopes.parents.get(name)
    check: ast.AST | None = to.evaluator.scopes.statement_of(name)
    if isinstance(check, ast.Raise):  # raise RuntimeError(image.creation_state)
        check = to.evaluator.scopes.parents.get(check)
    if not (isinstance(told, ast.Attribute) and told.attr in _TOLD and isinstance(check, ast.If)):
        return False
    test = check.test
    if not (isinstance(test, ast.Compare) and isinstance(test.left, ast.Attribute)):
        return False
    asks = test.left.attr == "creation_state" and ast.dump(test.left.value) == ast.dump(name)
    return asks and isinstance(check.body[-1], ast.Raise) and not check.orelse and _is_failure(test)


def _is_failure(test: ast.Compare) -> bool:
    word = test.comparators[0]
    if not (isinstance(word, ast.Constant) and len(test.ops) == 1):
        return False
    unlike = isinstance(test.ops[0], ast.NotEq) and word.value == "Succeeded"
    return unlike or (isinstance(test.ops[0], ast.Eq) and word.value == "Failed")


#: What an image tells of itself.
_TOLD = frozenset(
    {"name", "version", "id", "creation_state", "image_location", "image_build_log_uri", "created_time", "description"}
)


def _is_shown(name: ast.Name, to: Rewriter) -> bool:
    """Whether a statement only shows what the image tells: ``print(image.creation_state)``."""
    told = to.evaluator.scopes.parents.get(name)
    statement = to.evaluator.scopes.statement_of(name)
    if not (isinstance(told, ast.Attribute) and told.attr in _TOLD and isinstance(statement, ast.Expr)):
        return False
    shown = statement.value
    printed = isinstance(shown, ast.Call) and isinstance(shown.func, ast.Name) and shown.func.id == "print"
    names = {node.id for node in ast.walk(shown) if isinstance(node, ast.Name)} - {name.id}
    return shown is told or (printed and names == {"print"})


def _is_asked_for_all(name: ast.Name, to: Rewriter) -> bool:
    """Whether a loop only shows all images: ``for each in image.list(ws): print(each.name)``."""
    return any(use.receiver is name and use.symbol.endswith(".list") and _shows(use, to) for use in to.uses)


def _shows(listed: Use, to: Rewriter) -> bool:
    """Whether a loop over all images only prints what they tell."""
    loop = listed.statement
    if not (isinstance(loop, ast.For) and loop.iter is listed.node and isinstance(loop.target, ast.Name)):
        return False
    return all(
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} <= {"print", loop.target.id}
        for statement in loop.body
    )


@rule.converts("ContainerImage.list", "Image.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """There are no images of services to list."""
    if not _shows(use, to):
        return Leave(_OWN, Status.NO_EQUIVALENT)
    return Statements("", "the loop showed the images of services: SDK v2 has none to list, only environments")


@rule.converts(*(f"{kind}.{member}" for kind in ("ContainerImage", "Image") for member in sorted(_TOLD)))
def told(use: Use, to: Rewriter) -> Outcome:
    """There is no image before the deployment, which has its own log."""
    image = use.receiver
    package = _is_packaged(made(to, image), to)
    if isinstance(image, ast.Name) and _is_shown(image, to) and not (package and _is_located(image, to)):
        return Statements("", "the image is built with the deployment: online_deployments.get_logs(...) has its log")
    if isinstance(image, ast.Name) and _is_checked(image, to):
        return Statements("", "the client raises when the image cannot be built")
    if use.symbol.endswith(".image_location") and image is not None:
        return Replace(f"{to.source(image)}.image", "a package of the model is an environment with an image")
    return Leave(f"SDK v2 has no images to read of: {_OWN}", Status.NO_EQUIVALENT)


@rule.converts("ContainerImage.delete", "Image.delete")
def delete(use: Use, to: Rewriter) -> Outcome:
    """The image of a deployment goes with it; a package is an environment, which can be archived."""
    if use.receiver is None or not is_statement(use):
        return Leave(f"the image belongs to its deployment in SDK v2: {_OWN}")
    if not _is_packaged(made(to, use.receiver), to):
        return Statements("", "the image belongs to the deployment: deleting that is enough")
    image = to.source(use.receiver)
    archive = f"{to.client(use.node)}.environments.archive({image}.name, version={image}.version)"
    return Replace(archive, "environments of SDK v2 are archived, not deleted")


@rule.converts("ContainerImage.wait_for_creation", "Image.wait_for_creation")
def wait(use: Use, to: Rewriter) -> Outcome:
    """Deploying waits for the image."""
    if isinstance(use.statement, ast.Expr) and use.statement.value is use.node:
        return Statements("")
    return Leave("deploying waits for its image by itself in SDK v2: leave the call out")


@rule.converts("Webservice.deploy_from_image")
def deploy_from_image(use: Use, to: Rewriter) -> Outcome:
    """A deployment of what the image was made of."""
    image = made(to, use.argument("image", position=2))
    if image is None or not image.symbol.endswith("Image.create"):
        return Leave(f"the image is made elsewhere: {_OWN}")
    wanted = Wanted(
        use.argument("name", position=1),
        image.argument("models", position=2),
        image.argument("image_config", position=3),
        use.argument("deployment_config", position=3),
        use.argument("deployment_target", position=4),
    )
    return deployed(use, wanted, to)


@rule.converts("Webservice.deploy_from_model")
def deploy_from_model(use: Use, to: Rewriter) -> Outcome:
    """A deployment of the models and of the configuration of their image."""
    names = ("name", "models", "image_config", "deployment_config", "deployment_target")
    return deployed(use, Wanted(*(use.argument(key, position=at) for at, key in enumerate(names, 1))), to)


@rule.converts("ContainerImage", "Image", "Webservice.deploy", "Webservice.deploy_local_from_model")
def other(use: Use, to: Rewriter) -> Outcome:
    """Images of their own, and services of models that are not registered."""
    return Leave(_OWN, Status.NO_EQUIVALENT)
