"""Web services: created, listed, changed, called, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.model_queries import matches_pairs, patch
from amlbridge.v1.webservices import bodies, files, images, packages, requests
from amlbridge.v1.webservices.requests import FLAVOR, Wanted
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, conflict, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.serving import access, operator, records
from amlbridge.wire.serving.records import CREATING, SUCCEEDED, Deployment, Endpoint, Style

routes = Routes("web services", "/modelmanagement/v1.0/WS")

KIND = images.SERVICES
#: How long the state of an operation is waited for, in seconds: the client asks again after 5 s.
_HELD = 30.0
_DONE = "done-"
#: What `update` of the client changes.
_CHANGEABLE = (
    "kvTags",
    "properties",
    "description",
    "authEnabled",
    "aadAuthEnabled",
    "sslEnabled",
    "sslCertificate",
    "sslKey",
    "cname",
    "appInsightsEnabled",
    "environmentImageRequest",
    "imageId",
    "numReplicas",
    "autoScaler",
    "dataCollection",
    "containerResourceRequirements",
    "livenessProbeRequirements",
    "maxConcurrentRequestsPerContainer",
    "maxQueueWaitMs",
    "scoringTimeoutMs",
    "namespace",
)
#: Changes that need no new processes.
_LIGHT = {"kvTags", "properties", "description", "authEnabled", "aadAuthEnabled", "appInsightsEnabled"}


@routes.post("/services/validate")
@routes.post("/services/validate/resource")
def validate(call: Call) -> Reply:
    """Checks a request to create a web service; the error is in the body, as the client wants it."""
    given = call.object
    if "type" in given and given.get("createRequest") is None:
        return {}
    content = given["createRequest"] if "type" in given else given
    if not isinstance(content, dict):
        raise bad_request("createRequest must be an object")
    try:
        requests.read(call, content)
    except ServiceError as error:
        # Any other status than 200 the client takes for "no objection".
        return {"error": error.body()["error"]}
    return {}


@routes.post("/services/validate/name/{name}")
def validate_name(call: Call) -> Reply:
    """Whether the name of a web service is free; the error is in the body, as the client wants it."""
    name = call.params["name"]
    if bodies.find_records(call, name) is not None:
        return {"error": {"code": "ServiceAlreadyExists", "message": _taken(name)}}
    return {}


@routes.post("/services")
def create(call: Call) -> Reply:
    """Deploys models with their scoring script as a web service here: ACI, or AKS on a compute that is there.

    The answer names an operation, whose state is to be followed."""
    content = dict(call.object)
    wanted = requests.read(call, content)
    name = wanted.deployment.endpoint
    old = bodies.find_records(call, name)
    if old is not None and not typed(content, "overwrite", bool, False):
        raise conflict(_taken(name), "ServiceAlreadyExists")
    content["kvTags"], content["properties"] = requests.texts(content, "kvTags"), requests.texts(content, "properties")
    keys: dict[str, Any] = typed(content, "keys", dict, {})
    first, second = (_key(typed(keys, part, str, None)) for part in ("primaryKey", "secondaryKey"))
    content.pop("keys", None)
    style: Style = "aci" if content["computeType"].upper() == "ACI" else "aks"
    traffic = {requests.DEPLOYMENT: 100}
    endpoint = Endpoint(call.workspace.id, FLAVOR, name, style, wanted.auth, first, second, traffic)
    if old is not None:
        endpoint = replace(endpoint, primary=old[0].primary, secondary=old[0].secondary)
    _deploy(call, endpoint, wanted, content)
    return _accepted(call, wanted.deployment.generation, 202)


def _deploy(call: Call, endpoint: Endpoint, wanted: Wanted, content: Mapping[str, Any]) -> None:
    def also() -> None:
        records.put_endpoint(call.service, endpoint)
        call.records.resources.put(call.workspace.id, KIND, endpoint.name, content)

    source = wanted.source
    operator.of(call.service).deploy(wanted.deployment, partial(files.place, source.assets), source.models, also)


@routes.get("/services")
def list_services(call: Call) -> Reply:
    """The web services of the workspace, by compute type, model, tags and properties."""
    found = [item for item in call.records.resources.list(call.workspace.id, KIND) if _matches(call, item)]
    # No nextLink, not even null: the client would follow it.
    return {"value": [_dto(call, item) for item in found]}


def _matches(call: Call, item: Resource) -> bool:
    query, body = call.query, item.body
    image = bodies.image_of(call, body)
    of = image.body if image is not None else body.get("environmentImageRequest") or {}
    ids = [str(value) for value in of.get("modelIds") or []]
    if query.get("computetype") and query["computetype"].upper() != body["computeType"].upper():
        return False
    if query.get("modelid") and query["modelid"] not in ids:
        return False
    if query.get("modelname") and query["modelname"] not in [value.rpartition(":")[0] for value in ids]:
        return False
    if any(query.get(key) for key in ("imagename", "imageid", "imagedigest")):
        if image is None:
            return False
        told = {"imagename": image.name, "imageid": body["imageId"], "imagedigest": images.digest(image)}
        if any(query.get(key) and query[key] != value for key, value in told.items()):
            return False
    return matches_pairs(body.get("kvTags"), query.get("tags")) and matches_pairs(
        body.get("properties"), query.get("properties")
    )


@routes.get("/services/{name}")
def get(call: Call) -> Reply:
    """One web service with its state and scoring URI."""
    return _dto(call, _find(call)[0])


@routes.patch("/services/{name}")
def change(call: Call) -> Reply:
    """Changes a web service by a JSON patch; models, script, environment and replicas start it anew."""
    item, endpoint, deployment = _find(call)
    changed = patch(item.body, call.json, _CHANGEABLE)
    changed["kvTags"], changed["properties"] = requests.texts(changed, "kvTags"), requests.texts(changed, "properties")
    for key, value in (item.body.get("properties") or {}).items():
        if changed["properties"].get(key) != value:
            raise bad_request(f"the property {key!r} of a web service cannot be changed or removed, only tags can")
    wanted = requests.read(call, changed)
    endpoint = replace(endpoint, auth=wanted.auth)
    fields = {key for key in changed if changed[key] != item.body.get(key)}
    if fields <= _LIGHT:
        with call.records.database.write():
            records.put_endpoint(call.service, endpoint)
            call.records.resources.put(call.workspace.id, KIND, item.name, changed)
        return JsonResponse({**_dto(call, _find(call)[0]), "operationId": deployment.generation})
    _deploy(call, endpoint, wanted, changed)
    return _accepted(call, wanted.deployment.generation, 202)


@routes.delete("/services/{name}")
def delete(call: Call) -> Reply:
    """Stops and deletes a web service; its models stay."""
    name = call.params["name"]
    found = bodies.find_records(call, name)
    if found is None:
        return Response(status_code=204)
    operator.of(call.service).delete(found[1])
    records.delete_endpoint(call.service, call.workspace.id, FLAVOR, name)
    call.records.resources.delete(call.workspace.id, KIND, name)
    return Response(status_code=200)


@routes.get("/services/{name}/logs")
def get_logs(call: Call) -> Reply:
    """The last lines of a web service's log: what the script prints, and what became of its processes."""
    deployment = _find(call)[2]
    tail = call.query.get("tail", "5000")
    if not tail.isdecimal() or len(tail) > 9:
        raise bad_request(f"tail must be a number of lines, not {tail!r}")
    return {"content": operator.of(call.service).log(deployment, int(tail))}


@routes.post("/services/{name}/listkeys")
def list_keys(call: Call) -> Reply:
    """The two keys of a web service."""
    endpoint = _find(call)[1]
    if endpoint.auth != "key":
        raise bad_request(f"the web service {endpoint.name} has no keys: it was deployed without auth_enabled=True")
    return {"primaryKey": endpoint.primary, "secondaryKey": endpoint.secondary}


@routes.post("/services/{name}/regenerateKeys")
def regenerate_keys(call: Call) -> Reply:
    """Replaces one key of a web service, by a new one or by one that is given."""
    kind = call.field("keyType", str).lower()
    if kind not in ("primary", "secondary"):
        raise bad_request(f"keyType must be Primary or Secondary, not {call.object['keyType']!r}")
    key = _key(call.field("keyValue", str, None))
    with call.records.database.write():
        endpoint = _find(call)[1]
        records.put_endpoint(
            call.service, replace(endpoint, primary=key) if kind == "primary" else replace(endpoint, secondary=key)
        )
    return _accepted(call, f"{_DONE}{uuid.uuid4().hex}", 202)


@routes.post("/services/{name}/token")
def get_token(call: Call) -> Reply:
    """A token for calling a web service with token_auth_enabled, and nothing else."""
    endpoint = _find(call)[1]
    if endpoint.auth != "token":
        raise bad_request(
            f"the web service {endpoint.name} gives no tokens: it was deployed without token_auth_enabled=True"
        )
    value, expiry = access.token(call.service, endpoint)
    refresh = expiry - access.TOKEN_LIFETIME + access.REFRESH_AFTER
    return {"accessToken": value, "tokenType": "Bearer", "refreshAfter": refresh, "expiryOn": expiry}


@routes.get("/operations/{operation}")
def get_operation(call: Call) -> Reply:
    """How far a web service is; held until it is done, or a while."""
    operation = call.params["operation"]
    if operation.startswith(_DONE):
        return _state(operation, "Succeeded", None)
    made = packages.operation(call, operation) or images.operation(call, operation)
    if made is not None:
        return made
    for item in call.records.resources.list(call.workspace.id, KIND):
        found = bodies.find_records(call, item.name)
        if found is not None and found[1].generation == operation:
            done = operator.of(call.service).wait(found[1], _HELD)
            state = {CREATING: "Running", SUCCEEDED: "Succeeded"}.get(done.state, "Failed")
            return _state(operation, state, bodies.error_of(done))
    raise not_found(f"there is no operation {operation}: its web service was deleted or deployed anew")


def _state(operation: str, state: str, error: dict[str, Any] | None) -> dict[str, Any]:
    details = {"subOperationType": "DeployService", "subOperationState": state}
    content: dict[str, Any] = {"id": operation, "operationType": "Service", "state": state, "operationDetails": details}
    return {**content, "error": error} if error is not None else content


def _accepted(call: Call, operation: str, status: int) -> Response:
    place = call.path.partition("/services")[0]
    url = f"{call.service.http_url}{place}/operations/{operation}"
    return JsonResponse({"operationId": operation}, status, {"Operation-Location": url})


def _taken(name: str) -> str:
    return f"there is a web service {name}: choose another name, or deploy with overwrite=True"


def _key(given: str | None) -> str:
    if given is None:
        return records.new_key()
    if not 8 <= len(given) <= 256 or not given.isascii() or any(mark.isspace() for mark in given):
        raise bad_request("a key must have 8 to 256 characters without spaces", "InvalidKey")
    return given


def _find(call: Call) -> tuple[Resource, Endpoint, Deployment]:
    name = call.params["name"]
    item = call.records.resources.find(call.workspace.id, KIND, name)
    found = bodies.find_records(call, name)
    if item is None or found is None:
        raise not_found(f"WebserviceNotFound: there is no web service {name}", "WebserviceNotFound")
    return item, *found


def _dto(call: Call, item: Resource) -> dict[str, Any]:
    found = bodies.find_records(call, item.name)
    assert found is not None, item.name
    return bodies.dto(call, item, *found)
