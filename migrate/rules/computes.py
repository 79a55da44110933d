"""Computes: found with ``compute.get``, made with ``compute.begin_create_or_update``.

The idiom "take it, or make it when it is not there" stays as it is: the exception becomes ``ResourceNotFoundError``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.caught import caught, key_errors, tried_with
from amlbridge.migrate.models.code.entries import reads_of, reads_of_variable
from amlbridge.migrate.models.code.listing import listing
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.clusters import SETTINGS, TOGETHER, more_of_cluster, set_together
from amlbridge.migrate.models.jobs.services import CONFIGURATIONS
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.exceptions import raised_by_code
from amlbridge.migrate.rules.service_computes import gone

rule = Rule(
    "computes",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu")
except ComputeTargetException:
    config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu", config)
    cluster.wait_for_completion(show_output=True)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AmlCompute
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
try:
    cluster = ml_client.compute.get("cpu")
except ResourceNotFoundError:
    config = AmlCompute(name="cpu", size="STANDARD_D2_V2", max_instances=2)
    cluster = ml_client.compute.begin_create_or_update(config).result()
""",
        ),
        Case(
            """from azureml.core import Workspace

ws = Workspace.from_config()
cluster = ws.compute_targets["cpu"]
if cluster.type == "AmlCompute":
    cluster.update(max_nodes=3, idle_seconds_before_scaledown=300)
print(cluster.get_status().scale_settings.maximum_node_count)
""",
            """from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
cluster = ml_client.compute.get("cpu")
if cluster.type == "amlcompute":
    cluster.max_instances = 3
    cluster.idle_time_before_scale_down = 300
    ml_client.compute.begin_update(cluster).result()
print(ml_client.compute.get(cluster.name).max_instances)
""",
            title="A cluster that is there",
        ),
    ],
)

#: Keyword of provisioning_configuration -> keyword of v2's AmlCompute.
_KEYWORDS = {
    "vm_size": "size",
    "min_nodes": "min_instances",
    "max_nodes": "max_instances",
    "idle_seconds_before_scaledown": "idle_time_before_scale_down",
    "location": "location",
    "tags": "tags",
    "description": "description",
}
#: What ``BatchAiCompute`` called them, which is AmlCompute's name of 2018.
_OF_BATCH_AI = {"cluster_min_nodes": "min_nodes", "cluster_max_nodes": "max_nodes"}
_ORDER = ("vm_size", "vm_priority", "min_nodes", "max_nodes", "idle_seconds_before_scaledown")


@rule.converts("LocalTarget")
def local(use: Use, to: Rewriter) -> Outcome:
    """The machine of the client, by its name."""
    return Replace('"local"') if use.call is not None else Replace("str")


@rule.converts("ComputeTarget", "AmlCompute", "AksCompute", "ComputeInstance", "RemoteCompute", "KubernetesCompute")
@rule.converts("DsvmCompute")
def get(use: Use, to: Rewriter) -> Outcome:
    """A compute that exists."""
    if use.call is None:
        kind = {"RemoteCompute": "VirtualMachineCompute", "AksCompute": "KubernetesCompute"}.get(use.symbol, use.symbol)
        known = ("AmlCompute", "ComputeInstance", "KubernetesCompute", "VirtualMachineCompute")
        return Replace(to.need("azure.ai.ml.entities", kind if kind in known else "Compute"))
    name = use.argument("name", position=1)
    if name is None:
        return Leave("a compute needs a name")
    other = next((keyword.arg for keyword in use.call.keywords if keyword.arg not in ("workspace", "name", None)), None)
    if other is not None:
        return Leave(f"SDK v1 takes no {other} to look a compute up: the entity of SDK v2 may be meant")
    return Replace(f"{to.client(use.node, use.argument('workspace', position=0))}.compute.get({to.source(name)})")


@rule.converts("Workspace.compute_targets[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """One compute of the workspace."""
    assert isinstance(use.node, ast.Subscript)
    key_errors(use, to)
    return Replace(f"{to.client(use.node, use.receiver)}.compute.get({to.source(use.node.slice)})")


@rule.converts("Workspace.compute_targets", "ComputeTarget.list", "AmlCompute.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """All computes, by name."""
    workspace = use.receiver if use.receiver is not None else use.argument("workspace", position=0)
    computes = f"{to.client(use.node, workspace)}.compute.list()"
    if use.symbol.endswith(".list"):
        return Replace(listing(computes, use, to))
    return Replace(by_name(use, to, computes, "compute"))


def by_name(use: Use, to: Rewriter, listed: str, word: str) -> str:
    """A v1 dict of all objects by name: only the names where they alone are looked at."""
    if word in to.evaluator.scopes.names:
        word = f"each_{word}"  # ``from tools import compute``
    parent = to.evaluator.scopes.parents.get(use.node)
    names = isinstance(parent, ast.Compare) and use.node in parent.comparators
    in_loop = isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is use.node
    in_list = (
        isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("list", "sorted")
    )
    if in_list and isinstance(parent, ast.Call) and len(parent.args) == 1 and not parent.keywords:
        return f"{word}.name for {word} in {listed}"
    if names or in_loop or in_list:
        return f"[{word}.name for {word} in {listed}]"
    return f"{{{word}.name: {word} for {word} in {listed}}}"


@rule.converts("AmlCompute.provisioning_configuration")
def provisioning(use: Use, to: Rewriter) -> Outcome:
    """The description of a cluster; its name is in the call that creates it."""
    name, review = name_of(use, to)
    arguments = _described(use, to, name)
    review = together((review, str(to.memory.get(("tier", use.node), ""))))
    return Replace(f"{to.need('azure.ai.ml.entities', 'AmlCompute')}({', '.join(arguments)})", review)


@rule.converts(*(f"AmlComputeProvisioningConfiguration.{name}=" for name in (*SETTINGS, *TOGETHER)))
def setting(use: Use, to: Rewriter) -> Outcome:
    """A setting of a cluster that is given to its description later. Those of its network, and of its user, are one
    object of SDK v2 each."""
    if not isinstance(use.statement, ast.Assign) or len(use.statement.targets) != 1:
        return Leave("only plain assignments are understood")
    name = use.symbol.rpartition(".")[2].removesuffix("=")
    code = set_together(use, name, to) if name in TOGETHER else ""
    if name == "vm_priority":
        priority = use.statement.value
        code = f"{to.source(use.statement.targets[0].value)}.tier = {_tier(priority, to)}"  # type: ignore[attr-defined]
        return Statements(code, _TIERS if _is_handed_on(priority, to) else "")
    if name in SETTINGS:
        code = f"{to.source(use.statement.targets[0].value)}.{SETTINGS[name]} = {to.source(use.statement.value)}"  # type: ignore[attr-defined]
    return Statements(code)


_TIERS = "what SDK v1 called lowpriority is low_priority"


@rule.converts("DsvmCompute.provisioning_configuration")
def virtual_machine(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 makes no virtual machines for data science: a cluster of one node takes its place."""
    name, review = name_of(use, to)
    arguments = [f"name={name}"]
    for position, (old, new) in enumerate((("vm_size", "size"), ("ssh_port", ""), ("location", "location"))):
        given = use.passed(old, position=position)
        if new and given is not None:
            arguments.append(f"{new}={to.source(given)}")
    code = f"{to.need('azure.ai.ml.entities', 'AmlCompute')}({', '.join([*arguments, 'max_instances=1'])})"
    machine = "SDK v2 makes no data science virtual machines: a cluster of one node takes its place"
    return Replace(code, together((machine, review)))


def _described(use: Use, to: Rewriter, name: str) -> list[str]:
    given = use.arguments()
    keywords = {_ORDER[key] if isinstance(key, int) and key < len(_ORDER) else str(key): v for key, v in given.items()}
    keywords |= {new: keywords[old] for old, new in _OF_BATCH_AI.items() if old in keywords}
    found = [f"name={name}"]
    for old, new in _KEYWORDS.items():
        if old in keywords:
            found.append(f"{new}={to.source(keywords[old])}")
    priority = keywords.get("vm_priority")
    if priority is not None:
        found.append(f"tier={_tier(priority, to)}")
        if _is_handed_on(priority, to):
            to.memory["tier", use.node] = _TIERS
    found += more_of_cluster(use, {key: node for key, node in keywords.items() if not is_none(node)}, to)
    return found


def _tier(priority: ast.expr, to: Rewriter) -> str:
    tiers = {"lowpriority": '"low_priority"', "dedicated": '"dedicated"'}
    code = tiers.get((to.evaluator.text(priority) or "").lower()) or to.source(priority)
    if code in tiers.values() or is_none(priority) or not isinstance(priority, _READ_TWICE):
        return code
    return f'{{"lowpriority": "low_priority"}}.get({code}, {code})'


#: What can be read again without doing anything.
_READ_TWICE = (ast.Name, ast.Attribute)


def _is_handed_on(priority: ast.expr, to: Rewriter) -> bool:
    """Whether the priority is what other code says, under the name that SDK v1 had for it."""
    return to.evaluator.text(priority) is None and not is_none(priority) and not isinstance(priority, _READ_TWICE)


def name_of(use: Use, to: Rewriter) -> tuple[str, str]:
    """The name of what is described, and what is assumed: where nothing here creates it, a name after its variable.
    Raises ValueError where the description goes elsewhere."""
    name = _name_of(use, to)
    return (name, "") if name else (f'"{_placeholder(use, to)}"', "nothing creates it here: give it the name it has")


def _placeholder(use: Use, to: Rewriter) -> str:
    """A name for a cluster: of the variable that describes it."""
    variable = Objects.of(to).variable(use.node)
    assert variable is not None
    return re.sub(r"[^a-z0-9]+", "-", variable.id.lower()).strip("-")[:24] or "cluster"


def _name_of(use: Use, to: Rewriter) -> str:
    """The name in the call of ComputeTarget.create that this configuration goes to; "" where nothing reads it. Raises
    ValueError where it goes elsewhere."""
    for other in to.uses:
        if not other.symbol.endswith(".create") or other.call is None:
            continue
        config = other.argument("provisioning_configuration", position=2)
        name = other.argument("name", position=1)
        value = to.evaluator.value(config) if config is not None else None
        if isinstance(value, Instance) and value.origin is use.node and name is not None:
            return to.source(name)
    variable = Objects.of(to).variable(use.node)
    if variable is not None and not Objects.of(to).names(use.node) and variable.id not in to.read_elsewhere():
        return ""
    raise ValueError("the name of the compute cannot be told: SDK v2 wants it in AmlCompute(name=...)")


@rule.converts("ComputeTarget.create")
def create(use: Use, to: Rewriter) -> Outcome:
    """Creates the compute, and waits for it."""
    config = use.argument("provisioning_configuration", position=2)
    if config is None:
        return Leave("a configuration is needed")
    if to.evaluator.type_of(config) in CONFIGURATIONS:
        return gone(use, to)
    if to.evaluator.type_of(config) not in (
        "AmlComputeProvisioningConfiguration",
        "ComputeInstanceProvisioningConfiguration",
        None,
    ):
        return Leave("clusters and compute instances are what SDK v2 makes; attach what is there")
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.compute.begin_create_or_update({to.source(config)}).result()")


@rule.converts("ComputeTarget.wait_for_completion", "ComputeTarget._wait_for_completion")
def wait(use: Use, to: Rewriter) -> Outcome:
    """``begin_create_or_update(...).result()`` has waited already."""
    if use.is_statement:
        return Statements(to.source(use.receiver) if isinstance(use.receiver, ast.Call) else "")
    return Replace("None")


@rule.converts("ComputeTarget.get_status", "ComputeTarget.status")
def status(use: Use, to: Rewriter) -> Outcome:
    """The compute as it is now."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.compute.get({to.source(use.receiver)}.name)")


@rule.converts("ComputeStatus.serialize", "ComputeTarget.serialize")
def serialize(use: Use, to: Rewriter) -> Outcome:
    """The entity prints itself; entries that are read are attributes."""
    assert use.receiver is not None
    compute = to.source(use.receiver)
    reads = [*reads_of(use.node, compute, to), *reads_of_variable(use, to)]
    unknown = sorted({key for _node, key, _owner in reads if key not in _ENTRIES})
    if unknown:
        return Leave(f"SDK v2 does not tell {', '.join(unknown)} of a compute: see ml_client.compute.list_nodes(name)")
    for node, key, owner in reads:
        to.rename(node, f"{owner}.{_ENTRIES[key]}")
    around = to.evaluator.scopes.parents.get(use.node)
    named = getattr(around.func, "attr", getattr(around.func, "id", "")) if isinstance(around, ast.Call) else ""
    if named in ("dump", "dumps"):
        return Replace(f"str({compute})", "a text: the entity of SDK v2 is no dict, and JSON cannot tell it")
    shown = named in ("print", "pprint", "format", "str", "") and not isinstance(around, (ast.Assign, ast.Return))
    return Replace(compute, "" if shown or reads else "an entity with attributes instead of a dict")


#: Entry of a serialized compute, or of its status -> the attribute of the entity.
_ENTRIES = {
    "name": "name",
    "location": "location",
    "computeType": "type",
    "provisioningState": "provisioning_state",
    "vmSize": "size",
    "description": "description",
    "tags": "tags",
}


@rule.converts("ComputeTarget.delete")
def delete(use: Use, to: Rewriter) -> Outcome:
    """Deletes the compute, and waits for it."""
    assert use.receiver is not None
    return Replace(f"{to.client(use.node)}.compute.begin_delete({to.source(use.receiver)}.name).result()")


#: The positional arguments of ``AmlCompute.update``.
_SIZES = ("min_nodes", "max_nodes", "idle_seconds_before_scaledown")


@rule.converts("ComputeTarget.update", "AmlCompute.update")
def update(use: Use, to: Rewriter) -> Outcome:
    """Changes the size of a cluster."""
    assert use.receiver is not None
    compute = to.source(use.receiver)
    lines = []
    for old, new in _KEYWORDS.items():
        value = use.argument(old, position=_SIZES.index(old) if old in _SIZES else None)
        if value is not None:
            lines.append(f"{compute}.{new} = {to.source(value)}")
    lines.append(f"{to.client(use.node)}.compute.begin_update({compute}).result()")
    if not use.is_statement:
        return Leave("call update in a statement of its own")
    return Statements("\n".join(lines))


#: The same attribute, or what has become of it.
_ATTRIBUTES = {
    "name": "name",
    "type": "type",
    "location": "location",
    "provisioning_state": "provisioning_state",
    "vm_size": "size",
    "id": "id",
}


#: The settings of a cluster's size.
_SCALE = {
    "minimum_node_count": "min_instances",
    "maximum_node_count": "max_instances",
    "idle_seconds_before_scaledown": "idle_time_before_scale_down",
}


@rule.converts(*(f"ComputeTarget.{member}" for member in _ATTRIBUTES))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute."""
    assert use.receiver is not None
    member = use.symbol.rsplit(".", 1)[1]
    review = "the types of SDK v2 are in lower case: amlcompute" if member == "type" else ""
    return Replace(f"{to.source(use.receiver)}.{_ATTRIBUTES[member]}", review)


_OPERATORS = {ast.Eq: "==", ast.NotEq: "!=", ast.In: "in", ast.NotIn: "not in"}


@rule.idiom
def compared_type(node: ast.expr, to: Rewriter) -> Replace | None:
    """``compute.type == "AmlCompute"``: the types of SDK v2 are in lower case (``ComputeType`` of azure.ai.ml)."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _OPERATORS:
        return None
    sides = (node.left, node.comparators[0])
    types = [side for side in sides if isinstance(side, ast.Attribute) and _is_type(side, to)]
    words = [side for side in sides if _texts(side)]
    if len(types) != 1 or len(words) != 1:
        return None
    left, right = (to.source(side).lower() if side in words else to.source(side) for side in sides)
    return Replace(f"{left} {_OPERATORS[type(node.ops[0])]} {right}")


def _is_type(node: ast.Attribute, to: Rewriter) -> bool:
    kind = to.evaluator.type_of(node.value) if node.attr == "type" else None
    return kind is not None and "ComputeTarget" in (kind, *_bases(kind))


def _texts(node: ast.expr) -> bool:
    """Whether it is a text, or a list of texts, that is written out."""
    items = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
    return all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in items)


@rule.converts("ComputeStatus.provisioning_state", "ComputeStatus.errors", "ComputeStatus.current_node_count")
@rule.converts(
    "ComputeStatus.state", "ComputeStatus.allocation_state", "ComputeStatus.allocation_state_transition_time"
)
def read_status(use: Use, to: Rewriter) -> Outcome:
    """The state of a compute."""
    assert use.receiver is not None
    if use.symbol.endswith(".state"):
        return Replace(f"{to.source(use.receiver)}.state", "assumed to be a compute instance: no other has a state")
    if "allocation" in use.symbol:
        return Replace(f"{to.source(use.receiver)}.provisioning_state", "SDK v2 tells only the provisioning state")
    attribute = {"errors": "provisioning_errors", "current_node_count": "max_instances"}
    member = use.symbol.rsplit(".", 1)[1]
    review = "SDK v2 does not say how many nodes there are now" if member == "current_node_count" else ""
    return Replace(f"{to.source(use.receiver)}.{attribute.get(member, member)}", review)


@rule.converts("ComputeStatus.scale_settings", "ComputeTarget.scale_settings", "ScaleSettings.serialize")
def scale_settings(use: Use, to: Rewriter) -> Outcome:
    """The cluster itself has them."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver), "the cluster itself has min_instances and max_instances")


@rule.converts(*(f"ScaleSettings.{member}" for member in _SCALE))
def read_scale(use: Use, to: Rewriter) -> Outcome:
    """How many nodes the cluster may have, and when they go."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{_SCALE[use.symbol.rsplit('.', 1)[1]]}")


@rule.converts("ComputeTargetException")
def exception(use: Use, to: Rewriter) -> Outcome:
    """What the client raises for a compute that is not there; for all that it refuses, where more is tried."""
    changes = any(other.symbol.endswith(_CHANGES) for other in tried_with(use, to))
    name = "HttpResponseError" if changes else "ResourceNotFoundError"
    if use.call is not None:
        return raised_by_code(use, "azure.core.exceptions", name, to)
    return caught(use, Replace(to.need("azure.core.exceptions", name)), to)


#: What the service may refuse for other reasons than that a compute is not there.
_CHANGES = (".create", ".attach", ".update", ".delete", ".detach", ".start", ".stop", ".restart")


def compute_of(node: ast.expr, to: Rewriter) -> str:
    """The code of a compute's name, from an object or a name, or from what may be both."""
    code = to.source(node)
    if _is_compute(node, to):
        literal = _literal_name(node, to)
        if literal is not None:
            return literal
        return f'getattr({code}, "name", {code})' if _is_chosen(node, to) else f"{code}.name"
    return f'getattr({code}, "name", {code})' if isinstance(node, ast.Name) and _is_chosen(node, to) else code


def _is_compute(node: ast.expr, to: Rewriter) -> bool:
    kind = to.evaluator.type_of(node)
    return kind is not None and "ComputeTarget" in (kind, *_bases(kind))


def _is_chosen(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is a compute in one branch, and a name in another: ``"local" if local else cluster``."""
    leaves = list(_leaves(node, to))
    names = [leaf for leaf, chosen in leaves if to.evaluator.text(leaf) is not None or (chosen and _is_other(leaf, to))]
    return bool(names) and any(_is_compute(leaf, to) for leaf, _chosen in leaves)


def _is_other(node: ast.expr, to: Rewriter) -> bool:
    return to.evaluator.type_of(node) is None and not is_none(node)


def _leaves(node: ast.expr, to: Rewriter, depth: int = 3) -> Iterator[tuple[ast.expr, bool]]:
    """What an expression may be, and whether a conditional expression chooses it."""
    if isinstance(node, ast.IfExp):
        for part in (node.body, node.orelse):
            yield from ((leaf, True) for leaf, _chosen in _leaves(part, to, depth))
    elif isinstance(node, ast.Name) and depth:
        for binding in to.evaluator.scopes.lookup(node.id, node):
            if binding.kind == "parameter":
                for evaluator, argument in to.evaluator.given(binding.scope.node, node.id):
                    if evaluator is to.evaluator:
                        yield from _leaves(argument, to, depth - 1)
            elif binding.kind == "assign" and binding.value is not None:
                yield from _leaves(binding.value, to, depth - 1)
    else:
        yield node, False


def _bases(kind: str) -> tuple[str, ...]:
    from amlbridge.migrate.analysis.symbols import lineage

    return lineage(kind)


def _literal_name(node: ast.expr, to: Rewriter) -> str | None:
    """The name itself where the compute is looked up in the same expression."""
    use = next((u for u in to.uses if u.node is node and u.symbol == "ComputeTarget"), None)
    name = use.argument("name", position=1) if use is not None else None
    return to.source(name) if name is not None and not Objects.of(to).names(node) else None
