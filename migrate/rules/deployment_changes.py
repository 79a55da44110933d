"""Settings that a deployment configuration is given after it was made.

A deployment configuration that changes between deployments is a dict of keywords of ``ManagedOnlineDeployment``: what
is assigned to it becomes an item. Cores and memory choose the size of the machine together.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments.environment import assigned
from amlbridge.migrate.models.serving.deployment_settings import CHANGED, CONFIGURATIONS
from amlbridge.migrate.models.serving.machine_sizes import size
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.deployments import made

rule = Rule(
    "deployment-changes",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment, Workspace
from azureml.core.model import InferenceConfig, Model
from azureml.core.webservice import AciWebservice

ws = Workspace.from_config()
inference_config = InferenceConfig(
    entry_script="score.py", source_directory="serving", environment=Environment.get(ws, "ridge")
)
config = AciWebservice.deploy_configuration(cpu_cores=4, memory_gb=8, auth_enabled=True)
config.cpu_cores = 0.5
config.memory_gb = 1
config.tags = {"size": "small"}
service = Model.deploy(ws, "small-service", [Model(ws, "ridge")], inference_config, config)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    CodeConfiguration,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
inference_config = CodeConfiguration(code="serving", scoring_script="score.py")
config = {"instance_type": "Standard_DS3_v2", "instance_count": 1}
config["instance_type"] = "Standard_DS2_v2"
config["tags"] = {"size": "small"}
endpoint = ManagedOnlineEndpoint(name="small-service", auth_mode="key")
ml_client.online_endpoints.begin_create_or_update(endpoint).result()
deployment = ManagedOnlineDeployment(
    name="blue",
    endpoint_name="small-service",
    model=ml_client.models.get("ridge", label="latest"),
    environment=ml_client.environments.get("ridge", label="latest"),
    code_configuration=inference_config,
    **config
)
ml_client.online_deployments.begin_create_or_update(deployment).result()
endpoint.traffic = {"blue": 100}
service = ml_client.online_endpoints.begin_create_or_update(endpoint).result()
""",
        ),
    ],
)

#: Setting of a deployment configuration -> keyword of ``ManagedOnlineDeployment`` with the same meaning.
_SAME = {"num_replicas": "instance_count", "tags": "tags", "description": "description"}
_OF_DEPLOYMENT = "tags and description are those of the deployment now"
_AUTOSCALED = "autoscaling is a rule of Azure Monitor on the deployment"
#: Settings that go, and what to check about them.
_DROPPED = {
    "auth_enabled": "the endpoint asks its callers for a key: auth_mode of ManagedOnlineEndpoint says what for",
    "collect_model_data": "data are collected by a DataCollector on the deployment",
    "autoscale_enabled": _AUTOSCALED,
    "autoscale_min_replicas": _AUTOSCALED,
    "autoscale_max_replicas": _AUTOSCALED,
    "autoscale_target_utilization": _AUTOSCALED,
    "autoscale_refresh_seconds": _AUTOSCALED,
}
_SIZE = ("cpu_cores", "memory_gb")
_CORES = "choose an instance_type with as many cores"


@rule.converts(*(f"{kind}.{name}=" for kind in CONFIGURATIONS for name in CHANGED))
def change(use: Use, to: Rewriter) -> Outcome:
    """An assignment to a setting."""
    assert use.receiver is not None
    config, member = to.source(use.receiver), _member(use)
    if not isinstance(use.statement, ast.Assign) or len(use.statement.targets) != 1:
        return Leave(f"assign {member} in a statement of its own")
    value = assigned(use)
    if member in _SIZE:
        return _sized(use, config, to)
    if member in _DROPPED:
        return Statements("", _DROPPED[member])
    if member == "enable_app_insights":
        return Statements(f'{config}["app_insights_enabled"] = {to.source(value)}')
    code = f'{config}["{_SAME[member]}"] = {to.source(value)}'
    return Statements(code, "" if member == "num_replicas" else _OF_DEPLOYMENT)


def _sized(use: Use, config: str, to: Rewriter) -> Outcome:
    """The size of machine, in the last of the statements that choose it; the others go."""
    value = use.receiver_value
    origin = value.origin if isinstance(value, Instance) else None
    others = [one for one in Objects.of(to).members(origin) if _is_size(one)] if origin is not None else []
    others = [one for one in others if _is_beside(one, use, to)]
    if any(one.statement.lineno > use.statement.lineno for one in others):
        return Statements("")
    wanted = {name: creation.argument(name) for name in _SIZE} if (creation := made(to, use.receiver)) else {}
    wanted |= {_member(one): assigned(one) for one in [*others, use]}
    cores = wanted.get("cpu_cores")
    known = cores is None or isinstance(cores, ast.Constant)
    return Statements(f'{config}["instance_type"] = "{size(cores, wanted.get("memory_gb"))}"', "" if known else _CORES)


def _member(use: Use) -> str:
    return use.symbol.removesuffix("=").rpartition(".")[2]


def _is_size(use: Use) -> bool:
    return use.symbol.endswith("=") and _member(use) in _SIZE


def _is_beside(one: Use, use: Use, to: Rewriter) -> bool:
    """Whether an assignment stands right above or below another one."""
    block = to.evaluator.scopes.block(use.statement) or []
    near = {block.index(use.statement) - 1, block.index(use.statement) + 1} if block else set()
    return one.statement in block and block.index(one.statement) in near
