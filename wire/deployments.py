"""ARM template deployments, as far as creating a workspace needs them (`Workspace.create`, `begin_create`).

The template names a key vault, a storage account and the like beside the workspace. Those do not exist as such here, so
only the workspace is created; any other kind of template is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.wire import workspace_changes as changes
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.routing import Reply, Routes

routes = Routes("deployments")

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{resource_group}}"
_DEPLOYMENTS = "/providers/Microsoft.Resources/deployments"
_WORKSPACES = "microsoft.machinelearningservices/workspaces"
_PARAMETER = re.compile(r"\[parameters\('(\w+)'\)\]")
#: Regions where a workspace may say that it is; "local" is where it really is.
# fmt: off
_REGIONS = [
    "local", "Australia Central", "Australia East", "Australia Southeast", "Brazil South", "Brazil Southeast",
    "Canada Central", "Canada East", "Central India", "Central US", "East Asia", "East US", "East US 2",
    "France Central", "France South", "Germany North", "Germany West Central", "Israel Central", "Italy North",
    "Japan East", "Japan West", "Jio India West", "Korea Central", "Korea South", "Mexico Central",
    "North Central US", "North Europe", "Norway East", "Norway West", "Poland Central", "Qatar Central",
    "South Africa North", "South Africa West", "South Central US", "South India", "Southeast Asia", "Spain Central",
    "Sweden Central", "Switzerland North", "Switzerland West", "UAE Central", "UAE North", "UK South", "UK West",
    "West Central US", "West Europe", "West India", "West US", "West US 2", "West US 3",
]
# fmt: on


@routes.get(f"{_SUBSCRIPTION}/providers/{{namespace}}")
def get_provider(call: Call) -> Reply:
    """A resource provider and the regions where it is: all of them."""
    namespace = call.params["namespace"]
    kinds = ("workspaces", "workspaces/computes") if namespace.lower() == _WORKSPACES.partition("/")[0] else ()
    return {
        "id": call.path,
        "namespace": namespace,
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": kind, "locations": _REGIONS, "apiVersions": ["2022-05-01"]} for kind in kinds
        ],
    }


@routes.get(f"{_SUBSCRIPTION}{_DEPLOYMENTS}")
def list_subscription_deployments(call: Call) -> Reply:
    """The deployments at a subscription: there are none."""
    return {"value": []}


@routes.put(f"{_GROUP}{_DEPLOYMENTS}/{{name}}")
def deploy(call: Call) -> Reply:
    """Creates the workspace that a template describes; it is done when this answers."""
    properties = call.field("properties", dict)
    template = typed(properties, "template", dict)
    parameters = _parameters(template, typed(properties, "parameters", dict, {}))
    resources: list[Any] = typed(template, "resources", list, [])
    if not all(isinstance(item, dict) for item in resources):
        raise bad_request("the template's resources must be objects")
    found = [item for item in resources if str(item.get("type", "")).lower() == _WORKSPACES]
    if len(found) != 1:
        raise ServiceError(
            400,
            "DeploymentNotSupported",
            "amlbridge deploys templates that describe exactly one Azure ML workspace, no other ones",
        )
    described = _resolve(found[0], parameters)
    name = typed(described, "name", str)
    checked = changes.check(described)
    workspace = call.records.workspaces.ensure(call.params["subscription"], call.params["resource_group"], name)
    changes.apply(call.service, workspace, checked)
    # Not the nested deployments: the client stops to report at the first name that it does not know.
    named = [item for item in resources if not str(item.get("type", "")).lower().endswith("/deployments")]
    names = [(str(item.get("type")), str(_resolve(item.get("name"), parameters))) for item in named]
    deployment = {
        "id": call.path,
        "name": call.params["name"],
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "provisioningState": "Succeeded",
            "timestamp": iso(call.service.clock()),
            "duration": "PT0S",
            "mode": "Incremental",
            "correlationId": call.params["name"],
            "providers": [],
            "dependencies": [],
            "outputResources": [{"id": workspace.scope}],
        },
    }
    _known(call)[_key(call)] = (deployment, names)
    return deployment


@routes.get(f"{_GROUP}{_DEPLOYMENTS}/{{name}}")
def get_deployment(call: Call) -> Reply:
    """A deployment since the service was started: it has succeeded."""
    return _get(call)[0]


@routes.get(f"{_GROUP}/deployments/{{name}}/operations")
@routes.get(f"{_GROUP}{_DEPLOYMENTS}/{{name}}/operations")
def list_operations(call: Call) -> Reply:
    """What a deployment did with each resource of its template."""
    _, resources = _get(call)
    operations = []
    for number, (kind, name) in enumerate(resources):
        properties = {
            "provisioningState": "Succeeded",
            "duration": "PT0S",
            "statusCode": "OK",
            "targetResource": {"resourceType": kind, "resourceName": name},
        }
        operations.append({"id": f"{call.path}/{number}", "operationId": str(number), "properties": properties})
    return {"value": operations}


def _known(call: Call) -> dict[str, tuple[dict[str, Any], list[tuple[str, str]]]]:
    """Deployments since the start; what they created is recorded, they themselves need not be."""
    return call.service.part("deployments", dict)


def _key(call: Call) -> str:
    return "/".join(call.params[part] for part in ("subscription", "resource_group", "name")).lower()


def _get(call: Call) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    found = _known(call).get(_key(call))
    if found is None:
        raise not_found(f"there is no deployment {call.params['name']}", "DeploymentNotFound")
    return found


def _parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, declared in typed(template, "parameters", dict, {}).items():
        if isinstance(declared, dict) and "defaultValue" in declared:
            values[name] = declared["defaultValue"]
    for name, item in given.items():
        values[name] = item.get("value") if isinstance(item, dict) else item
    return values


def _resolve(value: Any, parameters: Mapping[str, Any], depth: int = 0) -> Any:
    """``[parameters('x')]`` filled in. Other template expressions are left out: no setting that is kept needs them."""
    if depth > 50:
        raise bad_request("the template is nested more than 50 levels deep")
    if isinstance(value, dict):
        return {key: _resolve(item, parameters, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, parameters, depth + 1) for item in value]
    if not isinstance(value, str) or not value.startswith("["):
        return value
    name = _PARAMETER.fullmatch(value)
    return parameters.get(name[1]) if name else None
