"""What is known of a workspace: the dict of ``get_details()`` becomes the workspace's entity.

``details["storageAccount"]`` and ``details.get("storageAccount")`` are its attribute ``storage_account``; the identity
has its parts as attributes as well. An entry that the entity has not keeps the dict of SDK v1.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: Entry of the details -> the attribute of the workspace's entity.
_DETAILS = {
    "id": "id",
    "name": "name",
    "location": "location",
    "tags": "tags",
    "friendlyName": "display_name",
    "description": "description",
    "storageAccount": "storage_account",
    "keyVault": "key_vault",
    "applicationInsights": "application_insights",
    "containerRegistry": "container_registry",
    "discoveryUrl": "discovery_url",
    "hbiWorkspace": "hbi_workspace",
    "imageBuildCompute": "image_build_compute",
    "publicNetworkAccess": "public_network_access",
    "identityPrincipalId": "identity.principal_id",
    "identityTenantId": "identity.tenant_id",
}
#: Entry of the identity, which is a dict within the details -> its attribute.
_IDENTITY = {
    "principal_id": "identity.principal_id",
    "principalId": "identity.principal_id",
    "tenant_id": "identity.tenant_id",
    "tenantId": "identity.tenant_id",
}


def asked_of(node: ast.expr, to: Rewriter) -> Use | None:
    """The call of get_details that an expression reads an entry of, or an entry of an entry."""
    inner = _read_of(node)
    while inner is not None:
        use = to.use_of(inner)
        if use is not None:
            return use if use.symbol == "Workspace.get_details" else None
        inner = _read_of(inner)
    return None


def _read_of(node: ast.expr) -> ast.expr | None:
    """What an entry is read of: ``X["key"]``, ``X.get("key")``."""
    if isinstance(node, ast.Subscript):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return node.func.value
    return None


def read_entries(use: Use, to: Rewriter) -> None:
    """Writes ``details["name"]`` as an attribute. Raises ValueError for an entry that the entity has not."""
    variable = Objects.of(to).variable(use.node)
    scopes = to.evaluator.scopes
    for name in Objects.of(to).reads(variable.id) if variable is not None else ():
        around = scopes.parents.get(name)
        if not isinstance(around, (ast.Subscript, ast.Attribute)) or around.value is not name:
            continue
        if not any(binding.node is variable for binding in scopes.lookup(name.id, name)):
            continue
        found = entry_of(name, to)
        if found is None:
            raise ValueError(f"the entity of a workspace has no {_key(around)}")
        to.rename(found[0], f"{name.id}.{found[1]}")


def _key(around: ast.Subscript | ast.Attribute) -> str:
    return ast.unparse(around.slice) if isinstance(around, ast.Subscript) else around.attr


def entry_of(held: ast.expr, to: Rewriter) -> tuple[ast.expr, str] | None:
    """The expression that reads an entry of what holds the details, and the attribute of the entity that has it."""
    read = _next_read(held, to)
    if read is None:
        return None
    node, key = read
    if key != "identity":
        return (node, _DETAILS[key]) if key in _DETAILS else None
    inner = _next_read(node, to)
    return (inner[0], _IDENTITY[inner[1]]) if inner is not None and inner[1] in _IDENTITY else None


def _next_read(held: ast.expr, to: Rewriter) -> tuple[ast.expr, str] | None:
    """The expression that reads an entry of what an expression gives, and the entry's name."""
    parents = to.evaluator.scopes.parents
    around = parents.get(held)
    if isinstance(around, ast.Subscript) and around.value is held and isinstance(around.ctx, ast.Load):
        key = to.evaluator.text(around.slice)
        return (around, key) if key is not None else None
    call = parents.get(around) if isinstance(around, ast.Attribute) and around.attr == "get" else None
    if isinstance(call, ast.Call) and call.func is around and len(call.args) == 1 and not call.keywords:
        key = to.evaluator.text(call.args[0])
        return (call, key) if key is not None else None
    return None
