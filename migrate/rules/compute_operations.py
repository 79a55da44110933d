"""What is done with a compute that is there: start, stop and restart, its nodes, and the sizes that there are.

The operations of SDK v2 take the compute's name and give a poller: ``.result()`` waits as SDK v1 did.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import compute_of

rule = Rule(
    "compute-operations",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeInstance

ws = Workspace.from_config()
sizes = AmlCompute.supported_vmsizes(workspace=ws)
instance = ComputeInstance(workspace=ws, name="notebooks")
instance.stop(wait_for_completion=True)
print(instance.tags, instance.provisioning_errors)
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
sizes = list(ml_client.compute.list_sizes())
instance = ml_client.compute.get("notebooks")
ml_client.compute.begin_stop(instance.name).result()
print(instance.tags, instance.provisioning_errors)
""",
        ),
    ],
)


@rule.converts("ComputeTarget.start", "ComputeTarget.stop", "ComputeTarget.restart")
def operate(use: Use, to: Rewriter) -> Outcome:
    """Starts, stops or restarts a compute instance."""
    assert use.receiver is not None
    wait = use.argument("wait_for_completion", position=0)
    end = ".result()" if wait is not None and to.evaluator.constant(wait) is not False else ""
    member = use.symbol.rsplit(".", 1)[1]
    return Replace(f"{to.client(use.node)}.compute.begin_{member}({compute_of(use.receiver, to)}){end}")


@rule.converts("ComputeTarget.detach")
def detach(use: Use, to: Rewriter) -> Outcome:
    """Detaches a compute that was attached: what it stands for stays."""
    assert use.receiver is not None
    name = compute_of(use.receiver, to)
    return Replace(f'{to.client(use.node)}.compute.begin_delete({name}, action="Detach").result()')


@rule.converts("ComputeTarget.list_nodes")
def list_nodes(use: Use, to: Rewriter) -> Outcome:
    """The nodes of a cluster: entities instead of dicts."""
    assert use.receiver is not None
    nodes = f"list({to.client(use.node)}.compute.list_nodes({compute_of(use.receiver, to)}))"
    return Replace(nodes, "a node is an entity with attributes (node_id, node_state) instead of a dict")


@rule.converts("AmlCompute.supported_vmsizes", "ComputeInstance.supported_vmsizes")
def sizes(use: Use, to: Rewriter) -> Outcome:
    """The sizes of virtual machines that the workspace's region has."""
    workspace, location = use.argument("workspace", position=0), use.argument("location", position=1)
    if workspace is None:
        return Leave("a workspace is needed")
    where = f"location={to.source(location)}" if location is not None else ""
    found = f"{to.client(use.node, workspace)}.compute.list_sizes({where})"
    if not isinstance(use.statement, ast.Expr) and any(map(_reads_a_size, to.evaluator.scopes.parents)):
        entries = ", ".join(f'"{key}": size.{attribute}' for key, attribute in _SIZE.items())
        return Replace(f"[{{{entries}}} for size in {found}]")
    return Replace(f"list({found})", "a size is an entity with attributes (name, v_cp_us, memory_gb) instead of a dict")


#: Entry of a size's dict -> attribute of its entity.
_SIZE = {
    "name": "name",
    "vCPUs": "v_cp_us",
    "gpus": "gpus",
    "memoryGB": "memory_gb",
    "maxResourceVolumeMB": "max_resource_volume_mb",
}


def _reads_a_size(node: ast.AST) -> bool:
    """Whether an expression reads what the dict of a size has: ``size["vCPUs"]``, ``size.get("name")``."""
    if isinstance(node, ast.Call):
        key = node.args[0] if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args else None
    else:
        key = node.slice if isinstance(node, ast.Subscript) else None
    return isinstance(key, ast.Constant) and key.value in _SIZE


#: Attribute of a compute -> what an entity of SDK v2 calls it.
_ATTRIBUTES = {
    "cluster_location": "location",
    "cluster_resource_id": "resource_id",
    "created_on": "created_on",
    "description": "description",
    "provisioning_errors": "provisioning_errors",
    "tags": "tags",
}


@rule.converts(*(f"ComputeTarget.{name}" for name in _ATTRIBUTES))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{_ATTRIBUTES[use.symbol.rsplit('.', 1)[1]]}")
