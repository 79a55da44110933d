"""Images of web services (``ContainerImage``) become deployments of endpoints.

Before ``Model.deploy`` there was an image for each service: its configuration names the scoring script and the conda
file, ``ContainerImage.create`` built it of models, and ``Webservice.deploy_from_image`` or ``deploy_from_model`` ran
it. A deployment of SDK v2 names models, environment and code itself, and the service builds the image. An image that
is used in another way, too, becomes a package of the model: see the rule image-packages.
"""

from __future__ import annotations

import ast
import posixpath

from amlbridge.migrate.analysis.unknown_calls import deployed_by_mlflow
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.models.serving.images import TOLD, is_checked, is_packaged, is_shown
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployments import Wanted, deployed, made, target_of
from amlbridge.migrate.rules.image_packages import told_of_package
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
        ),
        Case(
            """\
import json

from azureml.core import Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import Model

ws = Workspace.from_config()
config = ContainerImage.image_configuration(
    execution_script="score.py", runtime="python", conda_file="conda.yml"
)
image = ContainerImage.create(
    name="ridge-image", models=[Model(ws, "ridge")], image_config=config, workspace=ws
)
image.wait_for_creation(show_output=True)
if image.creation_state != "Succeeded":
    raise RuntimeError(image.creation_state)
with open("image.json", "w") as file:
    json.dump({"name": image.name, "version": image.version}, file)
""",
            """\
import json

from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    AzureMLOnlineInferencingServer,
    BaseEnvironment,
    CodeConfiguration,
    Environment,
    ModelPackage,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
config = CodeConfiguration(code=".", scoring_script="score.py")
packaged_model = ml_client.models.get("ridge", label="latest")
environment = ml_client.environments.create_or_update(
    Environment(
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
        conda_file="conda.yml",
    )
)
image = ml_client.models.package(
    packaged_model.name,
    packaged_model.version,
    ModelPackage(
        target_environment="ridge-image",
        base_environment_source=BaseEnvironment(
            type="EnvironmentAsset", resource_id=environment.id
        ),
        inferencing_server=AzureMLOnlineInferencingServer(code_configuration=config),
    ),
)
with open("image.json", "w") as file:
    json.dump({"name": image.name, "version": image.version}, file)
""",
            "An image that another program deploys",
        ),
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
    review = together(notes)
    return Replace(f"{entity}(code={code}, scoring_script={name})", review)


@rule.converts("ContainerImage.create", "Image.create")
def create(use: Use, to: Rewriter) -> Outcome:
    """The deployment names what the image was made of; an image of its own is a package."""
    if use.call is None or target_of(use) is None:
        return Leave(f"make the image in a statement of its own, or {_OWN}")
    if not is_packaged(use, to):
        return Statements("")
    name, models, config = (
        use.argument(key, position=at) for at, key in enumerate(("name", "models", "image_config"), 1)
    )
    return packaged(use, models, config, to.source(name) if name is not None else "", "", to)


@rule.converts(*(f"{kind}.{member}" for kind in ("ContainerImage", "Image") for member in sorted(TOLD)))
def told(use: Use, to: Rewriter) -> Outcome:
    """There is no image before the deployment, which has its own log."""
    image = use.receiver
    if isinstance(image, ast.Name) and is_checked(image, to):
        return Statements("", "the client raises when the image cannot be built")
    if is_packaged(made(to, image), to):
        return told_of_package(use, to)
    if isinstance(image, ast.Name) and is_shown(image, to):
        return Statements("", "the image is built with the deployment: online_deployments.get_logs(...) has its log")
    return Leave(f"SDK v2 has no images to read of: {_OWN}", Status.NO_EQUIVALENT)


@rule.converts("ContainerImage.delete", "Image.delete")
def delete(use: Use, to: Rewriter) -> Outcome:
    """The image of a deployment goes with it; a package is an environment, which can be archived."""
    if use.receiver is None or not use.is_statement:
        return Leave(f"the image belongs to its deployment in SDK v2: {_OWN}")
    if not is_packaged(made(to, use.receiver), to):
        return Statements("", "the image belongs to the deployment: deleting that is enough")
    image = to.source(use.receiver)
    archive = f"{to.client(use.node)}.environments.archive({image}.name, version={image}.version)"
    return Replace(archive, "environments of SDK v2 are archived, not deleted")


@rule.converts("ContainerImage.wait_for_creation", "Image.wait_for_creation")
def wait(use: Use, to: Rewriter) -> Outcome:
    """Deploying waits for the image."""
    if use.is_statement:
        return Statements("")
    return Leave("deploying waits for its image by itself in SDK v2: leave the call out")


@rule.converts("Webservice.deploy_from_image")
def deploy_from_image(use: Use, to: Rewriter) -> Outcome:
    """A deployment of what the image was made of, or of the environment of a package."""
    given = use.argument("image", position=2)
    if given is None:
        return Leave(f"no image is given: {_OWN}")
    image = made(to, given)
    if image is None and deployed_by_mlflow(to.evaluator):
        return Leave("the image is one that mlflow.azureml built: deploy the model that MLflow registers")
    whole = is_packaged(image, to)
    wanted = Wanted(
        use.argument("name", position=1),
        None if image is None or whole else image.argument("models", position=2),
        None if image is None or whole else image.argument("image_config", position=3),
        use.argument("deployment_config", position=3),
        use.argument("deployment_target", position=4),
        given if whole else None,
    )
    return deployed(use, wanted, to)


@rule.converts("Webservice.deploy_from_model")
def deploy_from_model(use: Use, to: Rewriter) -> Outcome:
    """A deployment of the models and of the configuration of their image."""
    names = ("name", "models", "image_config", "deployment_config", "deployment_target")
    return deployed(use, Wanted(*(use.argument(key, position=at) for at, key in enumerate(names, 1))), to)


@rule.converts("Webservice.deploy", "Webservice.deploy_local_from_model")
def other(use: Use, to: Rewriter) -> Outcome:
    """Services of models that are not registered."""
    return Leave(_OWN, Status.NO_EQUIVALENT)
