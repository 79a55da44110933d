"""Endpoints of AKS with several versions (``AksEndpoint``): each version is a deployment, they share the traffic.

The traffic follows Azure's documentation: what the versions' percentages leave goes to the default version, which is
the first unless another is made so; an endpoint has at most six. One version may be the control of the others, which
changes nothing here. A version has a scoring URI of its own, beside the header that names a deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.responses import Response

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.v1 import models
from amlbridge.v1.model_queries import patch
from amlbridge.v1.webservices import answers, bodies, files, images, requests
from amlbridge.v1.webservices.requests import FLAVOR, Wanted
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.serving import operator, records, scoring
from amlbridge.wire.serving.records import CREATING, FAILED, SUCCEEDED, Deployment, Endpoint

#: The compute type of these endpoints.
TYPE = "AKSENDPOINT"
_MOST = 6
_CONTROL, _TREATMENT = "Control", "Treatment"
_CHANGEABLE = ("kvTags", "properties", "description", "authEnabled", "aadAuthEnabled", "appInsightsEnabled")
#: What of a version can change: without new processes, and with.
_LIGHT = ("kvTags", "properties", "description", "isDefault", "trafficPercentile", "type")
OF_PROCESSES = (
    "environmentImageRequest",
    "numReplicas",
    "autoScaler",
    "dataCollection",
    "containerResourceRequirements",
    "livenessProbeRequirements",
    "maxConcurrentRequestsPerContainer",
    "maxQueueWaitMs",
    "scoringTimeoutMs",
)
Versions = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Change:
    """The endpoint as it is to be: its record, its endpoint, and the versions that are to be deployed."""

    body: dict[str, Any]
    endpoint: Endpoint
    wanted: list[Wanted]
    removed: list[Deployment]


def is_of(content: Mapping[str, Any]) -> bool:
    """Whether a request or a record is of an endpoint with versions."""
    return typed(content, "computeType", str).upper() == TYPE


def check(call: Call, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[Wanted]]:
    """A request to create an endpoint as it is kept, and what its versions ask for. Raises a 4xx ServiceError."""
    name = requests.check_service_name(typed(content, "name", str))
    given: dict[str, Any] = typed(content, "versions", dict)
    body = {**content, "versions": {}, "name": name}
    for field in ("kvTags", "properties"):
        body[field] = requests.texts(content, field)
    for version, value in given.items():
        body["versions"][version] = _version(version, value)
    if not given:
        raise bad_request(f"the endpoint {name} needs a version: give a model and an InferenceConfig")
    body["versions"] = _settled(body["versions"])
    return body, [_read(call, body, version) for version in body["versions"]]


def create(call: Call, content: dict[str, Any], old: Endpoint | None) -> Response:
    """Makes an endpoint with its first version. The answer names the operation that deploys it."""
    first, second = answers.keys(content)
    body, wanted = check(call, content)
    if old is not None:
        first, second = old.primary, old.secondary
    auth = requests.auth(body, "AKS")
    shares = traffic(body["versions"])
    endpoint = Endpoint(call.workspace.id, FLAVOR, body["name"], "aks", auth, first, second, shares)
    kept = {item.deployment.name for item in wanted}
    before = records.deployments(call.service, call.workspace.id, FLAVOR, endpoint.name)
    return _apply(call, _Change(body, endpoint, wanted, [item for item in before if item.name not in kept]))


def change(call: Call, item: Resource, endpoint: Endpoint) -> Response:
    """Changes an endpoint and its versions by a JSON patch: all of it or nothing."""
    operations: list[Any] = call.json if isinstance(call.json, list) else []
    of_versions = [one for one in operations if isinstance(one, dict) and _path(one)[:1] == ["versions"]]
    body = patch(item.body, [one for one in operations if one not in of_versions], _CHANGEABLE)
    if not operations:
        raise bad_request("a JSON patch must be an array of objects")
    for field in ("kvTags", "properties"):
        body[field] = requests.texts(body, field)
    requests.check_kept(item.body.get("properties") or {}, body["properties"], "web service")
    old: Versions = item.body["versions"]
    versions: Versions = dict(old)
    for one in of_versions:
        _patch(versions, one, endpoint.name)
    body["versions"] = _settled(versions)
    changed = [name for name, value in body["versions"].items() if _is_heavy(old.get(name), value)]
    wanted = [_read(call, body, name) for name in changed]
    for name, value in body["versions"].items():
        requests.check_kept((old.get(name) or {}).get("properties") or {}, value["properties"], "version")
    removed = [one for one in deployments(call, endpoint) if one.name not in body["versions"]]
    endpoint = replace(endpoint, auth=requests.auth(body, "AKS"), traffic=traffic(body["versions"]))
    return _apply(call, _Change(body, endpoint, wanted, removed))


def _apply(call: Call, change: _Change) -> Response:
    def also() -> None:
        records.put_endpoint(call.service, change.endpoint)
        call.records.resources.put(call.workspace.id, images.SERVICES, change.endpoint.name, change.body)

    # A version gets its traffic when it is deployed, and loses it before it goes.
    for wanted in change.wanted:
        place = partial(files.place, wanted.source.assets)
        operator.of(call.service).deploy(wanted.deployment, place, wanted.source.models, also)
    if not change.wanted:
        with call.records.database.write():
            also()
    for deployment in change.removed:
        operator.of(call.service).delete(deployment)
    if change.wanted:
        return answers.accepted(call, [item.deployment for item in change.wanted])
    item = call.records.resources.get(call.workspace.id, images.SERVICES, change.endpoint.name)
    return JsonResponse(dto(call, item, change.endpoint))


# Versions -----------------------------------------------------------------------------------------------------------


def _version(name: str, given: Any) -> dict[str, Any]:
    """A version as it is kept. Raises a 400 ServiceError."""
    if not isinstance(given, dict):
        raise bad_request(f"the version {name} must be an object")
    requests.check_service_name(name)
    typed(given, "isDefault", bool, False)
    typed(given, "description", str, None)
    percent = typed(given, "trafficPercentile", int, None)
    if percent is not None and not 0 <= percent <= 100:
        raise bad_request(f"traffic_percentile of the version {name} must be 0 to 100, not {percent}")
    if typed(given, "type", str, _TREATMENT) not in (_CONTROL, _TREATMENT):
        raise bad_request(f"the type of a version is {_CONTROL} or {_TREATMENT}, not {given['type']!r}")
    texts = {field: requests.texts(given, field) for field in ("kvTags", "properties")}
    return {**{key: value for key, value in given.items() if key not in ("keys", "overwrite")}, **texts, "name": name}


def _settled(versions: Versions) -> Versions:
    """The versions with one default and at most one control. Raises a 400 ServiceError."""
    if not versions:
        raise bad_request("an endpoint needs a version: delete the endpoint instead of its last one")
    if len(versions) > _MOST:
        raise bad_request(f"an endpoint has at most {_MOST} versions")
    for field, value in (("isDefault", True), ("type", _CONTROL)):
        marked = [name for name, version in versions.items() if version.get(field) == value]
        if len(marked) > 1:
            raise bad_request(f"only one version can have {field} {value}: these would: {', '.join(marked)}")
    if not any(version.get("isDefault") for version in versions.values()):
        first = next(iter(versions))
        versions = {**versions, first: {**versions[first], "isDefault": True}}
    traffic(versions)
    return versions


def traffic(versions: Versions) -> dict[str, int]:
    """The percentages of all versions: the default one has what the others leave. Raises a 400 ServiceError when they
    are more than 100."""
    shares = {name: int(version.get("trafficPercentile") or 0) for name, version in versions.items()}
    if sum(shares.values()) > 100:
        told = ", ".join(f"{name} {share} %" for name, share in shares.items())
        raise bad_request(f"the versions would get more than 100 % of the traffic: {told}")
    default = next(name for name, version in versions.items() if version.get("isDefault"))
    shares[default] += 100 - sum(shares.values())
    return shares


def _path(operation: Mapping[str, Any]) -> list[str]:
    return typed(operation, "path", str).split("/")[1:]


def _patch(versions: Versions, operation: Mapping[str, Any], endpoint: str) -> None:
    """Applies one operation of a JSON patch to the versions. Raises a 4xx ServiceError."""
    action, (_, *parts) = typed(operation, "op", str), _path(operation)
    if not parts or not parts[0]:
        raise bad_request("the versions of an endpoint are changed one by one: /versions/NAME")
    name, *rest = parts
    if not rest and action == "add":
        if name in versions:
            raise conflict(f"the endpoint {endpoint} has a version {name}: change it with update_version")
        versions[name] = _version(name, operation.get("value"))
        return
    if name not in versions:
        raise not_found(f"the endpoint {endpoint} has no version {name}: it has {', '.join(versions)}")
    if rest:
        # The client writes the tags of a version under their name in the SDK.
        inner = "/".join(["", "kvTags" if rest[0] == "tags" else rest[0], *rest[1:]])
        changed = patch(versions[name], [{**operation, "path": inner}], (*_LIGHT, *OF_PROCESSES))
        versions[name] = _version(name, changed)
    elif action == "remove":
        if versions[name].get("isDefault") and len(versions) > 1:
            raise conflict(
                f"the version {name} is the default of the endpoint {endpoint}, which gets the traffic that the others "
                "leave: make another one the default first, update_version(..., is_default=True)"
            )
        del versions[name]
    else:
        raise bad_request(f"a version is added, removed, or changed field by field; not {action} of {name}")


def _is_heavy(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """Whether a version is new, or has to be started anew."""
    return old is None or any(old.get(field) != new.get(field) for field in OF_PROCESSES)


def _read(call: Call, body: Mapping[str, Any], version: str) -> Wanted:
    """What a version asks for. Raises a 4xx ServiceError."""
    own = {**body["versions"][version], "computeType": "AKS", "computeName": body.get("computeName")}
    return requests.read(call, own, body["name"])


# Told ---------------------------------------------------------------------------------------------------------------


def deployments(call: Call, endpoint: Endpoint) -> list[Deployment]:
    """The deployments of an endpoint's versions."""
    return records.deployments(call.service, call.workspace.id, FLAVOR, endpoint.name)


def dto(call: Call, item: Resource, endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as the client reads it, with its versions, each of which is read as a web service."""
    body = item.body
    # Without those that are just being removed.
    found = {one.name: one for one in deployments(call, endpoint) if one.name in body["versions"]}
    states = {one.state for one in found.values()}
    state = next((state for state in (FAILED, CREATING) if state in states), SUCCEEDED)
    failed = next((one for one in found.values() if one.state == FAILED), None)
    return {
        "id": item.name,
        "name": item.name,
        "description": body.get("description"),
        "kvTags": body.get("kvTags") or {},
        "properties": body.get("properties") or {},
        "state": bodies.STATES[state],
        "error": bodies.error_of(failed) if failed is not None else None,
        "computeType": TYPE,
        "computeName": body.get("computeName"),
        "namespace": body.get("namespace"),
        "createdTime": iso(item.created),
        "updatedTime": iso(item.modified),
        "createdBy": bodies.CREATED_BY,
        "appInsightsEnabled": bool(body.get("appInsightsEnabled")),
        "authEnabled": endpoint.auth == "key",
        "aadAuthEnabled": endpoint.auth == "token",
        "scoringUri": scoring.uri(call.service, endpoint),
        "swaggerUri": scoring.swagger_uri(call.service, endpoint),
        "deploymentStatus": {"currentReplicas": sum(one.processes for one in found.values())},
        "models": models.described(call, bodies.model_ids(call, body)),
        "versions": {name: _told(call, item, endpoint, one) for name, one in found.items()},
    }


def _told(call: Call, item: Resource, endpoint: Endpoint, deployment: Deployment) -> dict[str, Any]:
    version = item.body["versions"][deployment.name]
    own = {**version, "computeType": "AKS", "computeName": item.body.get("computeName")}
    content = bodies.dto(call, replace(item, name=deployment.name, body=own), endpoint, deployment)
    percent = version.get("trafficPercentile")
    return {
        **content,
        "scoringUri": scoring.uri(call.service, endpoint, deployment.name),
        "isDefault": bool(version.get("isDefault")),
        "trafficPercentile": endpoint.traffic.get(deployment.name, 0) if percent is None else percent,
        "type": version.get("type") or _TREATMENT,
    }


def log(call: Call, endpoint: Endpoint, lines: int) -> str:
    """The last lines of the logs of all versions."""
    found = deployments(call, endpoint)
    told = {item.name: operator.of(call.service).log(item, lines) for item in found}
    return "".join(f"version {name}:\n{text.rstrip()}\n" for name, text in told.items())
