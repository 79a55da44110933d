"""Published pipelines become batch endpoints with a deployment of the pipeline's component.

``pipeline.publish(name, version=...)`` makes the endpoint ``name``, a deployment of this version, and makes it the
default. ``PublishedPipeline`` and ``PipelineEndpoint`` are that endpoint: ``.endpoint`` is its scoring URI, ``.id``
its name, and a REST body with ``ParameterAssignments`` becomes one with ``InputData``. Names of endpoints have small
letters, digits and dashes.
"""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.data import use_of
from amlbridge.migrate.models.names import identifier
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipelines import job_code

rule = Rule(
    "publishing",
    __doc__,
    cases=[
        Case(
            """\
import requests
from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline

ws = Workspace.from_config()
published = PublishedPipeline.get(ws, "nightly")
answer = requests.post(
    published.endpoint,
    headers=header,
    json={"ExperimentName": "called", "ParameterAssignments": {"epochs": 3}},
)
""",
            """\
import requests
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
published = ml_client.batch_endpoints.get("nightly")
answer = requests.post(
    published.scoring_uri,
    headers=header,
    json={
        "properties": {
            "experimentName": "called",
            "InputData": {
                key: {"JobInputType": "Literal", "Value": str(value)}
                for key, value in {"epochs": 3}.items()
            },
        }
    },
)
""",
            "A REST call of a published pipeline",
        ),
    ],
)

_PUBLISHED = "an endpoint of SDK v2 is found by its name, not by the id of a pipeline that SDK v1 published"


def endpoint_name(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of an endpoint's name, and the text of it when it is known."""
    text = to.evaluator.text(node)
    if text is None:
        return f'{to.source(node)}.lower().replace("_", "-").replace(" ", "-")', ""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32] or "pipeline"
    return f'"{name}"', name


@rule.converts("Pipeline.publish", "Run.publish_pipeline")
def publish(use: Use, to: Rewriter) -> Outcome:
    """An endpoint and a deployment, which is its default."""
    assert use.receiver is not None
    name = use.argument("name", position=0)
    if name is None:
        return Leave("a published pipeline needs a name")
    pipeline = use.receiver if use.symbol == "Pipeline.publish" else submitted_pipeline(use, to)
    if pipeline is None:
        return Leave("the pipeline of this run cannot be told: publish the pipeline itself")
    return _deployed(use, name, f"{job_code(pipeline, None, to)}.component", to)


def submitted_pipeline(use: Use, to: Rewriter) -> ast.expr | None:
    """The pipeline that a run came from."""
    value = use.receiver_value
    made = use_of(value.origin, to) if value is not None and value.origin is not None else None
    if made is None or not made.symbol.endswith(".submit"):
        return None
    if made.symbol == "Pipeline.submit":
        return made.receiver
    config = made.argument("config", position=0)
    return config if config is not None and to.evaluator.type_of(config) == "Pipeline" else None


def _deployed(use: Use, name: ast.expr, component: str, to: Rewriter) -> Outcome:
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    variable = to.source(target) if isinstance(target, (ast.Name, ast.Attribute)) else to.fresh("endpoint")
    description = use.argument("description", position=1)
    version = use.argument("version", position=2)
    client = to.client(use.node)
    made = _endpoint(variable, name, description, client, to)
    text = (to.evaluator.text(version) or "") if version is not None else ""
    label = f'"v{re.sub(r"[^a-z0-9]+", "-", (text or "1").lower()).strip("-")}"'
    if version is not None and not text:
        label = f'"v" + str({to.source(version)}).replace(".", "-")'
    made += deployment(variable, label, component, client, to)
    whole = (isinstance(statement, ast.Expr) or target is not None) and statement.value is use.node  # type: ignore[attr-defined]
    review = "" if text or version is None else "names of deployments have small letters, digits and dashes"
    if whole:
        return Statements(made, review)
    to.before(statement, made.rstrip("\n"))
    return Replace(variable, review)


def _endpoint(variable: str, name: ast.expr, description: ast.expr | None, client: str, to: Rewriter) -> str:
    entity = to.need("azure.ai.ml.entities", "BatchEndpoint")
    code, _text = endpoint_name(name, to)
    extra = f", description={to.source(description)}" if description is not None else ""
    return f"{variable} = {client}.batch_endpoints.begin_create_or_update({entity}(name={code}{extra})).result()\n"


def deployment(variable: str, name: str, component: str, client: str, to: Rewriter) -> str:
    """Statements that deploy a pipeline component behind an endpoint, and make it the default."""
    entity = to.need("azure.ai.ml.entities", "PipelineComponentBatchDeployment")
    created = (
        f"{client}.components.create_or_update({component})" if "batch_deployments.get" not in component else component
    )
    made = f"{entity}(name={name}, endpoint_name={variable}.name, component={created})"
    return (
        f"{client}.batch_deployments.begin_create_or_update({made}).result()\n"
        f"{variable}.defaults.deployment_name = {name}\n"
        f"{client}.batch_endpoints.begin_create_or_update({variable}).result()\n"
    )


@rule.converts("PublishedPipeline.get", "PipelineEndpoint.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """An endpoint by its name."""
    name = use.argument("name", "id", position=2 if use.symbol == "PipelineEndpoint.get" else 1)
    if name is None:
        name = use.argument("id", position=1)
    if name is None:
        return Leave("an endpoint needs a name")
    code, _text = endpoint_name(name, to) if use.symbol == "PipelineEndpoint.get" else (to.source(name), "")
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.batch_endpoints.get({code})", _PUBLISHED)


@rule.converts(
    "PublishedPipeline.list",
    "PublishedPipeline.get_all",
    "PipelineEndpoint.list",
    "PublishedPipeline",
    "PipelineEndpoint",
)
def listed(use: Use, to: Rewriter) -> Outcome:
    """All batch endpoints."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "BatchEndpoint"))
    client = to.client(use.node, use.argument("workspace", position=0))
    if "." not in use.symbol:
        name = use.argument("id", "name", position=1)
        return (
            Replace(f"{client}.batch_endpoints.get({to.source(name)})", _PUBLISHED)
            if name is not None
            else Leave(_PUBLISHED)
        )
    return Replace(
        f"list({client}.batch_endpoints.list())", "these are all batch endpoints, not only those of pipelines"
    )


@rule.converts("PipelineEndpoint.publish")
def publish_endpoint(use: Use, to: Rewriter) -> Outcome:
    """An endpoint for a pipeline, or for the component of one that is deployed already."""
    name = use.argument("name", position=1)
    pipeline = use.argument("pipeline", position=2)
    if name is None or pipeline is None:
        return Leave("an endpoint needs a name and a pipeline")
    return _deployed(use, name, component_of(pipeline, to), to)


def component_of(node: ast.expr, to: Rewriter) -> str:
    """The code of a pipeline's component: of the pipeline, or of the endpoint that it is deployed at."""
    if to.evaluator.type_of(node) == "Pipeline":
        return f"{job_code(node, None, to)}.component"
    client, endpoint = to.client(node), to.source(node)
    deployed = f"{client}.batch_deployments.get({endpoint}.defaults.deployment_name, {endpoint}.name)"
    return f"{deployed}.component"


@rule.converts("PipelineEndpoint.add_default", "PipelineEndpoint.add")
def add(use: Use, to: Rewriter) -> Outcome:
    """Another deployment of the endpoint."""
    assert use.receiver is not None
    pipeline = use.argument("pipeline", position=0)
    if pipeline is None or not (isinstance(use.statement, ast.Expr) and use.statement.value is use.node):
        return Leave("add the pipeline in a statement of its own")
    endpoint, client = to.source(use.receiver), to.client(use.node)
    name = f'f"v{{len(list({client}.batch_deployments.list({endpoint}.name))) + 1}}"'
    variable = to.fresh("deployment_name")
    code = f"{variable} = {name}\n" + deployment(endpoint, variable, component_of(pipeline, to), client, to)
    if use.symbol.endswith(".add"):
        code = "\n".join(code.split("\n")[:2])
    return Statements(code)


@rule.converts("PipelineEndpoint.set_default_version", "PipelineEndpoint.set_default")
def set_default(use: Use, to: Rewriter) -> Outcome:
    """Another default deployment."""
    assert use.receiver is not None
    version = use.argument("version", position=0)
    if version is None or not isinstance(use.statement, ast.Expr):
        return Leave("set endpoint.defaults.deployment_name, and update the endpoint")
    endpoint, client = to.source(use.receiver), to.client(use.node)
    return Statements(
        f'{endpoint}.defaults.deployment_name = "v" + str({to.source(version)})\n'
        f"{client}.batch_endpoints.begin_create_or_update({endpoint}).result()",
        "deployments have names, not numbers",
    )


@rule.converts("PublishedPipeline.submit", "PipelineEndpoint.submit")
def submit(use: Use, to: Rewriter) -> Outcome:
    """Invokes the endpoint's default deployment."""
    assert use.receiver is not None
    parameters = use.argument("pipeline_parameters", position=2)
    experiment = use.argument("experiment_name", position=0 if use.symbol.startswith("PipelineE") else 1)
    arguments = [f"endpoint_name={to.source(use.receiver)}.name"]
    if parameters is not None:
        make = to.need("azure.ai.ml", "Input")
        arguments.append(
            f'inputs={{key: {make}(type="string", default=value) for key, value in {to.source(parameters)}.items()}}'
        )
    if experiment is not None:
        arguments.append(f"experiment_name={to.source(experiment)}")
    return Replace(f"{to.client(use.node)}.batch_endpoints.invoke({', '.join(arguments)})")


_READ = {"endpoint": "scoring_uri", "id": "name", "name": "name", "description": "description"}


@rule.converts(*(f"{kind}.{name}" for kind in ("PublishedPipeline", "PipelineEndpoint") for name in _READ))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute of the endpoint."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{_READ[use.symbol.rsplit('.', 1)[1]]}")


@rule.converts("PipelineEndpoint.default_version", "PipelineEndpoint.get_default_version", "PublishedPipeline.version")
def default_version(use: Use, to: Rewriter) -> Outcome:
    """The default deployment's name."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.defaults.deployment_name", "deployments have names, not numbers")


@rule.converts(
    "PublishedPipeline.disable", "PublishedPipeline.archive", "PipelineEndpoint.archive", "PipelineEndpoint.disable"
)
def disable(use: Use, to: Rewriter) -> Outcome:
    """Deletes the endpoint: it cannot be disabled."""
    assert use.receiver is not None
    return Replace(
        f"{to.client(use.node)}.batch_endpoints.begin_delete({to.source(use.receiver)}.name).result()",
        "a batch endpoint cannot be disabled, only deleted",
    )


@rule.converts("PipelineEndpoint.list_versions", "PipelineEndpoint.list_pipelines", "PipelineEndpoint.get_all_versions")
def versions(use: Use, to: Rewriter) -> Outcome:
    """The deployments of the endpoint."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.batch_deployments.list({to.source(use.receiver)}.name)")


@rule.converts("PipelineVersion.version", "PipelineVersion.pipeline")
def read_version(use: Use, to: Rewriter) -> Outcome:
    """A deployment has a name."""
    assert use.receiver is not None
    receiver = to.source(use.receiver)
    return Replace(receiver if use.symbol.endswith("pipeline") else f"{receiver}.name", "deployments have names")


@rule.idiom
def rest_call(node: ast.expr, to: Rewriter) -> Replace | None:
    """``requests.post(published.endpoint, json={"ParameterAssignments": ...})``: address and body."""
    if not isinstance(node, ast.Call) or not (isinstance(node.func, ast.Attribute) and node.func.attr == "post"):
        return None
    address = node.args[0] if node.args else None
    value = to.evaluator.value(address.value) if isinstance(address, ast.Attribute) else None
    is_endpoint = isinstance(value, Instance) and value.type in ("PublishedPipeline", "PipelineEndpoint")
    body = next((key.value for key in node.keywords if key.arg == "json"), None)
    if not is_endpoint or not isinstance(body, ast.Dict):
        return None
    if isinstance(value, Instance) and value.origin in to.attempt.kept:
        return None
    parts = [to.source(argument) for argument in node.args]
    for key in node.keywords:
        code = _body(body, to) if key.value is body else to.source(key.value)
        parts.append(f"{key.arg}={code}" if key.arg is not None else f"**{code}")
    return Replace(f"{to.source(node.func)}({', '.join(parts)})", 'the answer has "name" where it had "Id"')


def _body(body: ast.Dict, to: Rewriter) -> str:
    found = []
    for key, value in zip(body.keys, body.values, strict=True):
        text = to.evaluator.text(key) if key is not None else None
        if text == "ParameterAssignments":
            literal = '{"JobInputType": "Literal", "Value": str(value)}'
            found.append(f'"InputData": {{key: {literal} for key, value in {to.source(value)}.items()}}')
        elif text == "ExperimentName":
            found.append(f'"experimentName": {to.source(value)}')
        elif text in ("Tags", "Description"):
            found.append(f'"{identifier(text)}": {to.source(value)}')
    return f'{{"properties": {{{", ".join(found)}}}}}'
