"""``Model.package`` becomes a package of SDK v2 (preview): an environment whose image has the model and its scripts.

``ml_client.models.package`` waits for the image itself, and raises when it cannot be built; what it gives is the
``Environment`` of the package, and ``image`` of that is where the image lies. A package names one registered model and
a registered environment. There is no counterpart to packages that are only a Dockerfile (``generate_dockerfile=True``)
and to the password of the registry.

Source: the v2 reference of ``ModelOperations.package`` and ``ModelPackage``.
"""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status, together
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments.environment import IMAGE
from amlbridge.migrate.models.serving.served_models import served
from amlbridge.migrate.models.serving.serving_images import serving
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployments import made, target_of

rule = Rule(
    "model-packages",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model

ws = Workspace.from_config()
model = Model(ws, name="ridge")
inference_config = InferenceConfig(
    entry_script="score.py", source_directory="serving", environment=Environment.get(ws, "ridge")
)
package = Model.package(ws, [model], inference_config, image_name="ridge-image")
package.wait_for_creation(show_output=True)
print(package.location)
if package.state != "Succeeded":
    raise RuntimeError(package.state)
package.pull()
""",
            """\
import subprocess
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    AzureMLOnlineInferencingServer,
    BaseEnvironment,
    CodeConfiguration,
    ModelPackage,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
model = ml_client.models.get("ridge", label="latest")
inference_config = CodeConfiguration(code="serving", scoring_script="score.py")
package = ml_client.models.package(
    model.name,
    model.version,
    ModelPackage(
        target_environment="ridge-image",
        base_environment_source=BaseEnvironment(
            type="EnvironmentAsset",
            resource_id=ml_client.environments.get("ridge", label="latest").id,
        ),
        inferencing_server=AzureMLOnlineInferencingServer(
            code_configuration=inference_config
        ),
    ),
)
print(package.image)
subprocess.run(["docker", "pull", package.image], check=True)
""",
        ),
    ],
)

_NO_FILE = "SDK v2 makes images of models, no Dockerfiles: write one that copies the model and its scripts"
_NO_KEY = "SDK v2 tells no password of the registry: read it with azure-mgmt-containerregistry, or `az acr credential`"
_PREVIEW = "packages of models are a preview in SDK v2; the call waits for the image"
#: Where an environment of SDK v1 is registered already.
_REGISTERED = ("Environment.get", "Environment.register")


@rule.converts("Model.package")
def package(use: Use, to: Rewriter) -> Outcome:
    """The environment of the package."""
    target = target_of(use)
    if target is None or use.call is None:
        return Leave("package the model in a statement of its own")
    if not is_false(use.argument("generate_dockerfile", position=3)):
        return Leave(_NO_FILE, Status.NO_EQUIVALENT)
    asked = next((member for member in Objects.of(to).members(use.node) if _cannot(member)), None)
    if asked is not None:
        return Leave(_cannot(asked), Status.NO_EQUIVALENT)
    label = use.argument("image_label", position=5)
    note = "packages have versions of their own, no labels" if label is not None else ""
    config, models = use.argument("inference_config", position=2), use.argument("models", position=1)
    return packaged(use, models, config, _name(use, to), note, to)


def packaged(
    use: Use, models_node: ast.expr | None, config: ast.expr | None, name: str, note: str, to: Rewriter
) -> Outcome:
    """The statements that package a model with the scripts of a configuration; ``name`` is code, or "" for one after
    the model."""
    target = target_of(use)
    client = to.client(use.node, use.argument("workspace", position=0))
    models = served(models_node, name or '"packaged"', client, to)
    scripts = serving(config, made(to, config), to)
    given = dict(argument.split("=", 1) for argument in (*models.arguments, *scripts.arguments))
    image = made(to, config)
    told: list[str] = []
    if image is not None and image.symbol.endswith("Image.image_configuration"):
        # Which needs no packages.
        given.setdefault("environment", f"{to.need('azure.ai.ml.entities', 'Environment')}(image={IMAGE})")
        told, note = _told(image, note, to)
    if "model" not in given or "environment" not in given:
        return Leave("a package needs a registered model and an environment")
    lines = [*models.lines, *scripts.lines]
    model = given["model"]
    if not model.isidentifier():
        model = to.fresh("packaged_model")
        lines.append(f"{model} = {given['model']}")
    environment = given["environment"]
    if not _is_registered(config, to):
        variable = to.fresh("environment")
        lines.append(f"{variable} = {client}.environments.create_or_update({environment})")
        environment = variable
    entity = {name: to.need("azure.ai.ml.entities", name) for name in _ENTITIES}
    base = f'{entity["BaseEnvironment"]}(type="EnvironmentAsset", resource_id={environment}.id)'
    server = entity["AzureMLOnlineInferencingServer"]
    parts = [
        f"target_environment={name or _named_after(model)}",
        f"base_environment_source={base}",
        f"inferencing_server={server}(code_configuration={_own(use, config, given['code_configuration'], to)})",
    ]
    if "environment_variables" in given:
        parts.append(f"environment_variables={given['environment_variables']}")
    parts += told
    request = f"{entity['ModelPackage']}({', '.join(parts)})"
    lines.append(f"{target}{client}.models.package({model}.name, {model}.version, {request})")
    return Statements("\n".join(lines), together((models.review, scripts.review, _PREVIEW, note)))


def _told(image: Use, note: str, to: Rewriter) -> tuple[list[str], str]:
    """What the configuration of an image says of it: arguments of the package, and what is to be reviewed."""
    tags = image.argument("tags", position=7)
    lost = [key for at, key in ((8, "properties"), (9, "description")) if image.argument(key, position=at) is not None]
    notes = [note, f"packages have tags, but no {' and no '.join(lost)}" if lost else ""]
    return [f"tags={to.source(tags)}"] if tags is not None else [], together(notes)


def _own(use: Use, config: ast.expr | None, code: str, to: Rewriter) -> str:
    """The code of a configuration, a copy where something else uses it, too: packaging writes the address of the
    uploaded code into it, in a form that only packages take, and those only once."""
    scopes = to.evaluator.scopes
    if isinstance(config, ast.Name):
        named = [node for node in scopes.parents if isinstance(node, ast.Name) and node.id == config.id]
        again = sum(isinstance(node.ctx, ast.Load) for node in named) > 1
        again = again or any(isinstance(node, ast.For | ast.While) for node in scopes.ancestors(use.node))
    else:
        again = isinstance(config, ast.Attribute)
    return f"{to.need_module('copy')}.copy({code})" if again else code


_ENTITIES = ("ModelPackage", "BaseEnvironment", "AzureMLOnlineInferencingServer")


def _name(use: Use, to: Rewriter) -> str:
    """Code for the name of the package's environment, that of the image; "" without one."""
    name = use.passed("image_name", position=4)
    return "" if name is None else to.source(name)


def _named_after(model: str) -> str:
    return f'f"{{{model}.name}}-package"'


def _is_registered(config: ast.expr | None, to: Rewriter) -> bool:
    use = made(to, config)
    environment = use.argument("environment") if use is not None else None
    found = made(to, environment)
    return found is not None and found.symbol in _REGISTERED


@rule.converts("ModelPackage")
def kind(use: Use, to: Rewriter) -> Outcome:
    """In an annotation: the package is an environment."""
    if use.call is not None:
        return Leave("package a model with ml_client.models.package(name, version, ModelPackage(...))")
    return Replace(to.need("azure.ai.ml.entities", "Environment"))


def _cannot(member: Use) -> str:
    """Why a use of the package has no counterpart, or ""."""
    name = member.symbol.rpartition(".")[2]
    if name == "get_container_registry":
        return _NO_KEY
    if name == "save":
        return _NO_FILE
    return "" if name in _MEMBERS else f"a package of SDK v2 is an environment, which has no {name}"


#: Member of a package -> what the environment has. "" goes with its statement.
_MEMBERS = {
    "wait_for_creation": "",
    "update_creation_state": "",
    "location": "{package}.image",
    "state": '"Succeeded"',
    "creation_state": '"Succeeded"',
    "package_build_log_uri": "{package}.id",
    "workspace": "",
    "pull": "",
}
_REVIEWS = {
    "package_build_log_uri": "the log of the build is in the studio: this is the id of the package's environment",
    "state": "the call that packages raises when it fails",
    "creation_state": "the call that packages raises when it fails",
}


@rule.converts(*(f"ModelPackage.{name}" for name in _MEMBERS if name not in ("pull", "workspace")))
def member(use: Use, to: Rewriter) -> Outcome:
    """What the environment of the package tells."""
    assert use.receiver is not None
    name = use.symbol.rpartition(".")[2]
    code = _MEMBERS[name]
    if not code:
        return Statements("") if use.is_statement else Leave("packaging waits by itself in SDK v2: leave this out")
    if name.endswith("state") and _only_raises(use):
        return Statements("", _REVIEWS[name])
    return Replace(code.format(package=to.source(use.receiver)), _REVIEWS.get(name, ""))


def _only_raises(use: Use) -> bool:
    """Whether the statement raises unless the package has succeeded, which SDK v2 does by itself."""
    check = use.statement
    if not (isinstance(check, ast.If) and len(check.body) == 1 and not check.orelse):
        return False
    test = check.test
    unlike = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq) and test.left is use.node
    return unlike and isinstance(check.body[0], ast.Raise) and '"Succeeded"' in _texts(test)


def _texts(node: ast.AST) -> set[str]:
    return {json.dumps(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant)}


@rule.idiom
def compared_state(node: ast.expr, to: Rewriter) -> Replace | None:
    """Whether a package has succeeded: then it has an image."""
    if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq))):
        return None
    use = to.use_of(node.left)
    if use is None or use.symbol not in ("ModelPackage.state", "ModelPackage.creation_state") or to.is_kept(use):
        return None
    if use.receiver is None or _texts(node) != {'"Succeeded"'} or _only_raises(use):
        return None
    none = "is not None" if isinstance(node.ops[0], ast.Eq) else "is None"
    return Replace(f"{to.source(use.receiver)}.image {none}", _REVIEWS["state"])


@rule.converts("ModelPackage.pull")
def pull(use: Use, to: Rewriter) -> Outcome:
    """Docker gets the image."""
    if use.receiver is None or not use.is_statement:
        return Leave("pull the image in a statement of its own")
    run = f"{to.need_module('subprocess')}.run"
    code = f'{run}(["docker", "pull", {to.source(use.receiver)}.image], check=True)'
    return Replace(code, "Docker has to be signed in to the registry before: `az acr login`")
