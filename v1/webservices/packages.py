"""Packages of models (``Model.package``): an image, or the build context of one.

No image is built: a package is a record of what it is made of, and its location names no registry of another machine.
The service's own Docker API reads such build contexts, and pulls such images; no other Docker can.
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.webservices import files, sources
from amlbridge.v1.webservices.dockerfiles import APPLICATION, dockerfile
from amlbridge.v1.webservices.sources import Source
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("model packages", "/modelmanagement/v1.0/WS")

KIND = "model-package"
_IMAGE, _CONTEXT = "DockerImage", "DockerBuildContext"
#: What Docker takes as the name of a repository, and as a tag.
_NAME = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_LABEL = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
#: The name of an image that the client names not.
_UNNAMED = "package"


@routes.post("/packages")
def create(call: Call) -> Reply:
    """Packages models with their code and environment, as an image or as the build context of one; nothing is built.

    The answer names an operation, which is done."""
    content = call.object
    request: dict[str, Any] = typed(content, "imageRequest", dict)
    kind = typed(content, "packageType", str)
    if kind not in (_IMAGE, _CONTEXT):
        raise bad_request(f"packageType must be {_IMAGE} or {_CONTEXT}, not {kind!r}")
    source = sources.of_request(call.service, call.workspace, request, "imageRequest")
    folder = f"packages/{uuid.uuid4().hex}"
    body: dict[str, Any] = {"folder": folder}
    if kind == _IMAGE:
        name, label = _named(content)
        body |= {"image": name, "label": label, "request": request}
        _write(call, folder, "log.txt", f"amlbridge | {name}:{label} is a record: it runs without a container\n")
    else:
        _write(call, folder, "manifest.json", json.dumps(_manifest(call, request, source)))
        _write(call, folder, "log.txt", "")
    operation = uuid.uuid4().hex
    call.records.resources.put(call.workspace.id, KIND, operation, body)
    place = call.path.removesuffix("/packages")
    url = f"{call.service.http_url}{place}/operations/{operation}"
    return JsonResponse({"operationId": operation}, 202, {"Operation-Location": url})


def _write(call: Call, folder: str, name: str, text: str) -> None:
    call.service.blobs.put(call.workspace.storage_account, "azureml", f"{folder}/{name}", text.encode())


def _named(content: Mapping[str, Any]) -> tuple[str, str]:
    """The name and the label of an image. Raises a 400 ServiceError."""
    name = typed(content, "imageName", str, None) or _UNNAMED
    label = typed(content, "imageLabel", str, None) or time.strftime("%Y%m%d%H%M%S", time.gmtime())
    if not _NAME.fullmatch(name) or len(name) > 128:
        raise bad_request(f"{name!r} cannot be the name of an image: lowercase letters, digits, '.', '_', '-' and '/'")
    if not _LABEL.fullmatch(label):
        raise bad_request(f"{label!r} cannot be the label of an image: letters, digits, '.', '_' and '-'")
    return name, label


def location(workspace: Workspace, name: str, label: str) -> str:
    """Where an image would be. No registry of another machine: pulling it reaches none."""
    return f"localhost/{workspace.id}/{name}:{label}"


def _manifest(call: Call, request: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """The build context: a Dockerfile, and where code and models are to be fetched from."""
    variables = {**source.variables, sources.ENTRY: source.script}
    if source.model_dir is not None:
        variables["AZUREML_MODEL_DIR"] = source.model_dir
    context = [inline("Dockerfile", dockerfile(source.environment, variables)), *_code(request)]
    given: list[Any] = typed(request, "modelIds", list, [])
    for model in (registry.get(call.service, call.workspace, str(item)) for item in given):
        uri = f"{files.ARTIFACT}{files.artifact_of(call.service, call.workspace, model)}"
        place = f"{APPLICATION}/azureml-models/{model.name}/{model.version}"
        context.append({"entryType": "remote", "uri": uri, "unpack": False, "path": place})
    return {"context": context, "environment": None}


def inline(path: str, text: str) -> dict[str, Any]:
    """A file of a build context."""
    content = base64.b64encode(text.encode()).decode()
    return {"entryType": "inline", "encoding": "base64", "path": path, "content": content}


def _code(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the client uploaded, without its driver program."""
    driver = request.get("driverProgram")
    return [
        {"entryType": "remote", "uri": item["url"], "unpack": bool(item.get("unpack")), "path": APPLICATION}
        for item in sources.listed(request)
        if item.get("id") != driver
    ]


def operation(call: Call, name: str) -> dict[str, Any] | None:
    """A packaging operation as the client reads it; None when there is none of this name."""
    found = call.records.resources.find(call.workspace.id, KIND, name)
    if found is None:
        return None
    account, body = call.workspace.storage_account, found.body
    image = body.get("image")
    return {
        "id": name,
        "operationType": "PackageDockerBuildContext" if image is None else "PackageDockerImage",
        "state": "Succeeded",
        "resourceLocation": call.service.blob_url(account, "azureml", f"{body['folder']}/manifest.json")
        if image is None
        else location(call.workspace, image, body["label"]),
        "operationLog": call.service.blob_url(account, "azureml", f"{body['folder']}/log.txt"),
    }


def source(service: Service, workspace: Workspace, name: str, label: str) -> Source | None:
    """What the newest package image of a name and label is made of; None when there is none."""
    found = [
        item.body
        for item in service.records.resources.list(workspace.id, KIND)
        if (item.body.get("image"), item.body.get("label")) == (name, label)
    ]
    return sources.of_request(service, workspace, found[-1]["request"], "imageRequest") if found else None
