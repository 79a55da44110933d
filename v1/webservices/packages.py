"""The build context that `LocalWebservice` asks for: read by the service's own Docker API, for no other Docker."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.v1 import graph_runconfig
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.webservices import files
from amlbridge.v1.webservices.dockerfiles import APPLICATION, dockerfile
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("model packages", "/modelmanagement/v1.0/WS")

KIND = "model-package"
_NO_IMAGES = (
    "Container images are not built by amlbridge (Model.package): it runs without containers. "
    "Model.deploy with LocalWebservice.deploy_configuration() needs none."
)


@routes.post("/packages")
def create(call: Call) -> Reply:
    """The build context of a local web service: its code, and a Dockerfile that names its environment.

    The answer names an operation, which is done."""
    content = call.object
    request = typed(content, "imageRequest", dict)
    if typed(content, "packageType", str) != "DockerBuildContext" or request.get("modelIds"):
        raise ServiceError(501, "NotSupported", _NO_IMAGES)
    described: dict[str, Any] = typed(request, "environment", dict, {})
    if not described:
        raise ServiceError(501, "NotSupported", "give Model.deploy an InferenceConfig with an entry_script")
    config = Fields({"environment": described}, "imageRequest")
    variables = {key: str(value) for key, value in graph_runconfig.variables(config).items()}
    text = dockerfile(graph_runconfig.environment(config), variables)
    context = [
        {
            "entryType": "inline",
            "encoding": "base64",
            "path": "Dockerfile",
            "content": base64.b64encode(text.encode()).decode(),
        },
        *_code(call, request),
    ]
    name = f"packages/{uuid.uuid4().hex}"
    account = call.workspace.storage_account
    manifest = {"context": context, "environment": None}
    call.service.blobs.put(account, "azureml", f"{name}/manifest.json", json.dumps(manifest).encode())
    call.service.blobs.put(account, "azureml", f"{name}/log.txt", b"")
    operation = uuid.uuid4().hex
    call.records.resources.put(call.workspace.id, KIND, operation, {"folder": name})
    place = call.path.removesuffix("/packages")
    url = f"{call.service.http_url}{place}/operations/{operation}"
    return JsonResponse({"operationId": operation}, 202, {"Operation-Location": url})


def _code(call: Call, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the client uploaded, without its driver program."""
    driver, found = request.get("driverProgram"), []
    given: list[Any] = typed(request, "assets", list, [])
    for item in given:
        if not isinstance(item, dict):
            raise bad_request("assets must be objects")
        if item.get("id") == driver:
            continue
        unpack, url = bool(item.get("unpack")), typed(item, "url", str)
        files.asset(call.service, call.workspace, url, unpack)
        found.append({"entryType": "remote", "uri": url, "unpack": unpack, "path": APPLICATION})
    return found


def operation(call: Call, name: str) -> dict[str, Any] | None:
    """A packaging operation as the client reads it; None when there is none of this name."""
    found = call.records.resources.find(call.workspace.id, KIND, name)
    if found is None:
        return None
    account, folder = call.workspace.storage_account, found.body["folder"]
    return {
        "id": name,
        "operationType": "PackageDockerBuildContext",
        "state": "Succeeded",
        "resourceLocation": call.service.blob_url(account, "azureml", f"{folder}/manifest.json"),
        "operationLog": call.service.blob_url(account, "azureml", f"{folder}/log.txt"),
    }
