"""The deployments of online endpoints: a scoring script or an MLflow model, in processes on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.serving import MOST_PROCESSES
from amlbridge.v2 import arm_lists
from amlbridge.v2.assets.asset import system_data
from amlbridge.v2.assets.codes import snapshots
from amlbridge.v2.online import endpoints, settings
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.serving import operator, records
from amlbridge.wire.serving.records import CREATING, FAILED, SUCCEEDED, Deployment, Endpoint

routes = Routes("v2 online deployments")

KIND = "v2-online-deployment"
_PATH = "/WS/onlineEndpoints/{endpoint}/deployments"
_STATES = {CREATING: "Creating", SUCCEEDED: "Succeeded", FAILED: "Failed"}
#: What a client may send and reads back.
_KEPT = (
    "appInsightsEnabled",
    "codeConfiguration",
    "dataCollector",
    "description",
    "egressPublicNetworkAccess",
    "environmentId",
    "environmentVariables",
    "instanceType",
    "livenessProbe",
    "model",
    "modelMountPath",
    "readinessProbe",
    "requestSettings",
    "scaleSettings",
    "startupProbe",
)
#: How long the state of an operation is waited for, and how soon a client asks again: seconds, milliseconds.
_HELD, _AGAIN = 10.0, 20


@routes.get(_PATH)
def list_deployments(call: Call) -> Reply:
    """The deployments of an online endpoint, a page at a time."""
    endpoint = endpoints.find(call)[1]
    found = call.records.resources.list(call.workspace.id, KIND, endpoint.name.lower())
    return arm_lists.page(call, found, lambda item: dto(call, endpoint, item))


@routes.get(f"{_PATH}/{{deployment}}")
def get_deployment(call: Call) -> Reply:
    """One deployment of an online endpoint, and its state."""
    endpoint, item, _ = _find(call)
    return dto(call, endpoint, item)


@routes.put(f"{_PATH}/{{deployment}}")
def put_deployment(call: Call) -> Reply:
    """Deploys a scoring script or an MLflow model to an online endpoint; one of the same name is replaced. The answer
    names an operation, whose state is to be followed."""
    _, endpoint = endpoints.find(call)
    name = endpoints.check_name(call.params["deployment"], "a deployment")
    wanted = settings.read(call, endpoint, name)
    old = records.find_deployment(call.service, call.workspace.id, endpoint.flavor, endpoint.name, name)
    deployment = replace(wanted.deployment, name=old.name) if old is not None else wanted.deployment
    sku = call.field("sku", dict, {})
    properties = call.field("properties", dict)
    body = {
        "location": call.field("location", str, "local"),
        "tags": endpoints.texts(call.object, "tags"),
        "kind": call.field("kind", str, None),
        "sku": {"name": typed(sku, "name", str, "Default"), "capacity": typed(sku, "capacity", int, 1)},
        "properties": {
            **{key: properties[key] for key in _KEPT if properties.get(key) is not None},
            "properties": endpoints.texts(properties, "properties"),
        },
    }
    place = (call.workspace.id, KIND, endpoint.name.lower())

    def also() -> None:
        call.records.resources.put(*place, body, deployment.name.lower())

    operator.of(call.service).deploy(deployment, partial(_place_code, call, wanted.code), wanted.models, also)
    content = dto(call, endpoint, call.records.resources.get(*place, deployment.name.lower()))
    return JSONResponse(content, 200 if old else 201, _operation_headers(call, deployment))


@routes.patch(f"{_PATH}/{{deployment}}", others=REST)
def change_deployment(call: Call) -> Reply:
    """Changes the tags and the number of instances of a deployment, which is started anew for the latter."""
    endpoint, item, deployment = _find(call)
    sku = call.field("sku", dict, {})
    count = typed(sku, "capacity", int, None)
    if count is not None and count != item.body["sku"]["capacity"]:
        processes = deployment.processes // max(item.body["sku"]["capacity"], 1) * count
        if count < 1 or processes > MOST_PROCESSES:
            raise bad_request(f"instance_count must be 1 to {MOST_PROCESSES} on this machine, not {count}")
        most = max(2 * processes, deployment.most_requests * count // item.body["sku"]["capacity"])
        deployment = replace(deployment, processes=processes, most_requests=most, state=CREATING, error=None)
        operator.of(call.service).change(deployment)

    def apply(body: dict[str, Any]) -> None:
        if call.object.get("tags") is not None:
            body["tags"] = endpoints.texts(call.object, "tags")
        if count is not None:
            body["sku"]["capacity"] = count

    item = call.records.resources.change(call.workspace.id, KIND, item.name, apply, item.version)
    return JSONResponse(dto(call, endpoint, item), 200, _operation_headers(call, deployment))


@routes.delete(f"{_PATH}/{{deployment}}")
def delete_deployment(call: Call) -> Reply:
    """Stops and deletes a deployment that gets no traffic."""
    endpoint = endpoints.find(call)[1]
    name = call.params["deployment"]
    found = records.find_deployment(call.service, call.workspace.id, endpoint.flavor, endpoint.name, name)
    if found is None:
        return Response(status_code=204)
    percent = endpoint.traffic.get(found.name, 0) or endpoint.mirror.get(found.name, 0)
    if percent:
        raise conflict(
            f"the deployment {found.name} gets {percent} % of the traffic of the endpoint {endpoint.name}: set its "
            "traffic to 0 first",
            "DeploymentHasTraffic",
        )
    operator.of(call.service).delete(found)
    call.records.resources.delete(call.workspace.id, KIND, endpoint.name.lower(), found.name.lower())
    with call.records.database.write():
        now = endpoints.find(call)[1]
        rest = {key: value for key, value in now.traffic.items() if key != found.name}
        mirror = {key: value for key, value in now.mirror.items() if key != found.name}
        records.put_endpoint(call.service, replace(now, traffic=rest, mirror=mirror))
    return Response(status_code=200)


@routes.post(f"{_PATH}/{{deployment}}/getLogs")
def get_logs(call: Call) -> Reply:
    """The last lines of a deployment's log: what the script prints, and what became of its processes."""
    _, _, deployment = _find(call)
    tail = call.field("tail", int, 5000)
    kind = call.field("containerType", str, "InferenceServer")
    if tail < 0:
        raise bad_request(f"tail must not be negative: {tail}")
    if kind.lower() == "storageinitializer":
        model = deployment.model_dir or "no model"
        return {"content": f"the files of the deployment were copied on this machine: code, {model}\n"}
    if kind.lower() != "inferenceserver":
        raise bad_request(f"containerType must be InferenceServer or StorageInitializer, not {kind!r}")
    return {"content": operator.of(call.service).log(deployment, tail)}


@routes.operation("GET", f"{_PATH}/{{deployment}}/skus", others=REST)
def list_skus(call: Call) -> Reply:
    """How many instances a deployment can have on this machine."""
    _, item, _ = _find(call)
    capacity = {"minimum": 1, "maximum": MOST_PROCESSES, "default": 1, "scaleType": "Manual"}
    kind = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
    return {"value": [{"resourceType": kind, "sku": {"name": item.body["sku"]["name"]}, "capacity": capacity}]}


@routes.get(f"{_PATH}/{{deployment}}/operations/{{generation}}")
def get_operation(call: Call) -> Reply:
    """How far a deployment is; held until it is done, or a while."""
    _, _, deployment = _find(call)
    if deployment.generation != call.params["generation"]:
        error = {"code": "Superseded", "message": f"the deployment {deployment.name} was deployed anew meanwhile"}
        return {"id": call.path, "name": call.params["generation"], "status": "Canceled", "error": error}
    done = operator.of(call.service).wait(deployment, _HELD)
    content: dict[str, Any] = {"id": call.path, "name": done.generation, "status": "InProgress"}
    if done.state == SUCCEEDED:
        content["status"] = "Succeeded"
    elif done.state == FAILED:
        content |= {"status": "Failed", "error": {"code": "UserScriptError", "message": done.error, "details": []}}
    return JSONResponse(content, headers=_again())


def _place_code(call: Call, code: str | None, target: Path) -> None:
    if code is not None:
        snapshots(call.service).checkout(call.workspace.id, code, target)


def _again() -> dict[str, str]:
    # Without it the client waits for 5 s.
    return {"retry-after-ms": str(_AGAIN)}


def _operation_headers(call: Call, deployment: Deployment) -> Mapping[str, str]:
    place = f"{call.workspace.scope}/onlineEndpoints/{deployment.endpoint}/deployments/{deployment.name}"
    url = f"{call.service.https_url}{place}/operations/{deployment.generation}"
    return {"Azure-AsyncOperation": url, "x-ms-async-operation-timeout": "PT1H", **_again()}


def _find(call: Call) -> tuple[Endpoint, Resource, Deployment]:
    _, endpoint = endpoints.find(call)
    name = call.params["deployment"]
    item = call.records.resources.find(call.workspace.id, KIND, endpoint.name.lower(), name.lower())
    found = records.find_deployment(call.service, call.workspace.id, endpoint.flavor, endpoint.name, name)
    if item is None or found is None:
        raise not_found(f"the endpoint {endpoint.name} has no deployment {name}")
    return endpoint, item, found


def dto(call: Call, endpoint: Endpoint, item: Resource) -> dict[str, Any]:
    """A deployment as the clients read it."""
    place = (call.workspace.id, endpoint.flavor, endpoint.name, item.version)
    deployment = records.find_deployment(call.service, *place)
    assert deployment is not None, place
    body, kept = item.body, item.body["properties"]
    defaults = {
        "description": None,
        "environmentVariables": {},
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": {
            "maxConcurrentRequestsPerInstance": 1,
            "requestTimeout": "PT5S",
            "maxQueueWait": "PT0.5S",
        },
        "egressPublicNetworkAccess": "Enabled",
    }
    return {
        "id": f"{call.workspace.scope}/onlineEndpoints/{endpoint.name}/deployments/{deployment.name}",
        "name": deployment.name,
        "type": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        "location": body["location"],
        "tags": body["tags"],
        "kind": body["kind"] or "Managed",
        "sku": body["sku"],
        "systemData": system_data(item.created, item.modified),
        "properties": {
            **defaults,
            **kept,
            "endpointComputeType": "Managed",
            "provisioningState": _STATES[deployment.state],
        },
    }
