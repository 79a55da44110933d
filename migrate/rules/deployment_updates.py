"""``Webservice.update`` changes the deployment or the endpoint, and saves it.

What a web service of v1 was updated with is a setting of the deployment (called ``blue`` by the rule deployments) or of
the endpoint in v2: the entity is fetched, changed and saved with ``begin_create_or_update``.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from amlbridge.migrate.analysis.literals import is_true
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.serving.images import is_packaged
from amlbridge.migrate.models.serving.local_services import is_local_configuration, where_of
from amlbridge.migrate.models.serving.machine_sizes import size
from amlbridge.migrate.models.serving.served_models import served
from amlbridge.migrate.models.serving.traffic_settings import ELSEWHERE, TAKEN, elsewhere, traffic_settings
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployments import DEPLOYMENT, PACKAGED, configured, deployment_of, made, scripts_of

rule = Rule(
    "deployment-updates",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
service = AciWebservice(ws, "ridge-service")
service.update(enable_app_insights=True, tags={"stage": "test"})
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
service = ml_client.online_endpoints.get(name="ridge-service")
deployment = ml_client.online_deployments.get(name="blue", endpoint_name=service.name)
deployment.app_insights_enabled = True
ml_client.online_deployments.begin_create_or_update(deployment).result()
service.tags = {"stage": "test"}
ml_client.online_endpoints.begin_create_or_update(service).result()
""",
        )
    ],
)

_BLUE = f"the deployment is called {DEPLOYMENT} by these rules"
_SCALING = "autoscaling is a rule of Azure Monitor on the deployment"
#: What v2 sets elsewhere, and what is told of it.
_DROPPED = {
    "autoscale_enabled": _SCALING,
    "autoscale_min_replicas": _SCALING,
    "autoscale_max_replicas": _SCALING,
    "autoscale_refresh_seconds": _SCALING,
    "autoscale_target_utilization": _SCALING,
    "auth_enabled": "online endpoints always ask for a key or a token",
    "collect_model_data": "data are collected by a DataCollector on the deployment",
    "memory_gb": "the type of instance tells the memory",
    "wait": "",
}
#: A service that runs does not move.
_ELSEWHERE = frozenset(ELSEWHERE) - {"namespace", "compute_target_name"}
_ENDPOINT = ("tags", "properties", "description")
#: What changes the deployment: handled one by one.
_DEPLOYMENT = frozenset({
    "enable_app_insights", "models", "inference_config", "num_replicas", "cpu_cores", "token_auth_enabled", "image",
})  # fmt: skip


@rule.converts("Webservice.update")
def update(use: Use, to: Rewriter) -> Outcome:
    """The changed settings, on the deployment and on the endpoint."""
    if not use.is_statement or use.receiver is None:
        return Leave("call it in a statement of its own: deployment and endpoint are changed and saved one by one")
    local = use.passed("deployment_config")
    if unknown := unknown_settings(use, _ENDPOINT if local is None else (*_ENDPOINT, "deployment_config")):
        return Leave(
            f"{unknown}: change the deployment that "
            f'ml_client.online_deployments.get(name="{DEPLOYMENT}", endpoint_name=...) gives, and save it with '
            "online_deployments.begin_create_or_update"
        )
    if local is not None and not is_local_configuration(local, to):
        return Leave("deployment_config: set what it says on the deployment, and save that")
    service, client = to.source(use.receiver), to.client(use.node)
    at = where_of(use.receiver_value, use, to)
    name = deployment_of(use.receiver_value, to)
    found = f"{client}.online_deployments.get(name={name}, endpoint_name={service}.name{at.argument})"
    review = [*configured(to, made(to, local)).review] if local is not None else []
    review += sorted({_DROPPED[key] for key in _DROPPED if _DROPPED[key] and use.argument(key) is not None})
    deployment = to.fresh("deployment")
    changes, above, notes = changes_of(use, deployment, f"{service}.name", client, to, local=bool(at.argument))
    lines = list(above)
    if changes:
        lines += [
            f"{deployment} = {found}",
            *changes,
            f"{client}.online_deployments.begin_create_or_update({deployment}{at.argument}){at.wait}",
        ]
        notes.append(_BLUE)
    review += notes
    own = [f"{service}.{key} = {to.source(node)}" for key in _ENDPOINT if (node := use.argument(key)) is not None]
    if is_true(use.argument("token_auth_enabled")):
        own.append(f'{service}.auth_mode = "aml_token"')
    if own:
        lines += [*own, f"{client}.online_endpoints.begin_create_or_update({service}{at.argument}){at.wait}"]
    return Statements("\n".join(lines), together(review))


def unknown_settings(use: Use, own: Collection[str]) -> str:
    """The settings of a call that SDK v2 does not know, "" when there are none. ``own``: those that it has itself."""
    known = {*_DROPPED, *_ELSEWHERE, *TAKEN, *own, *_DEPLOYMENT, 0}
    return ", ".join(str(key) for key in use.arguments() if key not in known)


def _image(use: Use) -> ast.expr | None:
    """The image of a call."""
    return use.passed("image", position=0) if use.symbol.endswith(".update") else None


def changes_of(
    use: Use, deployment: str, name: str, client: str, to: Rewriter, *, local: bool = False
) -> tuple[list[str], list[str], list[str]]:
    """Assignments to the deployment, the statements that they need above, and what to check. ``local``: whether it may
    be on the user's machine."""
    given = _image(use)
    image = made(to, given)
    package = given if given is not None and is_packaged(image, to) else None
    if package is not None:
        image = None
    models = served((image or use).argument("models", position=2 if image else None), name, client, to, local=local)
    config = image.argument("image_config", position=3) if image else use.argument("inference_config")
    scripts = scripts_of(config, to)
    settings = [*models.arguments, *scripts.arguments]
    if package is not None:
        settings.append(f"environment={to.source(package)}")
    for key, target in (("enable_app_insights", "app_insights_enabled"), ("num_replicas", "instance_count")):
        node = use.argument(key)
        if node is not None:
            settings.append(f"{target}={to.source(node)}")
    cores = use.argument("cpu_cores")
    if cores is not None:
        settings.append(f'instance_type="{size(cores, use.argument("memory_gb"))}"')
    added, checks = traffic_settings(use, to)
    settings += added
    lines = [_assigned(setting, deployment, to) for setting in settings]
    notes = [found.review for found in (models, scripts) if found.review]
    notes += [*([PACKAGED] if package is not None else []), *checks, *elsewhere(use)]
    return lines, [*models.lines, *scripts.lines], notes


def _assigned(setting: str, deployment: str, to: Rewriter) -> str:
    """The statement that changes what a keyword says, or each of a dict of keywords."""
    if not setting.startswith("**"):
        return f"{deployment}.{' = '.join(setting.split('=', 1))}"
    key, value = to.fresh("setting"), to.fresh("value")
    code = setting.removeprefix("**")
    return f"for {key}, {value} in {code}.items():\n    setattr({deployment}, {key}, {value})"
