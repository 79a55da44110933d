"""What a compute is made of, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.wire import attached_computes as attached
from amlbridge.wire import databricks
from amlbridge.wire.context import typed
from amlbridge.wire.errors import bad_request

#: The kind of the records; their name is the compute's in lower case, since Azure compares names without case.
KIND = "compute"
CLUSTER, INSTANCE, KUBERNETES = "AmlCompute", "ComputeInstance", "Kubernetes"
#: What DataTransferStep names: its copies are made on this machine.
FACTORY = "DataFactory"
_KINDS = {kind.lower(): kind for kind in (CLUSTER, INSTANCE, KUBERNETES, FACTORY, *attached.ELSEWHERE)}
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_RESERVED = ("amlcompute", "local", "containerinstance")
_DURATION = re.compile(r"P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_SIZE = re.compile(r"\w{2,64}")
_PRIORITIES = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}
#: Azure's defaults for what a client leaves out.
_DEFAULT_SIZE, _DEFAULT_IDLE, _DEFAULT_NODES = "STANDARD_DS3_V2", "PT120S", 4
_MOST_NODES = 65_000
_IDENTITIES = {name.lower(): name for name in ("SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned", "None")}


def name_problem(name: str) -> str | None:
    """What is wrong with the name of a new compute; None when nothing is."""
    if name.lower() in _RESERVED:
        return f"{name!r} is a reserved name: choose another one"
    if not _NAME.fullmatch(name):
        return f"{name!r} cannot be the name of a compute: up to 32 letters, digits and hyphens, starting with a letter"
    return None


def create(
    name: str, request: Mapping[str, Any], *, location: str, old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The record of a new compute from the body of a PUT, or of one that had the record ``old``. Raises a 400
    ServiceError."""
    if problem := name_problem(name):
        raise bad_request(problem, "InvalidComputeName")
    outer = typed(request, "properties", dict)
    kind = _kind(typed(outer, "computeType", str))
    given: dict[str, Any] = typed(outer, "properties", dict, {})
    resource = typed(outer, "resourceId", str, None) or None
    elsewhere = kind in attached.ELSEWHERE
    same = old is not None and old["computeType"] == kind and (old["resourceId"] == resource or kind == attached.AKS)
    before = old["properties"] if old is not None and same else None
    return {
        "name": name,
        "computeType": kind,
        "location": typed(request, "location", str, location) or location,
        "computeLocation": typed(outer, "computeLocation", str, location) or location,
        "description": typed(outer, "description", str, None),
        "resourceId": resource,
        "disableLocalAuth": typed(outer, "disableLocalAuth", bool, True),
        "tags": _tags(request),
        "identity": _identity(request, None),
        "properties": attached.build(kind, given, resource, before) if elsewhere else _BUILD[kind](given),
        "secrets": attached.secrets(kind, given) if elsewhere else {},
        "state": "Running",
    }


def update(body: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The record after a PATCH. Raises a 400 ServiceError."""
    changed = dict(body)
    outer: dict[str, Any] = typed(request, "properties", dict, {})
    if "computeType" in outer and _kind(typed(outer, "computeType", str)) != body["computeType"]:
        raise bad_request(f"{body['name']} is {body['computeType']} and stays so")
    inner: dict[str, Any] = typed(outer, "properties", dict, {})
    scale = typed(inner, "scaleSettings", dict, typed(outer, "scaleSettings", dict, None))
    if scale is not None:
        if body["computeType"] != CLUSTER:
            raise bad_request(f"{body['name']} is {body['computeType']}: only AmlCompute has scale settings")
        settings = _scale({**body["properties"]["scaleSettings"], **scale})
        changed["properties"] = {**body["properties"], "scaleSettings": settings}
    if "workspaceUrl" in inner:
        if body["computeType"] != attached.DATABRICKS:
            raise bad_request(f"{body['name']} is {body['computeType']}: only Databricks has a workspaceUrl")
        changed["properties"] = databricks.properties(inner, body["properties"])
    if "tags" in request:
        changed["tags"] = _tags(request)
    if "description" in outer:
        changed["description"] = typed(outer, "description", str, None)
    if "identity" in request:
        changed["identity"] = _identity(request, body["identity"])
    return changed


def _kind(name: str) -> str:
    kind = _KINDS.get(name.lower())
    if kind is not None:
        return kind
    raise bad_request(f"{name!r} is no kind of compute; there are {', '.join(_KINDS.values())}")


def is_attached(body: Mapping[str, Any]) -> bool:
    """Whether a compute was attached: it is detached, and one that was made for the workspace is deleted."""
    kind, resource = body["computeType"], body["resourceId"]
    return kind == KUBERNETES or (kind == FACTORY and bool(resource)) or attached.is_attached(kind, resource)


def _cluster(given: Mapping[str, Any]) -> dict[str, Any]:
    priority = typed(given, "vmPriority", str, "Dedicated")
    if priority.lower() not in _PRIORITIES:
        raise bad_request(f"vmPriority must be Dedicated or LowPriority, not {priority!r}")
    credentials: dict[str, Any] = typed(given, "userAccountCredentials", dict, {})
    return {
        "vmSize": _size(given),
        "vmPriority": _PRIORITIES[priority.lower()],
        "osType": typed(given, "osType", str, "Linux"),
        "scaleSettings": _scale(typed(given, "scaleSettings", dict, {})),
        "subnet": typed(given, "subnet", dict, None),
        "remoteLoginPortPublicAccess": typed(given, "remoteLoginPortPublicAccess", str, "NotSpecified"),
        "enableNodePublicIp": _flag(given, "enableNodePublicIp"),
        "isolatedNetwork": _flag(given, "isolatedNetwork", default=False),
        # A password is not given back, as in Azure; and this machine has no use for one.
        "userAccountCredentials": {
            "adminUserName": typed(credentials, "adminUserName", str, None),
            "adminUserPassword": None,
            "adminUserSshPublicKey": typed(credentials, "adminUserSshPublicKey", str, None),
        },
    }


def _instance(given: Mapping[str, Any]) -> dict[str, Any]:
    ssh: dict[str, Any] = typed(given, "sshSettings", dict, {})
    known = ("subnet", "personalComputeInstanceSettings", "setupScripts", "schedules", "customServices")
    more = ("idleTimeBeforeShutdown", "computeInstanceAuthorizationType", "enableNodePublicIp", "enableSSO")
    return {
        **{key: given.get(key) for key in (*known, *more)},
        "subnet": typed(given, "subnet", dict, None),
        "personalComputeInstanceSettings": typed(given, "personalComputeInstanceSettings", dict, None),
        "applicationSharingPolicy": typed(given, "applicationSharingPolicy", str, "Shared"),
        "vmSize": _size(given),
        "osType": "Linux",
        "sshSettings": {
            "sshPublicAccess": typed(ssh, "sshPublicAccess", str, "Disabled"),
            "adminUserName": "azureuser",
            "sshPort": None,
            "adminPublicKey": typed(ssh, "adminPublicKey", str, None),
        },
    }


_BUILD: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    CLUSTER: _cluster,
    INSTANCE: _instance,
    KUBERNETES: dict,
    FACTORY: dict,
}


def _scale(given: Mapping[str, Any]) -> dict[str, Any]:
    minimum = typed(given, "minNodeCount", int, 0)
    maximum = typed(given, "maxNodeCount", int, max(_DEFAULT_NODES, minimum))
    if not 1 <= maximum <= _MOST_NODES:
        raise bad_request(f"maxNodeCount must be between 1 and {_MOST_NODES}, not {maximum}: no step could ever run")
    if not 0 <= minimum <= maximum:
        raise bad_request(f"minNodeCount must be between 0 and maxNodeCount ({maximum}), not {minimum}")
    idle = typed(given, "nodeIdleTimeBeforeScaleDown", str, _DEFAULT_IDLE)
    if not _DURATION.fullmatch(idle):
        raise bad_request(f"nodeIdleTimeBeforeScaleDown must be an ISO 8601 duration such as PT120S, not {idle!r}")
    return {"minNodeCount": minimum, "maxNodeCount": maximum, "nodeIdleTimeBeforeScaleDown": idle}


def _size(given: Mapping[str, Any]) -> str:
    size = typed(given, "vmSize", str, _DEFAULT_SIZE) or _DEFAULT_SIZE
    if not _SIZE.fullmatch(size):
        raise bad_request(f"{size!r} is no VM size")
    return size.upper()


def _flag(given: Mapping[str, Any], name: str, *, default: bool = True) -> bool:
    """A boolean; the v1 client sends some as text."""
    value = given.get(name, default)
    if isinstance(value, str) and value.lower() in ("true", "false", ""):
        return value.lower() == "true" if value else default
    return typed({name: value}, name, bool, default)


def _tags(request: Mapping[str, Any]) -> dict[str, str] | None:
    tags: dict[str, Any] | None = typed(request, "tags", dict, None)
    if tags is None:
        return None
    for key, value in tags.items():
        if not isinstance(value, (str, int, float)):
            raise bad_request(f"the tag {key!r} must be a string")
    return {key: str(value) for key, value in tags.items()}


def _identity(request: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An identity as given; in a PATCH null removes one of the user assigned identities. It has no effect here."""
    given: dict[str, Any] | None = typed(request, "identity", dict, None)
    if given is None:
        return None
    kind = typed(given, "type", str, "None").replace(" ", "")
    if kind.lower() not in _IDENTITIES:
        raise bad_request(f"{kind!r} is no kind of identity: {', '.join(_IDENTITIES.values())}")
    found: dict[str, Any] = {"type": _IDENTITIES[kind.lower()]}
    if "UserAssigned" in found["type"]:
        users = {**((old or {}).get("userAssignedIdentities") or {})}
        for name, value in typed(given, "userAssignedIdentities", dict, {}).items():
            if value is None:
                users.pop(name, None)
            else:
                users[name] = {"principalId": None, "clientId": None}
        found["userAssignedIdentities"] = users
        if not users:
            found = {"type": "None"}
    return found
