"""Computes: names that steps ask for, with a bound on how many nodes of them run at once.

Every compute is this machine. AmlCompute, ComputeInstance and Kubernetes are kept as their users configure them, and
are ready the moment they are created; of what is attached from other services there is a record
(:mod:`amlbridge.wire.attached_computes`). Both SDKs use the ARM routes; v1 reads through ``/rp/workspaces`` (protocol
notes, section 3).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import assumed_computes, attached_computes, databricks, unfound_computes
from amlbridge.wire import compute_bodies as bodies
from amlbridge.wire.assumed_names import NAMES
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.identity import TENANT, USER, USER_NAME
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("computes")

KIND = bodies.KIND
_PAGE = 100
#: A compute that bounds nothing: the machine's cores still do.
_UNBOUNDED = 1_000_000


def exists(service: Service, workspace: Workspace, name: str) -> bool:
    """Whether the workspace has a compute of this name."""
    return _find(service, workspace, name) is not None


def work_refused(service: Service, workspace: Workspace, name: str) -> str | None:
    """Why nothing can run on a compute that is there, with the way out; None when it can."""
    found = _find(service, workspace, name)
    return None if found is None else attached_computes.work_refused(name, found.body["computeType"])


def databricks_access(service: Service, workspace: Workspace, name: str) -> databricks.Access:
    """Where the Databricks workspace is that was attached under this name, and the token for it. Raises a 400
    :class:`ServiceError` when it is none, or when either is not known."""
    body = service.records.resources.get(workspace.id, KIND, name.lower()).body
    if body["computeType"] != attached_computes.DATABRICKS:
        raise bad_request(
            f"{name} is {body['computeType']}: DatabricksStep runs on an attached Databricks workspace only"
        )
    return databricks.access(name, body["properties"], body.get("secrets", {}))


def max_nodes(service: Service, workspace: Workspace, name: str) -> int | None:
    """How many nodes of a compute may be in use at once; None when there is no such compute."""
    found = _find(service, workspace, name)
    if found is None:
        return None
    if found.body["computeType"] == bodies.CLUSTER:
        return int(found.body["properties"]["scaleSettings"]["maxNodeCount"])
    return 1 if found.body["computeType"] == bodies.INSTANCE else _UNBOUNDED


@routes.get("/rp/workspaces/WS/computes")
@routes.get("/WS/computes")
def list_computes(call: Call) -> Reply:
    """The computes of the workspace, in the order in which they were created."""
    skip = call.query.get("skip", "0")
    if not skip.isdecimal() or len(skip) > 9:
        raise bad_request(f"$skip must be a whole number, not {skip!r}")
    kind = call.query.get("computetype", "").lower()
    assumed_computes.ensure(call, *NAMES)
    found = [
        item
        for item in call.records.resources.list(call.workspace.id, KIND)
        if kind in ("", item.body["computeType"].lower())
    ]
    unfound_computes.note(call.service, call.workspace, None)
    page = found[int(skip) : int(skip) + _PAGE]
    answer: dict[str, Any] = {"value": [dto(call.service, call.workspace, item) for item in page]}
    if int(skip) + _PAGE < len(found):
        # Absent on the last page: the v1 client looks for the key, not for its value.
        answer["nextLink"] = f"{_base(call)}{call.path}?$skip={int(skip) + _PAGE}"
        if kind:
            answer["nextLink"] += f"&computeType={kind}"
    return answer


@routes.get("/rp/workspaces/WS/computes/{name}")
@routes.get("/WS/computes/{name}")
def get_compute(call: Call) -> Reply:
    """One compute."""
    return dto(call.service, call.workspace, _get(call))


@routes.put("/WS/computes/{name}")
def create_compute(call: Call) -> Reply:
    """Creates or attaches a compute, or changes the settings of one that can change."""
    name, location = call.params["name"], call.workspace.properties.get("location", "local")
    with call.records.database.write():
        existing = _find(call.service, call.workspace, name)
        old = existing.body if existing is not None else None
        body = bodies.create(name, call.object, location=location, old=old)
        if existing is not None:
            if existing.body["computeType"] != body["computeType"]:
                raise conflict(f"{name} exists as {existing.body['computeType']}: delete it, or choose another name")
            old, new = existing.body["properties"].get("vmSize"), body["properties"].get("vmSize")
            if old != new:
                raise conflict(f"the VM size of {name} is {old} and cannot be changed: delete the compute first")
            body["name"], body["state"] = existing.body["name"], existing.body["state"]
        item = call.records.resources.put(call.workspace.id, KIND, name.lower(), body)
    content = dto(call.service, call.workspace, item)
    return JsonResponse(content, 201 if existing is None else 200, headers=_operation_headers(call))


@routes.patch("/WS/computes/{name}")
def update_compute(call: Call) -> Reply:
    """Changes scale settings, tags, description and identity."""
    # AmlCompute.remove_identity encodes its body twice.
    request = replace(call, body=call.json.encode()).object if isinstance(call.json, str) else call.object
    with call.records.database.write():
        found = _get(call)
        body = bodies.update(found.body, request)
        item = call.records.resources.put(call.workspace.id, KIND, found.name, body)
    return JsonResponse(dto(call.service, call.workspace, item), headers=_operation_headers(call))


@routes.delete("/WS/computes/{name}")
def delete_compute(call: Call) -> Reply:
    """Deletes a compute (underlyingResourceAction=Delete), or detaches an attached one (Detach)."""
    found = _get(call)
    action = call.query.get("underlyingresourceaction", "").lower()
    if action not in ("delete", "detach"):
        raise bad_request("underlyingResourceAction must be Delete or Detach")
    attached = bodies.is_attached(found.body)
    if attached != (action == "detach"):
        raise bad_request(f"{found.body['name']} is {'attached: detach' if attached else 'not attached: delete'} it")
    call.records.resources.delete(call.workspace.id, KIND, found.name)
    return Response(status_code=202, headers=_operation_headers(call))


@routes.post("/WS/computes/{name}/start")
def start_instance(call: Call) -> Reply:
    """Starts a compute instance."""
    return _set_state(call, "Running")


@routes.post("/WS/computes/{name}/stop")
def stop_instance(call: Call) -> Reply:
    """Stops a compute instance."""
    return _set_state(call, "Stopped")


@routes.post("/WS/computes/{name}/restart")
def restart_instance(call: Call) -> Reply:
    """Restarts a compute instance."""
    return _set_state(call, "Running")


@routes.post("/WS/computes/{name}/enableSso")
def enable_single_sign_on(call: Call) -> Reply:
    """Keeps whether single sign-on is enabled; it has no effect here."""
    # SDK v1 and v2 write it differently.
    enabled = call.field("enableSSO" if "enableSSO" in call.object else "EnableSSO", bool)
    found = _get(call)
    if found.body["computeType"] != bodies.INSTANCE:
        raise bad_request(f"{found.body['name']} is no compute instance: single sign-on is for those")
    properties = {**found.body["properties"], "enableSSO": enabled}
    call.records.resources.put(call.workspace.id, KIND, found.name, {**found.body, "properties": properties})
    return None


@routes.post("/WS/computes/{name}/listNodes")
def list_nodes(call: Call) -> Reply:
    """The nodes of a cluster: as many as it may have at most, all of them this machine."""
    found = _get(call)
    if found.body["computeType"] != bodies.CLUSTER:
        raise bad_request(f"{found.body['name']} is no cluster: only AmlCompute has nodes")
    count = found.body["properties"]["scaleSettings"]["maxNodeCount"]
    address = {"privateIpAddress": "127.0.0.1", "publicIpAddress": None, "port": None}
    nodes = [
        {"nodeId": f"{found.name}-{number}", **address, "nodeState": "idle", "runId": None} for number in range(count)
    ]
    return {"nodes": nodes}


@routes.post("/WS/computes/{name}/listKeys")
def list_keys(call: Call) -> Reply:
    """The credentials that a compute of another service was attached with."""
    body = _get(call).body
    return attached_computes.keys(body["name"], body["computeType"], body.get("secrets", {}))


@routes.post("/WS/checkComputeNameAvailability")
def check_name(call: Call) -> Reply:
    """Whether a name is free and well formed."""
    name = call.object.get("Name") or call.field("name", str)
    problem = bodies.name_problem(str(name))
    if problem:
        return {"nameAvailable": False, "reason": "Invalid", "message": problem}
    if exists(call.service, call.workspace, str(name)):
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": f"there is a compute {name} already"}
    return {"nameAvailable": True, "reason": None, "message": None}


@routes.get("/WS/computeOps/{id}")
def operation_status(call: Call) -> Reply:
    """The state of an operation on a compute: it was over before it was answered."""
    return {"id": call.path, "name": call.params["id"], "status": "Succeeded", "percentComplete": 100, "error": None}


def dto(service: Service, workspace: Workspace, item: Resource) -> dict[str, Any]:
    """A compute as both clients read it.

    ``identity`` is absent rather than null (v1 indexes it) and ``userAccountCredentials`` an object rather than null.
    """
    body = item.body
    answer: dict[str, Any] = {
        "id": f"{workspace.scope}/computes/{body['name']}",
        "name": body["name"],
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "location": body["location"],
        "tags": body["tags"],
        "systemData": {
            "createdAt": iso(item.created),
            "createdBy": USER_NAME,
            "createdByType": "User",
            "lastModifiedAt": iso(item.modified),
            "lastModifiedBy": USER_NAME,
            "lastModifiedByType": "User",
        },
        "properties": {
            "description": body["description"],
            "computeType": body["computeType"],
            "computeLocation": body["computeLocation"],
            "provisioningState": "Succeeded",
            "provisioningErrors": None,
            "resourceId": body["resourceId"],
            "createdOn": iso(item.created),
            "modifiedOn": iso(item.modified),
            "isAttachedCompute": bodies.is_attached(body),
            "disableLocalAuth": body["disableLocalAuth"],
            "properties": {**body["properties"], **_state(item)},
        },
    }
    if body["identity"] is not None:
        answer["identity"] = body["identity"]
    return answer


def _state(item: Resource) -> dict[str, Any]:
    """What the service says of a compute. Nodes are always there: a wait for as many as it can have ends at once."""
    body = item.body
    if body["computeType"] == bodies.CLUSTER:
        nodes = body["properties"]["scaleSettings"]["maxNodeCount"]
        counts = ("preparing", "running", "idle", "unusable", "leaving", "preempted")
        return {
            "allocationState": "Steady",
            "allocationStateTransitionTime": iso(item.modified),
            "currentNodeCount": nodes,
            "targetNodeCount": nodes,
            "nodeStateCounts": {f"{kind}NodeCount": nodes if kind == "idle" else 0 for kind in counts},
            "errors": None,
        }
    if body["computeType"] == bodies.INSTANCE:
        return {
            "state": body["state"],
            "errors": [],
            "createdBy": {"userName": USER_NAME, "userId": USER, "userOrgId": TENANT},
            "connectivityEndpoints": {"publicIpAddress": None, "privateIpAddress": "127.0.0.1"},
            "applications": [],
            "lastOperation": {
                "operationName": "Create",
                "operationTime": iso(item.created),
                "operationStatus": "Succeeded",
            },
        }
    return {}


def _find(service: Service, workspace: Workspace, name: str) -> Resource | None:
    return service.records.resources.find(workspace.id, KIND, name.lower())


def _get(call: Call) -> Resource:
    assumed_computes.ensure(call, call.params["name"])
    found = _find(call.service, call.workspace, call.params["name"])
    if found is None:
        unfound_computes.note(call.service, call.workspace, call.params["name"])
        raise not_found(f"Compute {call.params['name']} not found", "ComputeNotFound")
    return found


def _set_state(call: Call, state: str) -> Reply:
    found = _get(call)
    if found.body["computeType"] != bodies.INSTANCE:
        raise bad_request(f"{found.body['name']} is no compute instance: only those are started and stopped")
    call.records.resources.put(call.workspace.id, KIND, found.name, {**found.body, "state": state})
    return Response(status_code=202, headers=_operation_headers(call))


def _operation_headers(call: Call) -> Mapping[str, str]:
    """Where the client asks how its operation goes (it insists on the header even when all is done)."""
    url = f"{call.service.https_url}{call.workspace.scope}/computeOps/{uuid.uuid4()}?api-version=2020-02-02"
    return {"Azure-AsyncOperation": url, "Location": url}


def _base(call: Call) -> str:
    return call.service.http_url if call.path.startswith("/rp/") else call.service.https_url
