"""Workspaces as Azure Resource Manager lists, creates, changes and deletes them, and their resource groups.

Any workspace that is named is created on first use. `Workspace.create` needs one exception: it looks first whether the
workspace exists, and fails when it does. It asks for the resource group right before, which nothing else does, so a
workspace that nobody has used is "not there" to the request that follows.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import workspace_changes as changes
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import Reply, Routes

routes = Routes("workspaces")

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{resource_group}}"
_PROVIDER = "providers/Microsoft.MachineLearningServices"
_TYPE = "Microsoft.MachineLearningServices/workspaces"
#: Without {workspace}: a parameter of that name would create the workspace before the operation is called.
_WORKSPACE = f"{_GROUP}/{_PROVIDER}/workspaces/{{name}}"
#: How long after a look at its resource group a workspace may be "not there", in seconds.
_CREATING = 20.0
_FILTER = re.compile(
    r"(?P<field>resourceType|resourceGroup|name)\s+eq\s+'(?P<value>[^']*)'"
    r"|substringof\('(?P<part>[^']*)',\s*name\)",
    re.IGNORECASE,
)


@routes.get(_WORKSPACE)
def get_workspace(call: Call) -> Reply:
    """The workspace, created on first use."""
    subscription, group, name = _names(call)
    looked = call.service.part("resource-groups-looked-at", dict[str, float])
    when = looked.pop(f"{subscription}/{group}".lower(), None)
    if when is not None and call.service.clock() - when < _CREATING and _find(call) is None:
        raise not_found(f"there is no workspace {name} in the resource group {group}", "ResourceNotFound")
    return changes.dto(call.service, call.records.workspaces.ensure(subscription, group, name))


@routes.operation("PUT", _WORKSPACE, others="`az rest` and infrastructure tools; both SDKs deploy a template")
def create_workspace(call: Call) -> Reply:
    """Creates the workspace, or replaces what can be set on it."""
    checked = changes.check(call.object)
    workspace = call.records.workspaces.ensure(*_names(call))
    return changes.dto(call.service, changes.apply(call.service, workspace, checked))


@routes.patch(_WORKSPACE)
def update_workspace(call: Call) -> Reply:
    """Changes tags, friendly name, description and other settings of the workspace."""
    checked = changes.check(call.object)
    return changes.dto(call.service, changes.apply(call.service, _existing(call), checked))


@routes.delete(_WORKSPACE)
def delete_workspace(call: Call) -> Reply:
    """Deletes the workspace with its experiments, runs, assets and files. Refused while runs of it are active."""
    workspace = _find(call)
    if workspace is None:
        return Response(status_code=204)
    changes.erase(call.service, workspace)
    return None


@routes.get(f"{_GROUP}/{_PROVIDER}/workspaces")
def list_in_group(call: Call) -> Reply:
    """The workspaces of a resource group."""
    return _of_kind(call, _of(call, call.params["resource_group"]))


@routes.get(f"{_SUBSCRIPTION}/{_PROVIDER}/workspaces")
def list_in_subscription(call: Call) -> Reply:
    """The workspaces of a subscription."""
    return _of_kind(call, _of(call))


@routes.get(f"{_SUBSCRIPTION}/resources")
def list_resources(call: Call) -> Reply:
    """The resources of a subscription, which are its workspaces, by $filter on type, group and name."""
    return _resources(call, _of(call))


@routes.get(f"{_GROUP}/resources")
def list_group_resources(call: Call) -> Reply:
    """The resources of a resource group, which are its workspaces, by $filter on type and name."""
    return _resources(call, _of(call, call.params["resource_group"]))


@routes.get(f"{_SUBSCRIPTION}/resourceGroups")
def list_groups(call: Call) -> Reply:
    """The resource groups that have a workspace."""
    names = {item.resource_group.lower(): item.resource_group for item in _of(call)}
    return {"value": [_group(call, name) for name in names.values()]}


@routes.get(_GROUP)
def get_group(call: Call) -> Reply:
    """One resource group; any name is one."""
    looked = call.service.part("resource-groups-looked-at", dict[str, float])
    looked[f"{call.params['subscription']}/{call.params['resource_group']}".lower()] = call.service.clock()
    return _group(call, call.params["resource_group"])


@routes.operation("HEAD", _GROUP)
def group_exists(call: Call) -> Reply:
    """Whether a resource group exists: any does."""
    return Response(status_code=204)


@routes.put(_GROUP)
def create_group(call: Call) -> Reply:
    """Creates a resource group; it exists by being named."""
    typed(call.object, "location", str, None)
    return _group(call, call.params["resource_group"])


@routes.operation(
    "DELETE",
    _GROUP,
    refused="Deleting a resource group would delete all of its workspaces: delete those, or use `amlbridge reset`.",
)
def delete_group(call: Call) -> Reply:
    """Deletes a resource group."""


@routes.post("/WS/listKeys")
def list_keys(call: Call) -> Reply:
    """The keys of what belongs to the workspace: its storage account, and a registry that is none."""
    account = call.workspace.storage_account
    return {
        "userStorageKey": call.service.issuer.account_key(account),
        "userStorageResourceId": changes.dto(call.service, call.workspace)["properties"]["storageAccount"],
        "appInsightsInstrumentationKey": "",
        # Clients ask for them before they pull an image. There is no registry: they open nothing.
        "containerRegistryCredentials": {
            "location": "local",
            "username": call.workspace.name,
            "passwords": [{"name": "password", "value": "unused"}],
        },
        "notebookAccessKeys": None,
    }


@routes.post("/WS/resynckeys")
def sync_keys(call: Call) -> Reply:
    """Takes changed keys over: keys do not change here."""


@routes.post("/WS/diagnose")
def diagnose(call: Call) -> Reply:
    """What is wrong with the workspace's set-up: nothing that Azure looks for exists here."""
    kinds = ("userDefinedRoute", "networkSecurityRule", "resourceLock", "dnsResolution", "storageAccount", "keyVault")
    more = ("containerRegistry", "applicationInsights", "other")
    return {"value": {f"{kind}Results": [] for kind in (*kinds, *more)}}


@routes.post(f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{account}}/listKeys")
def list_storage_keys(call: Call) -> Reply:
    """The keys of a workspace's storage account."""
    account = call.params["account"]
    if account not in {item.storage_account for item in _of(call)}:
        raise not_found(f"there is no storage account {account} in this subscription", "ResourceNotFound")
    key = call.service.issuer.account_key(account)
    return {"keys": [{"keyName": name, "value": key, "permissions": "FULL"} for name in ("key1", "key2")]}


_INSIGHTS = "Microsoft.Insights/components"


@routes.get(f"{_GROUP}/providers/{_INSIGHTS}/{{name}}")
def get_insights(call: Call) -> Reply:
    """The Application Insights of a workspace, which SDK v2 looks at before it deletes them."""
    name, group = call.params["name"], call.params["resource_group"]
    owner = next((item for item in _of(call, group) if item.storage_account == name), None)
    if owner is None:
        raise not_found(f"there is no Application Insights {name} in the resource group {group}", "ResourceNotFound")
    location = owner.properties.get("location", "local")
    return {"id": call.path, "name": name, "type": _INSIGHTS, "location": location, "properties": {}}


for _kind in ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", _INSIGHTS):

    @routes.delete(f"{_GROUP}/providers/{_kind}/{{name}}")
    def delete_dependency(call: Call) -> Reply:
        """Deletes what was created with a workspace: it goes when the workspace does, so there is nothing to do."""
        return Response(status_code=204)


_NO_NETWORK = "The service is reached on this machine only: it has no private endpoints."
_REFUSED = (
    ("GET", "/WS/privateLinkResources", _NO_NETWORK),
    ("PUT", "/WS/privateEndpointConnections/{id}", _NO_NETWORK),
    ("DELETE", "/WS/privateEndpointConnections/{id}", _NO_NETWORK),
    (
        "PUT",
        "/WS/providers/Microsoft.Authorization/roleAssignments/{id}",
        "A local workspace belongs to the user who started it and cannot be shared by role assignments.",
    ),
)


def _refused(call: Call) -> Reply:
    """Private endpoints, role assignments."""


for _method, _path, _reason in _REFUSED:
    routes.operation(_method, _path, refused=_reason)(_refused)


def _names(call: Call) -> tuple[str, str, str]:
    return call.params["subscription"], call.params["resource_group"], call.params["name"]


def _find(call: Call) -> Workspace | None:
    key = [part.lower() for part in _names(call)]
    for item in call.records.workspaces.list():
        if [item.subscription_id.lower(), item.resource_group.lower(), item.name.lower()] == key:
            return item
    return None


def _existing(call: Call) -> Workspace:
    found = _find(call)
    if found is None:
        raise not_found(f"there is no workspace {call.params['name']}", "ResourceNotFound")
    return found


def _of(call: Call, group: str | None = None) -> list[Workspace]:
    subscription = call.params["subscription"].lower()
    return [
        item
        for item in call.records.workspaces.list()
        if item.subscription_id.lower() == subscription
        and (group is None or item.resource_group.lower() == group.lower())
    ]


def _of_kind(call: Call, items: list[Workspace]) -> Reply:
    """A list of workspaces, by the query's ``kind``: hubs, projects and feature stores there are none."""
    wanted = [kind.strip().lower() for kind in call.query.get("kind", "").split(",") if kind.strip()]
    shown = items if not wanted or "default" in wanted else []
    return {"value": [changes.dto(call.service, item) for item in shown]}


def _group(call: Call, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{call.params['subscription']}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": changes.LOCATION,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def _resources(call: Call, items: list[Workspace]) -> Reply:
    for condition in re.split(r"\s+and\s+", call.query.get("filter", "").strip()):
        if not condition:
            continue
        parsed = _FILTER.fullmatch(condition)
        if parsed is None:
            raise bad_request(
                f"$filter: {condition!r} is not understood; what is: resourceType, resourceGroup or name eq '…', and "
                "substringof('…', name)"
            )
        items = [item for item in items if _fulfils(item, parsed)]
    keys = ("id", "name", "type", "location", "tags", "sku", "identity")
    described = [changes.dto(call.service, item) for item in items]
    return {"value": [{key: item[key] for key in keys} for item in described]}


def _fulfils(item: Workspace, condition: re.Match[str]) -> bool:
    if condition["part"] is not None:
        return condition["part"].lower() in item.name.lower()
    has = {"resourcetype": _TYPE, "resourcegroup": item.resource_group, "name": item.name}
    return has[condition["field"].lower()].lower() == condition["value"].lower()
