"""Web services: created, listed, changed, called, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.model_queries import matches_pairs, patch
from amlbridge.v1.webservices import answers, bodies, files, images, packages, requests, versions
from amlbridge.v1.webservices.requests import FLAVOR, Wanted
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.serving import access, operator, records
from amlbridge.wire.serving.records import CREATING, FAILED, SUCCEEDED, Deployment, Endpoint, Style

routes = Routes("web services", "/modelmanagement/v1.0/WS")

KIND = images.SERVICES
#: How long the state of an operation is waited for, in seconds: the client asks again after 5 s.
_HELD = 30.0
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
    "imageId",
    "namespace",
    *versions.OF_PROCESSES,
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
        if versions.is_of(content):
            versions.check(call, content)
        else:
            requests.read(call, content)
    except ServiceError as error:
        # Any other status than 200 the client takes for "no objection".
        return {"error": error.body()["error"]}
    return {}


@routes.post("/services/validate/name/{name}")
def validate_name(call: Call) -> Reply:
    """Whether the name of a web service is free; the error is in the body, as the client wants it."""
    name = call.params["name"]
    if _endpoint(call, name) is not None:
        return {"error": answers.taken(name).body()["error"]}
    return {}


@routes.post("/services")
def create(call: Call) -> Reply:
    """Deploys models with their scoring script, or an image, as a web service here: ACI, or AKS on a compute that is
    there; also an endpoint of AKS with its first version.

    The answer names an operation, whose state is to be followed."""
    content = dict(call.object)
    several = versions.is_of(content)
    name = requests.check_service_name(typed(content, "name", str))
    old = _endpoint(call, name)
    if old is not None and not typed(content, "overwrite", bool, False):
        raise answers.taken(name)
    if several:
        return versions.create(call, content, old)
    wanted = requests.read(call, content)
    content["kvTags"], content["properties"] = requests.texts(content, "kvTags"), requests.texts(content, "properties")
    first, second = answers.keys(content)
    style: Style = "aci" if content["computeType"].upper() == "ACI" else "aks"
    traffic = {requests.DEPLOYMENT: 100}
    endpoint = Endpoint(call.workspace.id, FLAVOR, name, style, wanted.auth, first, second, traffic)
    if old is not None:
        endpoint = replace(endpoint, primary=old.primary, secondary=old.secondary)
    _deploy(call, endpoint, wanted, content)
    for deployment in versions.deployments(call, endpoint):
        if deployment.name != requests.DEPLOYMENT:  # it was an endpoint with versions
            operator.of(call.service).delete(deployment)
    return answers.accepted(call, [wanted.deployment])


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
    image, ids = bodies.image_of(call, body), bodies.model_ids(call, body)
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
    """One web service with its state and scoring URI; an endpoint with its versions."""
    return _dto(call, _find(call)[0])


@routes.patch("/services/{name}")
def change(call: Call) -> Reply:
    """Changes a web service by a JSON patch; models, script, environment and replicas start it anew. Of an endpoint
    also its versions, which are added, changed and removed so."""
    item, endpoint = _find(call)
    if versions.is_of(item.body):
        return versions.change(call, item, endpoint)
    changed = patch(item.body, call.json, _CHANGEABLE)
    changed["kvTags"], changed["properties"] = requests.texts(changed, "kvTags"), requests.texts(changed, "properties")
    requests.check_kept(item.body.get("properties") or {}, changed["properties"], "web service")
    wanted = requests.read(call, changed)
    endpoint = replace(endpoint, auth=wanted.auth)
    fields = {key for key in changed if changed[key] != item.body.get(key)}
    if fields <= _LIGHT:
        with call.records.database.write():
            records.put_endpoint(call.service, endpoint)
            call.records.resources.put(call.workspace.id, KIND, item.name, changed)
        return JsonResponse({**_dto(call, _find(call)[0]), "operationId": _deployment(call, item).generation})
    _deploy(call, endpoint, wanted, changed)
    return answers.accepted(call, [wanted.deployment])


@routes.delete("/services/{name}")
def delete(call: Call) -> Reply:
    """Stops and deletes a web service, with all versions of an endpoint; its models and its image stay."""
    name = call.params["name"]
    endpoint = _endpoint(call, name)
    if endpoint is None:
        return Response(status_code=204)
    for deployment in versions.deployments(call, endpoint):
        operator.of(call.service).delete(deployment)
    records.delete_endpoint(call.service, call.workspace.id, FLAVOR, name)
    call.records.resources.delete(call.workspace.id, KIND, name)
    return Response(status_code=200)


@routes.get("/services/{name}/logs")
def get_logs(call: Call) -> Reply:
    """The last lines of a web service's log: what the script prints, and what became of its processes; of an endpoint
    those of each version."""
    item, endpoint = _find(call)
    tail = call.query.get("tail", "5000")
    if not tail.isdecimal() or len(tail) > 9:
        raise bad_request(f"tail must be a number of lines, not {tail!r}")
    if versions.is_of(item.body):
        return {"content": versions.log(call, endpoint, int(tail))}
    return {"content": operator.of(call.service).log(_deployment(call, item), int(tail))}


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
    key = answers.key(call.field("keyValue", str, None))
    with call.records.database.write():
        endpoint = _find(call)[1]
        records.put_endpoint(
            call.service, replace(endpoint, primary=key) if kind == "primary" else replace(endpoint, secondary=key)
        )
    return answers.accepted(call)


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
    if operation.startswith(answers.DONE):
        return _state(operation, "Succeeded", None)
    made = packages.operation(call, operation) or images.operation(call, operation)
    if made is not None:
        return made
    wanted = operation.split(answers.AND)
    found = [
        deployment
        for item in call.records.resources.list(call.workspace.id, KIND)
        for deployment in records.deployments(call.service, call.workspace.id, FLAVOR, item.name)
        if deployment.generation in wanted
    ]
    if len(found) < len(wanted):
        raise not_found(f"there is no operation {operation}: its web service was deleted or deployed anew")
    done = [operator.of(call.service).wait(deployment, _HELD) for deployment in found]
    worst = next((item for state in (FAILED, CREATING) for item in done if item.state == state), done[0])
    state = {CREATING: "Running", SUCCEEDED: "Succeeded"}.get(worst.state, "Failed")
    return _state(operation, state, bodies.error_of(worst))


def _state(operation: str, state: str, error: dict[str, Any] | None) -> dict[str, Any]:
    details = {"subOperationType": "DeployService", "subOperationState": state}
    content: dict[str, Any] = {"id": operation, "operationType": "Service", "state": state, "operationDetails": details}
    return {**content, "error": error} if error is not None else content


def _endpoint(call: Call, name: str) -> Endpoint | None:
    return records.find_endpoint(call.service, call.workspace.id, FLAVOR, name)


def _find(call: Call) -> tuple[Resource, Endpoint]:
    name = call.params["name"]
    item = call.records.resources.find(call.workspace.id, KIND, name)
    endpoint = _endpoint(call, name)
    if item is None or endpoint is None:
        raise not_found(f"WebserviceNotFound: there is no web service {name}", "WebserviceNotFound")
    return item, endpoint


def _deployment(call: Call, item: Resource) -> Deployment:
    """The deployment of a service without versions."""
    place = (call.workspace.id, FLAVOR, item.name, requests.DEPLOYMENT)
    found = records.find_deployment(call.service, *place)
    assert found is not None, item.name
    return found


def _dto(call: Call, item: Resource) -> dict[str, Any]:
    endpoint = _endpoint(call, item.name)
    assert endpoint is not None, item.name
    if versions.is_of(item.body):
        return versions.dto(call, item, endpoint)
    return bodies.dto(call, item, endpoint, _deployment(call, item))
