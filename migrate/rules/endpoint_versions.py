"""Versions of an ``AksEndpoint`` become deployments of one managed online endpoint, which share its traffic.

``create_version`` makes another deployment, ``update_version`` changes one, ``delete_version`` takes one away. The
default version of SDK v1 got the traffic that the others left: so does the deployment with the most traffic here.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_true
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.seen import may_be_set
from amlbridge.migrate.models.serving.served_models import served
from amlbridge.migrate.models.serving.serving_images import serving
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployment_updates import changes_of, unknown_settings
from amlbridge.migrate.rules.deployments import configured, made

rule = Rule(
    "endpoint-versions",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AksEndpoint

ws = Workspace.from_config()
endpoint = AksEndpoint(ws, "scores")
endpoint.create_version(
    version_name="second",
    models=[Model(ws, "ridge")],
    inference_config=InferenceConfig("score.py", environment=Environment.get(ws, "ridge")),
    traffic_percentile=20,
)
endpoint.wait_for_deployment(show_output=True)
endpoint.delete_version("first")
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
endpoint = ml_client.online_endpoints.get(name="scores")
deployment = ManagedOnlineDeployment(
    name="second",
    endpoint_name=endpoint.name,
    model=ml_client.models.get("ridge", label="latest"),
    environment=ml_client.environments.get("ridge", label="latest"),
    code_configuration=CodeConfiguration(code=".", scoring_script="score.py"),
    instance_type="Standard_DS3_v2",
    instance_count=1,
)
ml_client.online_deployments.begin_create_or_update(deployment).result()
endpoint = ml_client.online_endpoints.get(name=endpoint.name)
default = max(
    (name for name in endpoint.traffic if name != "second"),
    key=endpoint.traffic.get,
    default="second",
)
endpoint.traffic["second"] = 20
endpoint.traffic[default] = 100 - sum(
    share for name, share in endpoint.traffic.items() if name != default
)
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
ml_client.online_deployments.begin_delete(
    name="first", endpoint_name=endpoint.name
).result()
""",
        )
    ],
)

_NAMES = "deployments have names of 3 to 32 letters, digits and dashes"
_CONTROL = "SDK v2 marks no version as the control: compare the deployments' metrics"
_DEFAULT = "SDK v2 has no default version: the deployment that had most traffic gets what the others leave"
_ALONE = "call it in a statement of its own: deployment and traffic are saved one by one"
_OWN = frozenset({"version_name", "traffic_percentile", "is_default", "is_control_version_type", "tags", "description"})


@rule.converts("Webservice.create_version")
def create(use: Use, to: Rewriter) -> Outcome:
    """One more deployment, and its share of the traffic."""
    version = use.argument("version_name", position=0)
    if version is None or use.receiver is None or not use.is_statement:
        return Leave(_ALONE)
    client, service, name = to.client(use.node), to.source(use.receiver), to.source(version)
    models = served(use.argument("models"), f"{service}.name", client, to)
    config = use.argument("inference_config")
    scripts = serving(config, made(to, config), to)
    settings, deployment = configured(to, use), to.fresh("deployment")
    parts = [f"name={name}", f"endpoint_name={service}.name", *models.arguments, *scripts.arguments]
    parts += [*settings.deployment, *settings.endpoint]  # tags and description are the version's own
    entity = to.need("azure.ai.ml.entities", "ManagedOnlineDeployment")
    lines = [
        *models.lines,
        *scripts.lines,
        f"{deployment} = {entity}({', '.join(parts)})",
        f"{client}.online_deployments.begin_create_or_update({deployment}).result()",
        *_traffic(use, service, name, client, to),
    ]
    notes = [*settings.review, *(found.review for found in (models, scripts) if found.review), *_notes(use), _NAMES]
    return Statements("\n".join(lines), together(notes))


@rule.converts("Webservice.update_version")
def update(use: Use, to: Rewriter) -> Outcome:
    """The changed settings of a deployment, and its share of the traffic."""
    version = use.argument("version_name", position=0)
    if version is None or use.receiver is None or not use.is_statement:
        return Leave(_ALONE)
    client, service, name = to.client(use.node), to.source(use.receiver), to.source(version)
    if unknown := unknown_settings(use, _OWN):
        return Leave(f"{unknown}: change the deployment that ml_client.online_deployments.get(...) gives, and save it")
    deployment = to.fresh("deployment")
    changes, above, notes = changes_of(use, deployment, f"{service}.name", client, to)
    for key in ("tags", "description"):
        if (node := use.argument(key)) is not None:
            changes.append(f"{deployment}.{key} = {to.source(node)}")
    lines = list(above)
    if changes:
        lines += [
            f"{deployment} = {client}.online_deployments.get(name={name}, endpoint_name={service}.name)",
            *changes,
            f"{client}.online_deployments.begin_create_or_update({deployment}).result()",
        ]
    lines += _traffic(use, service, name, client, to)
    return Statements("\n".join(lines), together([*notes, *_notes(use)]))


@rule.converts("Webservice.delete_version")
def delete(use: Use, to: Rewriter) -> Outcome:
    """A deployment goes; it must have no traffic any more."""
    version = use.argument("version_name", position=0)
    if version is None or use.receiver is None:
        return Leave("say which version")
    where = f"name={to.source(version)}, endpoint_name={to.source(use.receiver)}.name"
    return Replace(f"{to.client(use.node)}.online_deployments.begin_delete({where}).result()")


@rule.converts("Webservice.versions")
def versions(use: Use, to: Rewriter) -> Outcome:
    """The deployments by their names."""
    assert use.receiver is not None
    listed = f"{to.client(use.node)}.online_deployments.list(endpoint_name={to.source(use.receiver)}.name)"
    return Replace(f"{{deployment.name: deployment for deployment in {listed}}}")


def _notes(use: Use) -> list[str]:
    """What to check of who gets the traffic."""
    notes = [_CONTROL] if use.argument("is_control_version_type") is not None else []
    default, share = use.argument("is_default"), use.argument("traffic_percentile")
    open_ = default is not None and (share is not None or not isinstance(default, ast.Constant))
    return [*notes, _DEFAULT] if open_ else notes


def _traffic(use: Use, service: str, name: str, client: str, to: Rewriter) -> list[str]:
    """Statements that share the traffic anew: the default version has what the others leave."""
    share = use.argument("traffic_percentile")
    known, service = service, service if may_be_set(use.receiver, to) else to.fresh("endpoint")
    saved = f"{client}.online_endpoints.begin_create_or_update({service}).result()"
    fetched = f"{service} = {client}.online_endpoints.get(name={known}.name)"
    if share is None and is_true(use.argument("is_default")):
        others = f"{{name: 0 for name in {service}.traffic}}"
        return [fetched, f"{service}.traffic = {{**{others}, {name}: 100}}", saved]
    if share is None:
        return []
    default = to.fresh("default")
    names = f"(name for name in {service}.traffic if name != {name})"
    rest = f"100 - sum(share for name, share in {service}.traffic.items() if name != {default})"
    return [
        fetched,
        f"{default} = max({names}, key={service}.traffic.get, default={name})",
        f"{service}.traffic[{name}] = {to.source(share)}",
        f"{service}.traffic[{default}] = {rest}",
        saved,
    ]
