"""Web services as the v1 client reads them. It refuses a body that lacks one of the fields of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.v1 import models
from amlbridge.v1.webservices import images
from amlbridge.wire.context import Call
from amlbridge.wire.identity import TENANT, USER, USER_NAME
from amlbridge.wire.serving import scoring
from amlbridge.wire.serving.records import CREATING, FAILED, SUCCEEDED, Deployment, Endpoint

STATES = {CREATING: "Transitioning", SUCCEEDED: "Healthy", FAILED: "Failed"}
CREATED_BY = {"userObjectId": USER, "userTenantId": TENANT, "userName": USER_NAME}
_ACI: dict[str, Any] = {
    "appInsightsEnabled": False,
    "cname": None,
    "containerResourceRequirements": {"cpu": 0.1, "memoryInGB": 0.5},
    "encryptionProperties": None,
    "vnetConfiguration": None,
    "location": "local",
    "publicIp": "127.0.0.1",
    "publicFqdn": None,
    "sslCertificate": None,
    "sslEnabled": False,
    "sslKey": None,
}
_AKS: dict[str, Any] = {
    "appInsightsEnabled": False,
    "autoScaler": {
        "autoscaleEnabled": False,
        "minReplicas": 1,
        "maxReplicas": 1,
        "targetUtilization": 70,
        "refreshPeriodInSeconds": 1,
    },
    "containerResourceRequirements": {
        "cpu": 0.1,
        "cpuLimit": None,
        "memoryInGB": 0.5,
        "memoryInGBLimit": None,
        "gpu": None,
    },
    "dataCollection": {"storageEnabled": False, "eventHubEnabled": False},
    "livenessProbeRequirements": {
        "initialDelaySeconds": 310,
        "periodSeconds": 10,
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeoutSeconds": 2,
    },
    "maxConcurrentRequestsPerContainer": 1,
    "maxQueueWaitMs": 500,
    "scoringTimeoutMs": 60000,
    "numReplicas": 1,
    "namespace": None,
    "isDefault": None,
    "trafficPercentile": None,
    "type": None,
    "aadAuthEnabled": False,
}


def dto(call: Call, item: Resource, endpoint: Endpoint, deployment: Deployment) -> dict[str, Any]:
    """A web service. ``item`` is the record of what was asked for."""
    given = item.body
    kind = str(given["computeType"]).upper()
    defaults = _ACI if kind == "ACI" else _AKS
    request, image = given.get("environmentImageRequest"), image_of(call, given)
    content = {
        **{key: _joined(default, given.get(key)) for key, default in defaults.items()},
        "id": item.name,
        "name": item.name,
        "description": given.get("description"),
        "kvTags": given.get("kvTags") or {},
        "properties": given.get("properties") or {},
        "state": STATES[deployment.state],
        "error": error_of(deployment),
        "computeType": kind,
        "computeName": given.get("computeName"),
        "createdTime": iso(item.created),
        "updatedTime": iso(item.modified),
        "createdBy": CREATED_BY,
        "imageId": given.get("imageId"),
        "imageDigest": None if image is None else images.digest(image),
        "authEnabled": endpoint.auth == "key",
        "aadAuthEnabled": endpoint.auth == "token",
        "scoringUri": scoring.uri(call.service, endpoint),
        "swaggerUri": scoring.swagger_uri(call.service, endpoint),
        "environmentImageRequest": request,
        "models": models.described(call, model_ids(call, given)),
        "modelConfigMap": {},
        "deploymentStatus": {"currentReplicas": deployment.processes if deployment.state == SUCCEEDED else 0},
    }
    return content if image is None else {**content, "imageDetails": images.dto(call, image, expand=True)}


def model_ids(call: Call, given: Mapping[str, Any]) -> list[str]:
    """The models of a service: of its image, of its environment's request, or of all versions of an endpoint."""
    if given.get("versions"):
        return list(dict.fromkeys(name for one in given["versions"].values() for name in model_ids(call, one)))
    image = image_of(call, given)
    of = image.body if image is not None else given.get("environmentImageRequest") or {}
    return [str(value) for value in of.get("modelIds") or []]


def image_of(call: Call, given: Mapping[str, Any]) -> Resource | None:
    """The image that a service is made of; None for one of an environment."""
    name, _, version = str(given.get("imageId") or "").rpartition(":")
    return call.records.resources.find(call.workspace.id, images.KIND, name, version) if name else None


def _joined(default: Any, given: Any) -> Any:
    """A setting as given, with the defaults of what it leaves out."""
    if isinstance(default, Mapping) and isinstance(given, Mapping):
        return {**default, **{key: value for key, value in given.items() if value is not None}}
    return default if given is None else given


def error_of(deployment: Deployment) -> dict[str, Any] | None:
    """The error of a service that has failed."""
    if deployment.state != FAILED:
        return None
    details = [{"code": "CrashLoopBackOff", "message": deployment.error or ""}]
    message = "Service deployment failed: its scoring script or its environment cannot be loaded."
    return {"code": "DeploymentFailed", "statusCode": 400, "message": message, "details": details}
