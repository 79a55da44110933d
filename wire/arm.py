"""Azure Resource Manager, as far as a workspace needs it."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.bootstrap import discovery_url
from amlbridge.wire.context import Call, Service
from amlbridge.wire.identity import TENANT
from amlbridge.wire.registry_scope import is_registry
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.subscription_hints import subscriptions_of_caller

routes = Routes("arm")


@routes.get("/subscriptions")
def list_subscriptions(call: Call) -> Reply:
    """Every subscription that has a workspace, and those that the calling program names.

    The v1 client refuses a subscription that is not in this list before it asks for the workspace.
    """
    workspaces = [item for item in call.records.workspaces.list() if not is_registry(item)]
    known = {item.subscription_id.lower(): item.subscription_id for item in workspaces}
    for name in subscriptions_of_caller(call):
        known.setdefault(name.lower(), name)
    found = [_subscription(call, name) for name in known.values()]
    return {"value": found, "count": {"type": "Total", "value": len(found)}}


@routes.get("/subscriptions/{subscription}")
def get_subscription(call: Call) -> Reply:
    """One subscription; any name is one."""
    return _subscription(call, call.params["subscription"])


@routes.get("/tenants")
def list_tenants(call: Call) -> Reply:
    """The tenant that the caller has signed in to."""
    tenant = _tenant(call)
    return {"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant}]}


def _tenant(call: Call) -> str:
    return call.identity.tenant if call.identity is not None else TENANT


def _subscription(call: Call, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{name}",
        "subscriptionId": name,
        "displayName": f"amlbridge ({name})",
        "state": "Enabled",
        "tenantId": _tenant(call),
        "authorizationSource": "RoleBased",
    }


def workspace_dto(service: Service, workspace: Workspace) -> dict[str, Any]:
    """The ARM form of a workspace."""
    group = f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}/providers"
    custom = workspace.properties
    return {
        "id": workspace.scope,
        "name": workspace.name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": custom.get("location", "local"),
        "tags": custom.get("tags", {}),
        # The v2 client filters lists by it, and fails on null.
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {"principalId": TENANT, "tenantId": TENANT, "type": "SystemAssigned"},
        "properties": {
            "workspaceId": workspace.id,
            "friendlyName": custom.get("friendlyName") or workspace.name,
            "description": custom.get("description") or "",
            "creationTime": iso(workspace.created),
            "provisioningState": "Succeeded",
            "discoveryUrl": discovery_url(service, workspace.id),
            "mlFlowTrackingUri": f"{service.http_url}/mlflow/v1.0{workspace.scope}",
            "storageAccount": f"{group}/Microsoft.Storage/storageAccounts/{workspace.storage_account}",
            "keyVault": f"{group}/Microsoft.Keyvault/vaults/{workspace.storage_account}",
            "applicationInsights": f"{group}/Microsoft.insights/components/{workspace.storage_account}",
            "hbiWorkspace": False,
            "v1LegacyMode": False,
        },
    }
