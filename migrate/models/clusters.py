"""What a cluster has beside its size: its network, its identity, and how people log in to its nodes."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

_SUBNET = '"/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}"'
_ENTITIES = "azure.ai.ml.entities"


def more_of_cluster(use: Use, keywords: Mapping[str, ast.expr], to: Rewriter) -> list[str]:
    """The keywords of ``AmlCompute`` for what ``provisioning_configuration`` is given in ``keywords``."""
    found = []
    if "subnet_name" in keywords:
        found.append(f"network_settings={network(use, keywords, to)}")
    if "admin_username" in keywords:
        names = {"admin_username": "admin_username", "admin_password": "admin_user_password"}
        names["ssh_key_value"] = "admin_user_ssh_key"
        parts = [f"{new}={to.source(keywords[old])}" for new, old in names.items() if old in keywords]
        found.append(f"ssh_settings={to.need(_ENTITIES, 'AmlComputeSshSettings')}({', '.join(parts)})")
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
