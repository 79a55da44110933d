"""``Model.deploy`` becomes a managed online endpoint with one deployment.

A web service of v1 (ACI, AKS) becomes a ``ManagedOnlineEndpoint`` of the same name with a ``ManagedOnlineDeployment``
called ``blue`` that gets all traffic. ``InferenceConfig`` becomes ``CodeConfiguration``; its environment and what the
deployment configuration says go to the deployment. Endpoints always ask for a key or a token, and their names are
unique in a region of Azure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.literals import is_none, is_true
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.caught import key_errors
from amlbridge.migrate.models.runs import states
from amlbridge.migrate.models.serving.by_name import not_found
from amlbridge.migrate.models.serving.deployment_settings import (
    is_followed,
    is_handed_on,
    is_inlined,
    is_parameter,
    logging,
    readers,
    spread,
)
from amlbridge.migrate.models.serving.listed_services import listed_services
from amlbridge.migrate.models.serving.local_services import (
    LOCAL,
    REMOTE,
    Deploying,
    Where,
    branches,
    choice,
    choice_of,
    deployed_locally,
    is_surely_local,
    where,
    where_of,
)
from amlbridge.migrate.models.serving.machine_sizes import size
from amlbridge.migrate.models.serving.served_models import served
from amlbridge.migrate.models.serving.serving_images import Serving, script_keywords, serving
from amlbridge.migrate.models.serving.traffic_settings import ELSEWHERE, elsewhere, traffic_settings
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

#: What the only deployment of an endpoint is called.
DEPLOYMENT = "blue"
#: What is assumed of an image that is deployed; and what is to be done for a model that has no code.
PACKAGED = "the image has to be the environment of a package that ml_client.models.package made, which is a preview"
_BARE = "without environment and code_configuration, SDK v2 serves MLflow models only: register the model as one"

rule = Rule(
    "deployments",
    __doc__,
    cases=[
        Case(
            """\
import json

from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
model = Model(ws, "ridge")
inference_config = InferenceConfig(
    entry_script="score.py", source_directory="serving", environment=Environment.get(ws, "ridge")
)
aci_config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True, tags={"a": "b"})
service = Model.deploy(ws, "ridge-service", [model], inference_config, aci_config)
service.wait_for_deployment(show_output=True)
print(service.state, service.scoring_uri, service.get_logs())
answer = service.run(json.dumps({"data": [1, 2]}))
primary, secondary = service.get_keys()
service.delete()
""",
            """\
import json

import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    CodeConfiguration,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
model = ml_client.models.get("ridge", label="latest")
inference_config = CodeConfiguration(code="serving", scoring_script="score.py")
endpoint = ManagedOnlineEndpoint(name="ridge-service", auth_mode="key", tags={"a": "b"})
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
deployment = ManagedOnlineDeployment(
    name="blue",
    endpoint_name="ridge-service",
    model=model,
    environment=ml_client.environments.get("ridge", label="latest"),
    code_configuration=inference_config,
    instance_type="Standard_DS2_v2",
    instance_count=1,
)
ml_client.online_deployments.begin_create_or_update(deployment).result()
endpoint.traffic = {"blue": 100}
service = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
print(
    service.provisioning_state,
    service.scoring_uri,
    ml_client.online_deployments.get_logs(
        name="blue", endpoint_name=service.name, lines=1000
    ),
)
answer = requests.post(
    service.scoring_uri,
    data=json.dumps({"data": [1, 2]}),
    headers={
        "Content-Type": "application/json",
        "Authorization": "Bearer "
        + ml_client.online_endpoints.get_keys(name=service.name).primary_key,
    },
).json()
keys = ml_client.online_endpoints.get_keys(name=service.name)
primary, secondary = keys.primary_key, keys.secondary_key
ml_client.online_endpoints.begin_delete(name=service.name).result()
""",
        ),
    ],
)


# Configurations -----------------------------------------------------------------------------------------------------


@rule.converts("InferenceConfig")
def inference_config(use: Use, to: Rewriter) -> Outcome:
    """Code and scoring script; the environment goes to the deployment."""
    code = to.need("azure.ai.ml.entities", "CodeConfiguration")
    if use.call is None:
        handed = any(other.symbol == use.symbol and other.call and is_handed_on(other) for other in to.uses)
        return Replace("dict" if handed else code)
    script, folder = use.argument("entry_script", position=0), use.argument("source_directory")
    if script is None:
        return Leave("without an entry script the model has to be an MLflow model: deploy it without code")
    made = f"{code}({script_keywords(script, folder, to)})"
    if not is_handed_on(use):
        return Replace(made)
    parts = serving(use.node, use, to, made)
    if parts.lines or not is_followed(use.node, to.evaluator):
        return Leave("it is handed on: give environment and code_configuration to ManagedOnlineDeployment there")
    return Replace(_dict(parts.arguments), parts.review)


def _dict(arguments: Iterable[str]) -> str:
    """Keywords as a dict."""
    pairs = (argument.partition("=") for argument in arguments)
    return f"{{{', '.join(f'{key!r}: {value}' for key, _equals, value in pairs)}}}"


_CONFIGURATIONS = (
    "AciWebservice.deploy_configuration",
    "AksWebservice.deploy_configuration",
    "LocalWebservice.deploy_configuration",
    "AksEndpoint.deploy_configuration",
)


@rule.converts(*_CONFIGURATIONS)
def deploy_configuration(use: Use, to: Rewriter) -> Outcome:
    """Goes into the deployment that it is given to; one that functions hand on is a dict of settings."""
    if use.call is None:
        return Leave("give the settings to ManagedOnlineDeployment where it is made")
    if is_inlined(use, to) and isinstance(use.statement, ast.Assign):
        logged = [logging(node, to.evaluator) for node in readers(use.node, to.evaluator)]
        for statement in dict.fromkeys(statement for statement in logged if statement is not None):
            to.remove(statement)
        return Statements("", "what was logged of the configuration is not any more" if any(logged) else "")
    if not is_followed(use.node, to.evaluator):
        return Leave("it goes to a function that is not followed: give its settings to ManagedOnlineDeployment there")
    found = configured(to, use)
    variable = choice_of(use, to)
    unclear = found.local and variable is None and not deployed_locally(use, to)
    if unclear or use.symbol.startswith("AksEndpoint"):
        return Leave("it is handed on: deploy where its settings are known, with local=True for a local deployment")
    if found.endpoint:
        found.review.append("tags and description are those of the deployment now")
    if not isinstance(use.argument("cpu_cores"), (ast.Constant, type(None))):
        found.review.append("choose an instance_type with as many cores")
    if found.auth != "key":
        found.review.append(f"its endpoint needs auth_mode={found.auth!r}")
    settings, review = _dict([*found.deployment, *found.endpoint]), together(found.review)
    if variable is None:
        return Replace(settings, review)
    target = ast.unparse(use.statement.targets[0])  # type: ignore[attr-defined]
    return Statements(f"{target} = {settings}\n{variable} = {found.local}", review)


@rule.converts(
    "AciServiceDeploymentConfiguration.validate_configuration",
    "AksServiceDeploymentConfiguration.validate_configuration",
    "AksEndpointDeploymentConfiguration.validate_configuration",
    "LocalWebserviceDeploymentConfiguration.validate_configuration",
)
def validate(use: Use, to: Rewriter) -> Outcome:
    """The entity of the deployment is validated when it is made."""
    if use.is_statement:
        return Statements("")
    return Leave("leave the call out: the deployment is validated when it is made")


def made(to: Rewriter, node: ast.expr | None) -> Use | None:
    """The use that made the object of an expression, if it is in this module."""
    value = to.evaluator.value(node) if node is not None else None
    if not isinstance(value, Instance) or value.path:
        return None
    return next((use for use in to.uses if use.node is value.origin), None)


# The deployment -----------------------------------------------------------------------------------------------------


@dataclass
class _Settings:
    """What a deployment configuration of v1 says, as arguments of v2."""

    endpoint: list[str] = field(default_factory=list)
    deployment: list[str] = field(default_factory=list)
    auth: str = "key"
    local: bool = False
    choice: str = ""
    review: list[str] = field(default_factory=list)


def configured(to: Rewriter, config: Use | None) -> _Settings:
    """The settings that a deployment configuration, or a call that has the same, says."""
    found = _Settings()
    if config is None:
        found.deployment += ['instance_type="Standard_DS3_v2"', "instance_count=1"]
        return found
    for key in ("tags", "description"):
        value = config.argument(key)
        if value is not None:
            found.endpoint.append(f"{key}={to.source(value)}")
    if config.symbol.startswith("Local"):
        found.local = True
        found.review.append("a local deployment (local=True) needs Docker, and picks its port itself")
    if is_true(config.argument("token_auth_enabled")):
        found.auth = "aml_token"
    elif _is_open(config):
        found.review.append("the service had no authentication; callers have to send the endpoint's key now")
    machine = size(config.argument("cpu_cores"), config.argument("memory_gb"))
    found.deployment.append(f'instance_type="{machine}"')
    replicas = config.passed("num_replicas")
    found.deployment.append(f"instance_count={to.source(replicas) if replicas is not None else 1}")
    if is_true(config.argument("enable_app_insights")):
        found.deployment.append("app_insights_enabled=True")
    settings, notes = traffic_settings(config, to)
    found.deployment += settings
    found.review += [*notes, *elsewhere(config)]
    if any(config.argument(key) is not None for key in ("autoscale_enabled", "autoscale_max_replicas")):
        found.review.append("autoscaling is a rule of Azure Monitor on the deployment")
    if is_true(config.argument("collect_model_data")):
        found.review.append("data are collected by a DataCollector on the deployment")
    return found


def _is_open(config: Use) -> bool:
    """Whether a service asked its callers for no key: unless it says so, one on ACI did not."""
    asked = config.argument("auth_enabled")
    return (
        not is_true(asked) if config.symbol.startswith("Aci") else isinstance(asked, ast.Constant) and not asked.value
    )


def _settings(node: ast.expr | None, to: Rewriter) -> _Settings:
    """The settings of a deployment: what the code says, or a dict that a function hands on."""
    config = made(to, node)
    if is_none(node) or node is None or (config is not None and is_inlined(config, to)):
        return configured(to, config)
    code, review = spread(node, _dict(configured(to, None).deployment), to)
    local, variable = is_surely_local(node, to.evaluator), choice(node, to) or ""
    return _Settings(deployment=[code], local=local, choice=variable, review=[review] if review else [])


def scripts_of(node: ast.expr | None, to: Rewriter) -> Serving:
    """Environment and code of a deployment: what the code says, or a dict that a function hands on."""
    config = made(to, node)
    handed = config is not None and config.symbol == "InferenceConfig" and is_handed_on(config)
    given = config is None and (is_parameter(node, to) or to.evaluator.type_of(node) == "InferenceConfig")
    if node is None or not (handed or given):
        return serving(node, config, to)
    code, review = spread(node, "{}", to)
    return Serving(arguments=(code,), review=review)


def version_name(config: Use | None, to: Rewriter) -> str:
    """Code for the name of the deployment: the version that a configuration of AksEndpoint names."""
    version = config.argument("version_name") if config is not None and config.symbol.startswith("AksE") else None
    return to.source(version) if version is not None else f'"{DEPLOYMENT}"'


def deployment_of(service: Instance | None, to: Rewriter) -> str:
    """Code for the name of the deployment of a service that this module deploys."""
    use = next((use for use in to.uses if service is not None and use.node is service.origin), None)
    given = use.argument("deployment_config", position=4) if use is not None and use.symbol == "Model.deploy" else None
    return version_name(made(to, given), to)


@dataclass(frozen=True)
class Wanted:
    """What a call deploys, as the expressions that it names. ``serving``: scripts and packages; ``package``: the
    environment of a package, which has models and scripts itself."""

    name: ast.expr | None
    models: ast.expr | None
    serving: ast.expr | None
    settings: ast.expr | None
    cluster: ast.expr | None
    package: ast.expr | None = None


@rule.converts("Model.deploy")
def deploy(use: Use, to: Rewriter) -> Outcome:
    """Endpoint, deployment, traffic; the service's variable holds the endpoint."""
    names = ("name", "models", "inference_config", "deployment_config", "deployment_target")
    return deployed(use, Wanted(*(use.argument(key, position=at) for at, key in enumerate(names, 1))), to)


def deployed(use: Use, wanted: Wanted, to: Rewriter) -> Outcome:
    """The three calls of SDK v2 that deploy what a call of v1 deployed."""
    target = target_of(use)
    if wanted.name is None or target is None:
        return Leave("write it as a statement of its own: endpoint, deployment and traffic are three calls in SDK v2")
    client, label = to.client(use.node, use.argument("workspace", position=0)), to.source(wanted.name)
    config = _settings(wanted.settings, to)
    models = served(wanted.models, label, client, to, local=config.local or bool(config.choice))
    if wanted.cluster is not None:
        config.review.append(ELSEWHERE["compute_target_name"])
    endpoint, deployment = to.fresh("endpoint"), to.fresh("deployment")
    name = version_name(made(to, wanted.settings), to)
    parts = [f"name={name}", f"endpoint_name={label}", *models.arguments]
    scripts = scripts_of(wanted.serving, to)
    parts += [f"environment={to.source(wanted.package)}"] if wanted.package is not None else []
    parts += [*scripts.arguments, *config.deployment]
    settings = f'name={label}, auth_mode="{config.auth}"' + "".join(f", {item}" for item in config.endpoint)
    at = Where("", "", config.choice) if config.choice else where(config.local)
    calls = Deploying(client, endpoint, deployment, label, name, target)
    lines = calls.lines(
        f"{to.need('azure.ai.ml.entities', 'ManagedOnlineEndpoint')}({settings})",
        f"{to.need('azure.ai.ml.entities', 'ManagedOnlineDeployment')}({', '.join(parts)})",
        at,
    )
    config.review += [found.review for found in (models, scripts) if found.review]
    config.review += [PACKAGED] if wanted.package is not None else []
    config.review += [_BARE] if use.symbol == "Model.deploy" and is_none(wanted.serving) else []
    config.review.append("names of endpoints are unique in their region, and have 3 to 32 letters, digits and dashes")
    return Statements("\n".join([*models.lines, *scripts.lines, *lines]), together(config.review))


def target_of(use: Use) -> str | None:
    """The code before the value of the statement: ``service = ``; None when the call is part of something larger."""
    statement = use.statement
    if isinstance(statement, ast.Expr) and statement.value is use.node:
        return ""
    if isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1:
        target = statement.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        return f"{', '.join(map(ast.unparse, names))} = "
    if isinstance(statement, ast.Return) and statement.value is use.node:
        return "return "
    return None


# Services -----------------------------------------------------------------------------------------------------------


@rule.converts("Webservice")
def find(use: Use, to: Rewriter) -> Outcome:
    """An endpoint by its name."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "ManagedOnlineEndpoint"))
    name = use.argument("name", position=1)
    if name is None or not_found(name, to):
        return Leave(not_found(name, to))
    client = to.client(use.node, use.argument("workspace", position=0))
    at = where(use.symbol == "LocalWebservice")
    return Replace(f"{client}.online_endpoints.get(name={to.source(name)}{at.argument})")


@rule.converts("AciWebservice", "AksWebservice", "LocalWebservice", "AksEndpoint")
def find_of_kind(use: Use, to: Rewriter) -> Outcome:
    """The same for the classes of web services."""
    return find(use, to)


@rule.converts("Workspace.webservices[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """An endpoint of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    if not_found(use.node.slice, to):
        return Leave(not_found(use.node.slice, to))
    key_errors(use, to)
    client = to.client(use.node, use.receiver)
    return Replace(f"{client}.online_endpoints.get(name={to.source(use.node.slice)})")


@rule.converts("Webservice.list", "Workspace.webservices")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All endpoints, or those of a filter."""
    if use.symbol.startswith("Workspace"):
        client = to.client(use.node, use.receiver)
        return Replace(f"{{endpoint.name: endpoint for endpoint in {client}.online_endpoints.list()}}")
    return Replace(*listed_services(use, to))


#: State of a web service -> that of an endpoint, in ``provisioning_state``.
_STATES = {
    "Healthy": "Succeeded",
    "Unhealthy": "Failed",
    "Failed": "Failed",
    "Transitioning": "Updating",
    "Unschedulable": "Failed",
}


@rule.idiom
def compared_state(node: ast.expr, to: Rewriter) -> Replace | None:
    """A state that is compared with texts: ``service.state == "Healthy"``."""
    if not isinstance(node, ast.Compare):
        return None
    parts = [node.left, *node.comparators]
    uses = [use for part in parts if (use := to.use_of(part)) is not None and use.symbols[-1] == "Webservice.state"]
    texts = [text for part in parts for text in ast.walk(part) if _is_state(text)]
    if len(uses) != 1 or not texts or any(to.is_kept(use) for use in uses):
        return None
    outcome = to.outcome(uses[0])
    if not isinstance(outcome, Replace):
        return None
    start = to.lines.span(node)[0]
    code, edits = to.lines.source(node), [(to.lines.span(uses[0].node), outcome.text)]
    edits += [(to.lines.span(text), f'"{_STATES[text.value]}"') for text in texts]  # type: ignore[attr-defined]
    for (first, last), new in sorted(edits, reverse=True):
        code = code[: first - start] + new + code[last - start :]
    return Replace(code, "the states of an endpoint: Creating, Updating, Succeeded, Failed, Deleting, Canceled")


def _is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _STATES


#: Around these a comparison needs no brackets.
_LOOSE = (ast.If, ast.While, ast.Assign, ast.Return, ast.Call, ast.BoolOp, ast.UnaryOp, ast.Expr)
_DEPLOYED = "{client}.online_deployments.get(name={name}, endpoint_name={service}.name{local})"
_LOGS = "{client}.online_deployments.get_logs(name={name}, endpoint_name={service}.name, lines=1000{local})"
_READ = {
    "name": "{service}.name",
    "scoring_uri": "{service}.scoring_uri",
    "swagger_uri": "{service}.openapi_uri",
    "state": "{service}.provisioning_state",
    "location": "{service}.location",
    "auth_enabled": '({service}.auth_mode == "key")',
    "token_auth_enabled": '({service}.auth_mode == "aml_token")',
    "enable_app_insights": "{deployment}.app_insights_enabled",
    "num_replicas": "{deployment}.instance_count",
    "models": "[{deployment}.model]",
    "environment": "{deployment}.environment",
    "image_id": "{deployment}.environment",
    "compute_type": "{service}.kind",
    "tags": "{service}.tags",
    "properties": "{service}.properties",
    "description": "{service}.description",
    "get_access_token": "{client}.online_endpoints.get_keys(name={service}.name)",
    "delete": "{client}.online_endpoints.begin_delete(name={service}.name{local}){wait}",
    "get_logs": _LOGS,
    "error": _LOGS,
}


@rule.converts(*(f"Webservice.{name}" for name in _READ))
def member(use: Use, to: Rewriter) -> Outcome:
    """What endpoint and deployment tell."""
    assert use.receiver is not None
    code = _READ[use.symbol.rsplit(".", 1)[1]].replace("{deployment}", _DEPLOYED)
    if code.startswith("(") and isinstance(to.evaluator.scopes.parents.get(use.node), _LOOSE):
        code = code[1:-1]
    client = to.client(use.node) if "{client}" in code else ""
    review = f"the deployment is called {DEPLOYMENT} by these rules" if "online_deployments" in code else ""
    if use.symbol.endswith(".state"):
        states.compare(use, _STATES, to)
    if use.symbol.endswith(".compute_type"):
        states.compare(use, _KINDS, to)
        review = "the kind of the endpoint: Managed or K8S"
    if use.symbol.endswith(".image_id"):
        review += "; SDK v2 builds the image of the deployment's environment, whose id this is"
    if use.symbol.endswith(".error"):
        review += "; why a deployment fails is in its logs"
    at = where_of(use.receiver_value, use, to) if "{local}" in code else where(False)
    name = deployment_of(use.receiver_value, to)
    named = {"service": to.source(use.receiver), "client": client, "name": name}
    ways = [code.format(**named, local=way.argument, wait=way.wait) for way in (at, LOCAL, REMOTE)]
    if not at.choice or "{wait}" not in code:
        return Replace(ways[0], review)
    if use.is_statement:
        return Statements("\n".join(branches(at, ways[1:2], ways[2:])), review)
    return Leave("call it in a statement of its own: a local service is deleted without waiting")


@rule.converts("Webservice.reload")
def reload(use: Use, to: Rewriter) -> Outcome:
    """Starts the container of a local deployment anew, with the code as it is now."""
    if use.receiver is None or not isinstance(use.statement, ast.Expr):
        return Leave("call online_deployments.begin_create_or_update(deployment, local=True) anew")
    name, client = deployment_of(use.receiver_value, to), to.client(use.node)
    at = where(True)
    found = _DEPLOYED.format(client=client, name=name, service=to.source(use.receiver), local=at.argument)
    code = f"{client}.online_deployments.begin_create_or_update({found}{at.argument}){at.wait}"
    return Replace(code, "the container is made anew, where SDK v1 only started the script in it again")


@rule.converts("Webservice.port")
def port(use: Use, to: Rewriter) -> Outcome:
    """The port of a local deployment is in its address."""
    assert use.receiver is not None
    return Replace(f"{to.need('urllib.parse', 'urlparse')}({to.source(use.receiver)}.scoring_uri).port")


#: Where a web service runs -> the kind of the endpoint that it becomes.
_KINDS = {"ACI": "Managed", "AKS": "Managed"}
#: State of a web service -> that of an endpoint.
_STATES = {"Healthy": "Succeeded", "Unhealthy": "Failed", "Transitioning": "Updating", "Unschedulable": "Failed"}


@rule.converts("Webservice.wait_for_deployment")
def wait(use: Use, to: Rewriter) -> Outcome:
    """Deploying has waited already."""
    if isinstance(use.receiver, ast.Call):
        return Leave("deploying waits by itself in SDK v2: deploy in a statement of its own, without this call")
    if use.is_statement:
        return Statements("")
    return Leave("deploying waits by itself in SDK v2: leave the call out")


@rule.converts("Webservice.run")
def run(use: Use, to: Rewriter) -> Outcome:
    """Calls the endpoint with its key. ``invoke`` of SDK v2 takes a file."""
    data = use.argument("input_data", "input", position=0)
    if data is None or use.receiver is None:
        return Leave("call ml_client.online_endpoints.invoke(endpoint_name=..., request_file=...)")
    service, requests = to.source(use.receiver), to.need_module("requests")
    at, plain = where_of(use.receiver_value, use, to), '{"Content-Type": "application/json"}'
    made = [other for other in to.uses if other.call is not None and other.symbol.endswith(".deploy_configuration")]
    kind = "access_token" if any(is_true(other.argument("token_auth_enabled")) for other in made) else "primary_key"
    key = f"{to.client(use.node)}.online_endpoints.get_keys(name={service}.name).{kind}" if not at.is_local else ""
    headers = plain if at.is_local else f'{plain[:-1]}, "Authorization": "Bearer " + {key}}}'  # a local one has no key
    headers = f"{plain} if {at.choice} else {headers}" if at.choice else headers
    return Replace(f"{requests}.post({service}.scoring_uri, data={to.source(data)}, headers={headers}).json()")


#: What gives a pair in SDK v1 -> a variable for the object of SDK v2, and the parts of the pair.
_PAIRS = {
    "get_keys": ("keys", "{}.primary_key", "{}.secondary_key"),
    "get_token": ("access", "{}.access_token", "{datetime}.fromtimestamp({}.refresh_after_time_utc)"),
}


@rule.converts("Webservice.get_keys", "Webservice.get_token")
def pair(use: Use, to: Rewriter) -> Outcome:
    """Two keys, or a token and when to ask for the next one: an object in SDK v2, a pair in v1."""
    assert use.receiver is not None
    code = f"{to.client(use.node)}.online_endpoints.get_keys(name={to.source(use.receiver)}.name)"
    wanted, *parts = _PAIRS[use.symbol.rsplit(".", 1)[1]]
    item = to.evaluator.scopes.parents.get(use.node)
    chosen = ast.unparse(item.slice) if isinstance(item, ast.Subscript) and item.value is use.node else ""
    if chosen != "0" and "{datetime}" in parts[1]:
        parts[1] = parts[1].replace("{datetime}", to.need("datetime", "datetime"))
    if isinstance(item, ast.Subscript) and chosen in ("0", "1"):
        to.rename(item, parts[int(chosen)].format(code))
        return Replace(code)
    target, held = target_of(use), to.fresh(wanted)
    if target:
        return Statements(f"{held} = {code}\n{target}{', '.join(part.format(held) for part in parts)}")
    return Replace(f"({parts[0].format(f'({held} := {code})')}, {parts[1].format(held)})")


@rule.converts("Webservice.regen_key")
def regen_key(use: Use, to: Rewriter) -> Outcome:
    """A new key."""
    key = use.argument("key", position=0)
    if key is None or use.receiver is None:
        return Leave("say which key")
    kind = f"{to.source(key)}.lower()" if not isinstance(key, ast.Constant) else repr(str(key.value).lower())
    endpoints = f"{to.client(use.node)}.online_endpoints"
    return Replace(f"{endpoints}.begin_regenerate_keys(name={to.source(use.receiver)}.name, key_type={kind}).result()")
