"""Images of web services: what SDK v1 makes of models, a scoring script and a conda file before it deploys them.

No container is built: an image is a record of what it is made of, and runs where it is deployed. Its packages are
provided then, too. The reference of the build, ``imageBuildLogUri`` and ``generatedDockerFileUri``, can be read.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from starlette.responses import Response

from amlbridge.engine.clock import iso
from amlbridge.engine.plan import Environment
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import models
from amlbridge.v1.model_queries import matches_pairs, page, patch, string_map
from amlbridge.v1.webservices import files, image_code, packages, sources
from amlbridge.v1.webservices.dockerfiles import dockerfile
from amlbridge.v1.webservices.sources import Source
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import ServiceError, bad_request, conflict, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("service images", "/modelmanagement/v1.0/WS")

KIND, _NUMBERS = models.IMAGES, "service-image-number"
#: The client's own rule.
_NAME = re.compile(r"[a-z0-9][-.a-z0-9]{1,30}[a-z0-9]")
_CHANGEABLE = ("kvTags", "properties", "description")
_FLAVOR, _TYPE = "WebApiContainer", "Docker"
_RUNTIMES = ("Python", "PythonSlim", "PythonCustom", "SparkPython")
#: The kinds of images that are for other machines than this one.
_ELSEWHERE = {"AccelContainer": "an FPGA", "IoTContainer": "IoT Edge"}
SUCCEEDED, FAILED = "Succeeded", "Failed"
_NO_STEPS = "the steps of docker_file are not run: what they install has to be on this machine"


@routes.post("/images")
def create(call: Call) -> Reply:
    """Makes the next version of an image of models, a scoring script and its packages; nothing is built.

    The answer names an operation, which is done."""
    content = call.object
    name = typed(content, "name", str)
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of an image: 3 to 32 lowercase letters, digits, '-' and '.', a letter or "
            "digit first and last"
        )
    body = _body(call, content)
    found, notes = _read(call, name, body)
    with call.records.database.write():
        last = call.records.resources.find(call.workspace.id, _NUMBERS, name)
        # A number is never given twice, even when the image was deleted.
        number = (last.body["last"] if last else 0) + 1
        call.records.resources.put(call.workspace.id, _NUMBERS, name, {"last": number})
        item = call.records.resources.add(call.workspace.id, KIND, name, body, str(number))
    log = [f"image {name}:{number} of {found.script if found else 'a script'}", *notes]
    _write(call, item, "build-log.txt", "".join(f"{line}\n" for line in log))
    _write(call, item, "Dockerfile", dockerfile(found.environment if found else Environment(), {}))
    place = call.path.removesuffix("/images")
    url = f"{call.service.http_url}{place}/operations/{body['operation']}"
    return JsonResponse({"operationId": body["operation"]}, 202, {"Operation-Location": url})


@routes.post("/images/generateDockerBuildContext")
def build_context(call: Call) -> Reply:
    """The build context of an image for `Webservice.deploy_local_from_model`, which brings the files itself."""
    content = call.object
    properties: dict[str, Any] = typed(typed(content, "targetRuntime", dict), "properties", dict, {})
    conda = typed(properties, "condaEnvFile", str, None)
    environment = Environment(name=typed(content, "name", str), image=typed(content, "baseImage", str, None))
    # The client puts the scoring script there by this name, too.
    text = dockerfile(environment, {sources.ENTRY: "main.py"}, conda)
    if content.get("dockerFileUri"):
        text = f"# {_NO_STEPS}\n{text}"
    return {"context": [packages.inline("Dockerfile", text)], "environment": None}


def _body(call: Call, content: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a request. Raises a 4xx ServiceError, and a 501 for images of other machines."""
    flavor = typed(content, "imageFlavor", str, _FLAVOR)
    if flavor != _FLAVOR:
        where = _ELSEWHERE.get(flavor, "something else")
        raise ServiceError(
            501, "NotSupported", f"images of the kind {flavor} are for {where}: make one with ContainerImage"
        )
    if typed(content, "imageType", str, _TYPE) != _TYPE:
        raise bad_request(f"imageType must be {_TYPE}, not {content['imageType']!r}")
    runtime = typed(content, "targetRuntime", dict)
    if typed(runtime, "runtimeType", str) not in _RUNTIMES:
        raise bad_request(f"runtimeType must be one of {', '.join(_RUNTIMES)}, not {runtime['runtimeType']!r}")
    given = [str(item) for item in typed(content, "modelIds", list, [])]
    found = [registry.get(call.service, call.workspace, item) for item in given]
    driver, assets = typed(content, "driverProgram", str), sources.listed(content)
    if driver not in [item.get("id") for item in assets]:
        raise bad_request(f"the driver program {driver!r} is none of the assets")
    typed(runtime, "properties", dict, {})
    return {
        "description": typed(content, "description", str, None),
        "kvTags": string_map(content, "kvTags") or {},
        "properties": string_map(content, "properties") or {},
        "modelIds": [f"{item.name}:{item.version}" for item in found],
        "driverProgram": driver,
        "assets": assets,
        "targetRuntime": dict(runtime),
        "baseImage": typed(content, "baseImage", str, None),
        "dockerFileUri": typed(content, "dockerFileUri", str, None),
        "operation": uuid.uuid4().hex,
        "state": SUCCEEDED,
        "error": None,
    }


def _read(call: Call, name: str, body: dict[str, Any]) -> tuple[Source | None, list[str]]:
    """What an image is made of, and what its log is to say; an image that cannot be built fails in ``body``. Raises a
    4xx ServiceError for files that are not there."""
    runtime = body["targetRuntime"].get("properties") or {}
    notes = []
    if body["dockerFileUri"]:
        notes.append(f"amlbridge | {_NO_STEPS}")
    if runtime.get("installCuda") or runtime.get("cudaVersion"):
        notes.append("amlbridge | CUDA is not installed: the service uses what this machine has")
    try:
        return _source(call.service, call.workspace, name, body), notes
    except _BuildError as error:
        body |= {"state": FAILED, "error": str(error)}
        return None, [*notes, f"error: {error}"]


class _BuildError(Exception):
    """An image cannot be built of what was sent."""


def _source(service: Service, workspace: Workspace, name: str, body: Mapping[str, Any]) -> Source:
    found = sources.models(service, workspace, body)
    driver = next(item for item in body["assets"] if item.get("id") == body["driverProgram"])
    program = files.asset(service, workspace, typed(driver, "url", str), unpack=False)
    named = image_code.script_of(program.path.read_text(encoding="utf-8", errors="replace"))
    assets = sources.assets(service, workspace, body)
    if named is None:
        assets, script = (*assets, program), program.path.name
    else:
        script = sources.script(named)
    properties = body["targetRuntime"].get("properties") or {}
    conda = _conda(service, workspace, typed(properties, "condaEnvFile", str, None))
    environment = Environment(name=name, conda=conda, image=body["baseImage"])
    return Source(found, image_code.placed(assets, script), script, environment)


def _conda(service: Service, workspace: Workspace, url: str | None) -> Any:
    if not url:
        return None
    path = files.asset(service, workspace, url, unpack=False).path
    try:
        found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise _BuildError(f"the conda file cannot be read: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("dependencies") or [], list):
        raise _BuildError("the conda file is no conda environment: it needs a list of dependencies")
    return found


@routes.get("/images")
def list_images(call: Call) -> Reply:
    """Images by name, version, model, tags and properties, a page at a time."""
    items = [item for item in call.records.resources.list(call.workspace.id, KIND) if _matches(item, call.query)]
    expand = _expands(call)
    found = page(call, items, lambda item: dto(call, item, expand=expand), order=call.query.get("orderby"))
    answer: dict[str, Any] = {"value": found["value"]}
    if found["nextLink"]:
        # The client follows the link as it is, also a null: it has to repeat the filters.
        kept = {key: value for key, value in call.query.items() if key not in ("skiptoken", "offset")}
        answer["nextLink"] = f"{found['nextLink']}&{urlencode(kept)}"
    return answer


def _matches(item: Resource, query: Mapping[str, str]) -> bool:
    body = item.body
    for key, value in (("name", item.name), ("version", item.version)):
        if query.get(key) and query[key] != value:
            return False
    if query.get("modelid") and query["modelid"] not in body["modelIds"]:
        return False
    if query.get("modelname") and query["modelname"] not in [value.rpartition(":")[0] for value in body["modelIds"]]:
        return False
    return matches_pairs(body["kvTags"], query.get("tags")) and matches_pairs(
        body["properties"], query.get("properties")
    )


@routes.get("/images/{id}")
def get(call: Call) -> Reply:
    """One image by its id, name:version; a bare name means its latest version."""
    return dto(call, find(call.service, call.workspace, call.params["id"]), expand=_expands(call))


@routes.patch("/images/{id}")
def change(call: Call) -> Reply:
    """Changes tags and description of an image by a JSON patch; properties can only be added."""
    item = find(call.service, call.workspace, call.params["id"])

    def apply(body: dict[str, Any]) -> None:
        changed = patch(body, call.json, _CHANGEABLE)
        changed["kvTags"] = string_map(changed, "kvTags") or {}
        changed["properties"] = string_map(changed, "properties") or {}
        typed(changed, "description", str, None)
        for key, value in body["properties"].items():
            if changed["properties"].get(key) != value:
                raise bad_request(f"the property {key!r} of an image cannot be changed or removed, only tags can")
        body.update(changed)

    changed = call.records.resources.change(call.workspace.id, KIND, item.name, apply, item.version)
    return dto(call, changed, expand=_expands(call))


@routes.delete("/images/{id}")
def delete(call: Call) -> Reply:
    """Deletes an image that no web service is made of; its models stay."""
    image = call.params["id"]
    name, _, version = image.rpartition(":")
    resources = call.records.resources
    with call.records.database.write():
        users = [one.name for one in resources.list(call.workspace.id, SERVICES) if one.body.get("imageId") == image]
        if users:
            # The client would fail on Azure's own 412: it looks for a text in bytes.
            raise conflict(
                f"DeletionRequired: the image {image} is used by the web services {', '.join(users)}: delete or update "
                "these first",
                "DeletionRequired",
            )
        there = resources.delete(call.workspace.id, KIND, name, version) > 0
    return Response(status_code=200 if there else 204)


#: The kind of the records of web services.
SERVICES = "webservice"


def find(service: Service, workspace: Workspace, image_id: str) -> Resource:
    """An image by its id. Raises a 404 ServiceError."""
    name, _, version = image_id.rpartition(":") if ":" in image_id else (image_id, "", "")
    resources = service.records.resources
    found = resources.find(workspace.id, KIND, name, version) if version else resources.latest(workspace.id, KIND, name)
    if found is None:
        raise not_found(f"ImageNotFound: there is no image {image_id} in this workspace", "ImageNotFound")
    return found


def source(service: Service, workspace: Workspace, image_id: str) -> Source:
    """What a service of an image is made of. Raises a 4xx ServiceError."""
    item = find(service, workspace, image_id)
    if item.body["state"] != SUCCEEDED:
        raise bad_request(f"the image {image_id} was not built: {item.body['error']}", "ImageNotReady")
    return _source(service, workspace, item.name, item.body)


def operation(call: Call, name: str) -> dict[str, Any] | None:
    """The operation that made an image as the client reads it; None when there is none of this name."""
    for item in call.records.resources.list(call.workspace.id, KIND):
        if item.body["operation"] == name:
            place = call.path.partition("/operations/")[0]
            content = {
                "id": name,
                "operationType": "Image",
                "state": item.body["state"],
                "resourceLocation": f"{place}/images/{item.name}:{item.version}",
                "operationLog": _url(call, item, "build-log.txt"),
            }
            return content if item.body["error"] is None else {**content, "error": _error(item)}
    return None


def _error(item: Resource) -> dict[str, Any]:
    return {"code": "ImageBuildFailed", "statusCode": 400, "message": item.body["error"], "details": []}


def _expands(call: Call) -> bool:
    return call.query.get("expand", "false").lower() == "true"


def dto(call: Call, item: Resource, *, expand: bool) -> dict[str, Any]:
    """An image as the client reads it; ``expand``: with its models."""
    body = item.body
    content = {
        "id": f"{item.name}:{item.version}",
        "name": item.name,
        "version": int(item.version),
        "description": body["description"],
        "kvTags": body["kvTags"],
        "properties": body["properties"],
        "createdTime": iso(item.created),
        "modifiedTime": iso(item.modified),
        "creationState": body["state"],
        "error": None if body["error"] is None else _error(item),
        "imageType": _TYPE,
        "imageFlavor": _FLAVOR,
        "imageLocation": packages.location(call.workspace, item.name, item.version),
        "imageBuildLogUri": _url(call, item, "build-log.txt"),
        "generatedDockerFileUri": _url(call, item, "Dockerfile"),
        "modelIds": body["modelIds"],
        "driverProgram": body["driverProgram"],
        "assets": [{"mimeType": None, "unpack": False, **asset} for asset in body["assets"]],
        "targetRuntime": {"targetArchitecture": "amd64", "properties": {}, **body["targetRuntime"]},
        "baseImage": body["baseImage"],
        "dockerFileUri": body["dockerFileUri"],
        "operationId": body["operation"],
    }
    return {**content, "modelDetails": models.described(call, body["modelIds"])} if expand else content


def digest(item: Resource) -> str:
    """The digest of an image, which says what it is made of."""
    made_of = {key: item.body[key] for key in ("modelIds", "assets", "targetRuntime", "baseImage", "driverProgram")}
    return f"sha256:{hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()}"


def _blob(item: Resource, name: str) -> str:
    return f"images/{item.name}/{item.version}/{name}"


def _write(call: Call, item: Resource, name: str, text: str) -> None:
    call.service.blobs.put(call.workspace.storage_account, "azureml", _blob(item, name), text.encode())


def _url(call: Call, item: Resource, name: str) -> str:
    return call.service.blob_url(call.workspace.storage_account, "azureml", _blob(item, name))
