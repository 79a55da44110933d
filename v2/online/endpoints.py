"""Online endpoints: a scoring URI each, its keys, and how its traffic is split among its deployments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse, Response

from amlbridge.engine.records.resources import Resource
from amlbridge.v2 import arm_lists
from amlbridge.v2.assets.asset import system_data
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.identity import TENANT
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.serving import access, operator, records, scoring
from amlbridge.wire.serving.records import Auth, Endpoint

routes = Routes("v2 online endpoints")

KIND = "v2-online-endpoint"
FLAVOR: records.Flavor = "online"
#: The client's own rule for the names of endpoints and deployments.
NAME = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]{1,30}[a-zA-Z0-9])")
_AUTH: dict[str, Auth] = {"key": "key", "amltoken": "token", "aadtoken": "aad"}
_SPELLED: dict[Auth, str] = {"key": "Key", "token": "AMLToken", "aad": "AADToken", "none": "Key"}
_PATH = "/WS/onlineEndpoints"
#: The most that a copy of the traffic may be, in percent (Azure's own limit).
_MOST_MIRRORED = 50


@routes.get(_PATH)
def list_endpoints(call: Call) -> Reply:
    """The online endpoints of the workspace, a page at a time, by name, tags, properties and order."""
    found = [item for item in call.records.resources.list(call.workspace.id, KIND) if _wanted(call, item)]
    return arm_lists.page(call, arm_lists.ordered(call, found), lambda item: dto(call, item))


def _wanted(call: Call, item: Resource) -> bool:
    name, body, compute = call.query.get("name"), item.body, call.query.get("computetype", "Managed")
    if (name and name.lower() != item.name) or compute.lower() != "managed":
        return False
    return arm_lists.has_pairs(body["tags"], call.query.get("tags")) and arm_lists.has_pairs(
        body["properties"], call.query.get("properties")
    )


@routes.get(f"{_PATH}/{{endpoint}}")
def get_endpoint(call: Call) -> Reply:
    """One online endpoint with its scoring URI and traffic."""
    return dto(call, find(call)[0])


@routes.put(f"{_PATH}/{{endpoint}}")
def put_endpoint(call: Call) -> Reply:
    """Creates or changes an online endpoint: authentication, traffic, mirrored traffic, tags; it is done at once."""
    name = check_name(call.params["endpoint"], "an endpoint")
    properties = call.field("properties", dict)
    if typed(properties, "compute", str, None):
        raise bad_request(
            "Kubernetes endpoints are not run by amlbridge: use a ManagedOnlineEndpoint, without compute",
            "NotSupported",
        )
    with call.records.database.write():
        old = records.find_endpoint(call.service, call.workspace.id, FLAVOR, name)
        endpoint = replace(
            old or _new(call, name, properties),
            auth=_auth(properties),
            traffic=_percentages(call, name, properties, "traffic", old.traffic if old else {}),
            mirror=_percentages(call, name, properties, "mirrorTraffic", old.mirror if old else {}),
        )
        _check_mirror(endpoint)
        body = {
            "name": old.name if old else name,
            "location": call.field("location", str, "local"),
            "tags": texts(call.object, "tags"),
            "kind": call.field("kind", str, None),
            "identity": _identity(call.field("identity", dict, {})),
            "description": typed(properties, "description", str, None),
            "properties": texts(properties, "properties"),
            "public": typed(properties, "publicNetworkAccess", str, None) or "Enabled",
        }
        records.put_endpoint(call.service, endpoint)
        item = call.records.resources.put(call.workspace.id, KIND, name.lower(), body)
    return JSONResponse(dto(call, item), 200 if old else 201)


@routes.patch(f"{_PATH}/{{endpoint}}", others=REST)
def change_endpoint(call: Call) -> Reply:
    """Changes the tags and the identity of an online endpoint."""
    item, _ = find(call)

    def apply(body: dict[str, Any]) -> None:
        if call.object.get("tags") is not None:
            body["tags"] = texts(call.object, "tags")
        if call.object.get("identity") is not None:
            body["identity"] = _identity(call.field("identity", dict))

    return dto(call, call.records.resources.change(call.workspace.id, KIND, item.name, apply))


@routes.delete(f"{_PATH}/{{endpoint}}")
def delete_endpoint(call: Call) -> Reply:
    """Deletes an online endpoint with its deployments, which are stopped."""
    name = call.params["endpoint"]
    for deployment in records.deployments(call.service, call.workspace.id, FLAVOR, name):
        operator.of(call.service).delete(deployment)
        call.records.resources.delete(call.workspace.id, "v2-online-deployment", name.lower(), None)
    gone = records.delete_endpoint(call.service, call.workspace.id, FLAVOR, name)
    call.records.resources.delete(call.workspace.id, KIND, name.lower())
    return Response(status_code=200 if gone else 204)


@routes.post(f"{_PATH}/{{endpoint}}/listKeys")
def list_keys(call: Call) -> Reply:
    """The two keys of an online endpoint."""
    endpoint = find(call)[1]
    if endpoint.auth != "key":
        raise bad_request(f"the endpoint {endpoint.name} has no keys: its auth_mode is {_SPELLED[endpoint.auth]}")
    return {"primaryKey": endpoint.primary, "secondaryKey": endpoint.secondary}


@routes.post(f"{_PATH}/{{endpoint}}/regenerateKeys")
def regenerate_keys(call: Call) -> Reply:
    """Replaces one key of an online endpoint, by a new one or by one that is given."""
    kind = call.field("keyType", str).lower()
    if kind not in ("primary", "secondary"):
        raise bad_request(f"keyType must be Primary or Secondary, not {call.object['keyType']!r}")
    given = call.field("keyValue", str, None)
    with call.records.database.write():
        endpoint = find(call)[1]
        # azure-ai-ml 1.35 sends the key that is to be replaced as the value of the new one.
        same = given in (endpoint.primary, endpoint.secondary)
        key = records.new_key() if same else _checked_key(given, "keyValue")
        records.put_endpoint(
            call.service,
            replace(endpoint, primary=key) if kind == "primary" else replace(endpoint, secondary=key),
        )
    return Response(status_code=200)


@routes.post(f"{_PATH}/{{endpoint}}/token")
def get_token(call: Call) -> Reply:
    """A token for scoring at an online endpoint with auth_mode aml_token, and nothing else."""
    endpoint = find(call)[1]
    if endpoint.auth != "token":
        raise bad_request(f"the endpoint {endpoint.name} gives no tokens: its auth_mode is {_SPELLED[endpoint.auth]}")
    value, expiry = access.token(call.service, endpoint)
    refresh = expiry - access.TOKEN_LIFETIME + access.REFRESH_AFTER
    return {"accessToken": value, "tokenType": "Bearer", "expiryTimeUtc": expiry, "refreshAfterTimeUtc": refresh}


def find(call: Call) -> tuple[Resource, Endpoint]:
    """The endpoint of the path. Raises a 404 ServiceError."""
    name = call.params["endpoint"]
    item = call.records.resources.find(call.workspace.id, KIND, name.lower())
    endpoint = records.find_endpoint(call.service, call.workspace.id, FLAVOR, name)
    if item is None or endpoint is None:
        raise not_found(f"there is no online endpoint {name} in the workspace {call.workspace.name}")
    return item, endpoint


def check_name(name: str, what: str) -> str:
    """A name as given. Raises a 400 ServiceError for one that cannot be."""
    if not NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of {what}: 3 to 32 letters, digits and '-', a letter first, no '-' last",
            "InvalidName",
        )
    return name


def dto(call: Call, item: Resource) -> dict[str, Any]:
    """An endpoint as the clients read it."""
    endpoint = records.find_endpoint(call.service, call.workspace.id, FLAVOR, item.name)
    assert endpoint is not None, item.name
    body = item.body
    return {
        "id": f"{call.workspace.scope}/onlineEndpoints/{endpoint.name}",
        "name": endpoint.name,
        "type": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
        "location": body["location"],
        "tags": body["tags"],
        "kind": body["kind"] or "Managed",
        "identity": body["identity"],
        "systemData": system_data(item.created, item.modified),
        "properties": {
            "authMode": _SPELLED[endpoint.auth],
            "description": body["description"],
            "properties": body["properties"],
            "traffic": dict(endpoint.traffic),
            "mirrorTraffic": dict(endpoint.mirror),
            "publicNetworkAccess": body["public"],
            "scoringUri": scoring.uri(call.service, endpoint),
            "swaggerUri": scoring.swagger_uri(call.service, endpoint),
            "provisioningState": "Succeeded",
            "compute": None,
        },
    }


def _new(call: Call, name: str, properties: Mapping[str, Any]) -> Endpoint:
    keys: dict[str, Any] = typed(properties, "keys", dict, {})
    first, second = (_checked_key(typed(keys, key, str, None), key) for key in ("primaryKey", "secondaryKey"))
    return Endpoint(call.workspace.id, FLAVOR, name, "managed", "key", first, second)


def _checked_key(given: str | None, field: str) -> str:
    """A key that a user chose, or a new one."""
    if given is None:
        return records.new_key()
    if not re.fullmatch(r"[!-~]{16,256}", given):
        raise bad_request(f"{field} must have 16 to 256 characters without spaces", "InvalidKey")
    return given


def _auth(properties: Mapping[str, Any]) -> Auth:
    given = typed(properties, "authMode", str)
    found = _AUTH.get(given.lower().replace("_", ""))
    if found is None:
        raise bad_request(f"authMode must be Key, AMLToken or AADToken, not {given!r}")
    return found


def _percentages(
    call: Call, endpoint: str, properties: Mapping[str, Any], field: str, old: Mapping[str, int]
) -> dict[str, int]:
    """Percentages by deployment; those that were, when the field is not sent."""
    if properties.get(field) is None:
        return dict(old)
    given: dict[str, Any] = typed(properties, field, dict)
    found: dict[str, int] = {}
    for name in given:
        percent = typed(given, name, int)
        deployment = records.find_deployment(call.service, call.workspace.id, FLAVOR, endpoint, name)
        if not 0 <= percent <= 100:
            raise bad_request(f"{field}[{name!r}] must be 0 to 100, not {percent}", "InvalidTraffic")
        if deployment is None:
            raise bad_request(
                f"{field} names the deployment {name}, which the endpoint {endpoint} does not have: create it first",
                "DeploymentNotFound",
            )
        found[deployment.name] = percent
    if field == "traffic" and sum(found.values()) not in (0, 100):
        raise bad_request(f"traffic must add up to 100 (or 0), not {sum(found.values())}", "InvalidTraffic")
    return found


def _check_mirror(endpoint: Endpoint) -> None:
    mirrored = {name: percent for name, percent in endpoint.mirror.items() if percent > 0}
    if len(mirrored) > 1 or any(percent > _MOST_MIRRORED for percent in mirrored.values()):
        raise bad_request(f"mirrorTraffic takes one deployment and at most {_MOST_MIRRORED}", "InvalidTraffic")
    if any(endpoint.traffic.get(name) for name in mirrored):
        raise bad_request(
            f"the deployment {next(iter(mirrored))} cannot get traffic and mirrored traffic", "InvalidTraffic"
        )


def _identity(given: Mapping[str, Any]) -> dict[str, Any]:
    """The managed identity as it was given; that of the machine's user, whoever it names."""
    kind = typed(given, "type", str, "SystemAssigned")
    users: dict[str, Any] = typed(given, "userAssignedIdentities", dict, None) or {}
    found: dict[str, Any] = {"type": kind, "principalId": TENANT, "tenantId": TENANT}
    if users:
        found["userAssignedIdentities"] = {name: {"principalId": TENANT, "clientId": TENANT} for name in users}
    return found


def texts(content: Mapping[str, Any], field: str) -> dict[str, str]:
    """Tags or properties; numbers become texts. Raises a 400 ServiceError."""
    given: dict[str, Any] = typed(content, field, dict, {})
    found = {}
    for name, value in given.items():
        if not isinstance(value, str | int | float | bool):
            raise bad_request(f"{field}[{name!r}] must be a text")
        found[name] = str(value)
    return found
