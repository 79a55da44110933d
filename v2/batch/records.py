"""Batch endpoints and deployments as they are kept, and as the clients read them."""

from __future__ import annotations

import re
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets.asset import system_data
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, not_found

ENDPOINT, DEPLOYMENT = "batch_endpoint", "batch_deployment"
#: The client's own rule for the names of endpoints and deployments.
_NAME = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]{1,30}[a-zA-Z0-9])")
_TYPE = "Microsoft.MachineLearningServices/workspaces/batchEndpoints"
#: Where jobs are started and listed: the client reads the address of listings from the discovery, ours is one.
JOBS_PREFIX = "/mferp/managementfrontend"


def check_name(name: str, what: str) -> str:
    """A name as given. Raises a 400 ServiceError for one that cannot be."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name[:60]!r} cannot be the name of {what}: 3 to 32 letters, digits and '-', a letter first, no '-' last",
            "InvalidName",
        )
    return name


def endpoint_of(call: Call) -> Resource:
    """The endpoint of the path. Raises a 404 ServiceError."""
    name = call.params["endpoint"]
    found = call.records.resources.find(call.workspace.id, ENDPOINT, name.lower())
    if found is None:
        raise not_found(f"there is no batch endpoint {name} in the workspace {call.workspace.name}")
    return found


def find_deployment(service: Service, workspace: Workspace, endpoint: Resource, name: str) -> Resource | None:
    """A deployment of an endpoint, or None."""
    return service.records.resources.find(workspace.id, DEPLOYMENT, endpoint.name, name.lower())


def deployment_of(call: Call) -> tuple[Resource, Resource]:
    """The endpoint and the deployment of the path. Raises a 404 ServiceError."""
    endpoint = endpoint_of(call)
    found = find_deployment(call.service, call.workspace, endpoint, call.params["deployment"])
    if found is None:
        raise no_deployment(call, endpoint, call.params["deployment"])
    return endpoint, found


def no_deployment(call: Call, endpoint: Resource, name: str) -> Exception:
    """The 404 for a deployment that is not there."""
    known = deployments(call.service, call.workspace, endpoint)
    has = ", ".join(item.body["name"] for item in known) or "none"
    return not_found(f"the batch endpoint {endpoint.body['name']} has no deployment {name}; it has: {has}")


def deployments(service: Service, workspace: Workspace, endpoint: Resource) -> list[Resource]:
    """The deployments of an endpoint, the oldest first."""
    return service.records.resources.list(workspace.id, DEPLOYMENT, endpoint.name)


def scoring_uri(service: Service, workspace: Workspace, endpoint: Resource) -> str:
    """Where an endpoint is invoked."""
    return f"{service.http_url}{JOBS_PREFIX}{workspace.scope}/batchEndpoints/{endpoint.body['name']}/jobs"


def endpoint_dto(call: Call, endpoint: Resource) -> dict[str, Any]:
    """An endpoint as the clients read it."""
    body = endpoint.body
    uri = scoring_uri(call.service, call.workspace, endpoint)
    return {
        "id": f"{call.workspace.scope}/batchEndpoints/{body['name']}",
        "name": body["name"],
        "type": _TYPE,
        "location": body["location"],
        "tags": body["tags"],
        "kind": None,
        "identity": None,
        "systemData": system_data(endpoint.created, endpoint.modified),
        "properties": {
            "authMode": "AADToken",
            "description": body["description"],
            "properties": body["properties"],
            "defaults": {"deploymentName": body["default"]},
            "provisioningState": "Succeeded",
            "scoringUri": uri,
            "swaggerUri": None,
        },
    }


def deployment_dto(call: Call, endpoint: Resource, deployment: Resource) -> dict[str, Any]:
    """A deployment as the clients read it."""
    body = deployment.body
    return {
        "id": f"{call.workspace.scope}/batchEndpoints/{endpoint.body['name']}/deployments/{body['name']}",
        "name": body["name"],
        "type": f"{_TYPE}/deployments",
        "location": body["location"],
        "tags": body["tags"],
        "kind": None,
        "identity": None,
        "systemData": system_data(deployment.created, deployment.modified),
        "properties": {**body["properties"], "provisioningState": "Succeeded"},
    }
