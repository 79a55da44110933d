"""What is done with workspaces as a whole: listing and deleting them, their tags, keys and SKU.

SDK v2 has it all in ``ml_client.workspaces``, whose operations take the workspace's name.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "workspace-management",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace

ws = Workspace.from_config()
print(ws.tags, ws.discovery_url)
print({"Workspace": ws.name, "SKU": ws.sku})
ws.delete(delete_dependent_resources=True)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
print(
    ml_client.workspaces.get(ml_client.workspace_name).tags,
    ml_client.workspaces.get(ml_client.workspace_name).discovery_url,
)
print({"Workspace": ml_client.workspace_name, "SKU": "Basic"})
ml_client.workspaces.begin_delete(
    ml_client.workspace_name, delete_dependent_resources=True
).result()
""",
        ),
    ],
)


#: What is asked of a dict of workspaces that needs no more than their names.
_OF_NAMES = ("len", "list", "set", "sorted")


@rule.converts("Workspace.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """The workspaces of a subscription, by name."""
    subscription, group = use.argument("subscription_id", position=0), use.argument("resource_group", position=2)
    if use.call is None or subscription is None:
        return Leave("list them with MLClient(credential, subscription_id, resource_group).workspaces.list()")
    around = to.evaluator.scopes.parents.get(use.node)
    names_only = isinstance(around, ast.Call) and isinstance(around.func, ast.Name) and around.func.id in _OF_NAMES
    if isinstance(around, ast.Attribute):
        names_only = around.attr == "keys"
    if isinstance(around, ast.Subscript) or (
        isinstance(around, ast.Attribute) and around.attr not in ("keys", "items")
    ):
        return Leave("what SDK v2 lists are entities of workspaces: make an MLClient for the one that is meant")
    auth = use.argument("auth", position=1)
    credential = to.source(auth) if auth is not None else f"{to.need('azure.identity', 'DefaultAzureCredential')}()"
    where = [credential, to.source(subscription), *([to.source(group)] if group is not None else [])]
    scope = "" if group is not None else 'scope="subscription"'
    client = f"{to.need('azure.ai.ml', 'MLClient')}({', '.join(where)})"
    review = (
        "" if names_only else "the values are entities of the workspaces, in lists; SDK v1 had objects to work with"
    )
    return Replace(f"{{item.name: [item] for item in {client}.workspaces.list({scope})}}", review)


#: The clusters that a workspace of the first releases had. Source: the reference of Workspace.create.
_DEFAULT_CLUSTERS = {"CPU": "cpu-cluster", "GPU": "gpu-cluster"}


@rule.converts("Workspace.get_default_compute_target")
def default_cluster(use: Use, to: Rewriter) -> Outcome:
    """The cluster of that name."""
    kind = use.argument("type", position=0) if use.call is not None else None
    name = _DEFAULT_CLUSTERS.get(to.evaluator.text(kind) or "" if kind is not None else "CPU")
    if use.receiver is None or name is None:
        return Leave("name the compute: workspaces have no default clusters")
    review = f"workspaces have no default clusters any more: {name} is what that of this kind was called"
    return Replace(f'{to.client(use.node, use.receiver)}.compute.get("{name}")', review)


@rule.converts("Workspace.tags", "Workspace.discovery_url")
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute of the workspace's entity."""
    assert use.receiver is not None
    client = to.client(use.node, use.receiver)
    return Replace(f"{client}.workspaces.get({client}.workspace_name).{use.symbol.rsplit('.', 1)[1]}")


@rule.converts("Workspace.sku")
def sku(use: Use, to: Rewriter) -> Outcome:
    """There is one SKU since the Enterprise edition has ended."""
    del use, to
    return Replace('"Basic"', "SDK v2 does not tell the SKU: all workspaces are Basic since there is no Enterprise one")


@rule.converts("Workspace.list_keys")
def list_keys(use: Use, to: Rewriter) -> Outcome:
    """The keys of what belongs to the workspace."""
    assert use.receiver is not None
    client = to.client(use.node, use.receiver)
    keys = f"{client}.workspaces.get_keys({client}.workspace_name)"
    return Replace(keys, "an entity with attributes instead of a dict")


@rule.converts("Workspace.sync_keys", "Workspace.diagnose_workspace")
def operate(use: Use, to: Rewriter) -> Outcome:
    """An operation that the client waits for."""
    assert use.receiver is not None
    operation = "sync_keys" if use.symbol.endswith("sync_keys") else "diagnose"
    client = to.client(use.node, use.receiver)
    return Replace(f"{client}.workspaces.begin_{operation}({client}.workspace_name).result()")


@rule.converts("Workspace.delete")
def delete(use: Use, to: Rewriter) -> Outcome:
    """Deletes the workspace, and waits for it."""
    assert use.receiver is not None
    dependent = use.argument("delete_dependent_resources", position=0)
    which = to.source(dependent) if dependent is not None else "False"
    client = to.client(use.node, use.receiver)
    name = f"{client}.workspace_name"
    return Replace(f"{client}.workspaces.begin_delete({name}, delete_dependent_resources={which}).result()")
