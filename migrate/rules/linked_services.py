"""Linked Synapse workspaces: ``LinkedService`` -> the Spark pool is attached by its resource id.

SDK v2 has no linked services. ``SynapseCompute.attach_configuration`` becomes ``SynapseSparkCompute`` with the id of
the pool, which is made of what the Synapse workspace was linked with; the linked service itself goes.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.attached_computes import name_of

rule = Rule(
    "linked-services",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import LinkedService, SynapseWorkspaceLinkedServiceConfiguration, Workspace
from azureml.core.compute import ComputeTarget, SynapseCompute

ws = Workspace.from_config()
config = SynapseWorkspaceLinkedServiceConfiguration(
    subscription_id=SUBSCRIPTION, resource_group=GROUP, name="synapse"
)
linked = LinkedService.register(workspace=ws, name="synapse", linked_service_config=config)
pool = SynapseCompute.attach_configuration(linked, type="SynapseSpark", pool_name="small")
compute = ComputeTarget.attach(ws, "spark", pool)
compute.wait_for_completion()
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import SynapseSparkCompute
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
pool = SynapseSparkCompute(
    name="spark",
    resource_id="/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}/bigDataPools/{}".format(
        SUBSCRIPTION, GROUP, "synapse", "small"
    ),
)
compute = ml_client.compute.begin_create_or_update(pool).result()
""",
        ),
    ],
)

_GONE = "SDK v2 links no Synapse workspace: its Spark pools are attached one by one"
_ID = '"/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}/bigDataPools/{}".format'
_WAY_OUT = "SDK v2 has no linked services: attach the Spark pool as azure.ai.ml.entities.SynapseSparkCompute"


@rule.converts("SynapseCompute.attach_configuration")
def pool(use: Use, to: Rewriter) -> Outcome:
    """The Spark pool, by its resource id."""
    service, name = use.argument("linked_service", position=0), use.argument("pool_name", position=2)
    config = _configuration(service, to) if service is not None else None
    if config is None or name is None:
        return Leave("the Synapse workspace cannot be told: give SynapseSparkCompute the resource id of the pool")
    parts = [config.argument(key, position=at) for at, key in enumerate(("subscription_id", "resource_group", "name"))]
    if any(part is None for part in parts):
        return Leave("the Synapse workspace cannot be told: give SynapseSparkCompute the resource id of the pool")
    values = ", ".join(to.source(part) for part in (*parts, name) if part is not None)
    entity = to.need("azure.ai.ml.entities", "SynapseSparkCompute")
    return Replace(f"{entity}(name={name_of(use, to)}, resource_id={_ID}({values}))")


def _configuration(service: ast.expr, to: Rewriter) -> Use | None:
    """The configuration that a linked service was registered with."""
    made = to.maker(service)
    given = made.argument("linked_service_config", position=2) if made is not None else None
    config = to.maker(given)
    return config if config is not None and config.symbol == "SynapseWorkspaceLinkedServiceConfiguration" else None


@rule.converts("LinkedService.register", "SynapseWorkspaceLinkedServiceConfiguration")
def gone(use: Use, to: Rewriter) -> Outcome:
    """It goes, when it is there only for the pool."""
    if Objects.of(to).variable(use.node) is None:
        return Leave(_WAY_OUT, Status.NO_EQUIVALENT)
    for name in Objects.of(to).names(use.node):
        around = to.evaluator.scopes.parents.get(name)
        if isinstance(around, ast.Expr):  # a notebook shows it
            to.remove(around)
        elif not _goes(name, to):
            return Leave(_WAY_OUT, Status.NO_EQUIVALENT)
    return Statements("", _GONE)


def _goes(name: ast.Name, to: Rewriter) -> bool:
    """Whether a name stands in what is converted without it."""
    uses = (to.use_of(node) for node in to.evaluator.scopes.ancestors(name))
    use = next((found for found in uses if found is not None), None)
    symbols = ("SynapseCompute.attach_configuration", "LinkedService.register")
    return use is not None and use.symbol in symbols and not isinstance(to.outcome(use), Leave)


@rule.converts("LinkedService.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """The Spark pools that are attached."""
    client = to.client(use.node, use.argument("workspace", position=0))
    pools = f'[pool for pool in {client}.compute.list() if pool.type == "synapsespark"]'
    return Replace(pools, "these are the Spark pools that are attached: SDK v2 has no linked services")
