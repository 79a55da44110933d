"""What a cluster has beside its size: its network, its identity, and how people log in to its nodes."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

_SUBNET = '"/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}"'
_ENTITIES = "azure.ai.ml.entities"

#: Settings that a description of a cluster may be given later -> attributes of ``AmlCompute``.
SETTINGS = {
    "vm_size": "size",
    "vm_priority": "tier",
    "min_nodes": "min_instances",
    "max_nodes": "max_instances",
    "idle_seconds_before_scaledown": "idle_time_before_scale_down",
    "tags": "tags",
    "description": "description",
    "location": "location",
    "compute_location": "location",
    "enable_node_public_ip": "enable_node_public_ip",
}
#: Those that are parts of one object in SDK v2 -> the attribute with it.
TOGETHER = {
    "vnet_resourcegroup_name": "network_settings",
    "vnet_name": "network_settings",
    "subnet_name": "network_settings",
    "admin_username": "ssh_settings",
    "admin_user_password": "ssh_settings",
    "admin_user_ssh_key": "ssh_settings",
}


def set_together(use: Use, name: str, to: Rewriter) -> str:
    """The statement that takes the place of several assignments of a block, where the last one stands; "" for the
    others. Raises ValueError where the block does not say all that SDK v2 needs."""
    receiver, block = use.receiver_value, to.evaluator.scopes.block(use.statement) or []
    members = Objects.of(to).members(receiver.origin) if receiver is not None and receiver.origin is not None else []
    given: dict[str, Use] = {}
    for other in members:
        key = other.symbol.rpartition(".")[2].removesuffix("=")
        if TOGETHER.get(key) == TOGETHER[name] and isinstance(other.statement, ast.Assign) and other.statement in block:
            given[key] = other
    if use is not max(given.values(), key=lambda other: other.statement.lineno):
        return ""
    keywords = {key: other.statement.value for key, other in given.items() if isinstance(other.statement, ast.Assign)}
    if not keywords.keys() & {"subnet_name", "admin_username"}:
        raise ValueError(f"{TOGETHER[name]} of a cluster needs its subnet or its user beside it: set them together")
    assert isinstance(use.statement, ast.Assign) and isinstance(use.statement.targets[0], ast.Attribute)
    made = network(use, keywords, to) if "subnet_name" in keywords else _login(keywords, to)
    return f"{to.source(use.statement.targets[0].value)}.{TOGETHER[name]} = {made}"


def _login(keywords: Mapping[str, ast.expr], to: Rewriter) -> str:
    names = {"admin_username": "admin_username", "admin_password": "admin_user_password"}
    names["ssh_key_value"] = "admin_user_ssh_key"
    parts = [f"{new}={to.source(keywords[old])}" for new, old in names.items() if old in keywords]
    return f"{to.need(_ENTITIES, 'AmlComputeSshSettings')}({', '.join(parts)})"


def more_of_cluster(use: Use, keywords: Mapping[str, ast.expr], to: Rewriter) -> list[str]:
    """The keywords of ``AmlCompute`` for what ``provisioning_configuration`` is given in ``keywords``."""
    found = []
    if "subnet_name" in keywords:
        found.append(f"network_settings={network(use, keywords, to)}")
    if "admin_username" in keywords:
        found.append(f"ssh_settings={_login(keywords, to)}")
    access = keywords.get("remote_login_port_public_access")
    if access is not None:
        text = to.evaluator.text(access)
        said = str(text.lower() == "enabled") if text is not None else f'{to.source(access)} == "Enabled"'
        found.append(f"ssh_public_access_enabled={said}")
    if "identity_type" in keywords:
        found.append(f"identity={_identity(keywords, to)}")
    if "enable_node_public_ip" in keywords:
        found.append(f"enable_node_public_ip={to.source(keywords['enable_node_public_ip'])}")
    return found


def network(use: Use, keywords: Mapping[str, ast.expr], to: Rewriter) -> str:
    """The network. One in another resource group than the workspace's is named by its whole id; one that may be None
    when the code runs is none."""
    make = to.need(_ENTITIES, "NetworkSettings")
    subnet, vnet, group = (keywords.get(name) for name in ("subnet_name", "vnet_name", "vnet_resourcegroup_name"))
    assert subnet is not None
    if group is not None and vnet is not None:
        parts = [f"{to.client(use.node)}.subscription_id", *(to.source(node) for node in (group, vnet, subnet))]
        code = f"{make}(subnet={_SUBNET}.format({', '.join(parts)}))"
    else:
        name = f"vnet_name={to.source(vnet)}, " if vnet is not None else ""
        code = f"{make}({name}subnet={to.source(subnet)})"
    return code if to.evaluator.text(subnet) is not None else f"{code} if {to.source(subnet)} else None"


def _identity(keywords: Mapping[str, ast.expr], to: Rewriter) -> str:
    """The identity. Raises ValueError for kinds that are known only when the code runs."""
    kinds = {"systemassigned": "system_assigned", "userassigned": "user_assigned"}
    kind = kinds.get((to.evaluator.text(keywords["identity_type"]) or "").lower())
    if kind is None:
        raise ValueError(
            "the kind of the cluster's identity cannot be told: give it identity=IdentityConfiguration(...)"
        )
    make, listed = to.need(_ENTITIES, "IdentityConfiguration"), ""
    if "identity_id" in keywords:
        one = to.need(_ENTITIES, "ManagedIdentityConfiguration")
        ids = keywords["identity_id"]
        if isinstance(ids, ast.List):
            listed = f"[{', '.join(f'{one}(resource_id={to.source(node)})' for node in ids.elts)}]"
        else:
            listed = f"[{one}(resource_id=resource_id) for resource_id in {to.source(ids)}]"
    return f'{make}(type="{kind}"{f", user_assigned_identities={listed}" if listed else ""})'
