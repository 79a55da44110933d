"""Models as SDK v1 registers, lists, changes and deletes them. Their files are artifacts, named by an asset."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.records.resources import Resource
from amlbridge.v1 import model_assets
from amlbridge.v1.model_queries import matches_pairs, page, patch, string_map
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, not_found
from amlbridge.wire.identity import TENANT, USER, USER_NAME
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("models", "/modelmanagement/v1.0/WS")

#: The client's own rule for names.
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_ASSET = "aml://asset/"
#: The kind of the records of images of services, which are made of models.
IMAGES = "service-image"
#: What the client looks for in the models of a service or an image, null or not.
_OF_MODEL = ("description", "mimeType", "framework", "frameworkVersion", "unpack", "url", "experimentName", "runId")
_CHANGEABLE = (
    "kvTags",
    "properties",
    "description",
    "datasets",
    "sampleInputData",
    "sampleOutputData",
    "resourceRequirements",
    "framework",
    "frameworkVersion",
)
_TEXTS = ("url", "mimeType", "framework", "frameworkVersion", "description", "parentModelId", "runId")
_MORE_TEXTS = ("experimentName", "sampleInputData", "sampleOutputData")


@routes.post("/models")
def register(call: Call) -> Reply:
    """Registers the next version of a model."""
    content = call.object
    name = typed(content, "name", str)
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of a model: up to 255 letters, digits, '-', '.' and '_', a letter or digit "
            "first"
        )
    url = typed(content, "url", str)
    if url.startswith(_ASSET):
        asset = url.removeprefix(_ASSET)
        if call.records.resources.find(call.workspace.id, model_assets.KIND, asset) is None:
            raise bad_request(f"there is no asset {asset} in this workspace", "AssetNotFound")
    body: dict[str, Any] = {key: typed(content, key, str, None) for key in (*_TEXTS, *_MORE_TEXTS)}
    body["unpack"] = typed(content, "unpack", bool, False)
    body["derivedModelIds"] = typed(content, "derivedModelIds", list, [])
    for key in ("kvTags", "properties"):
        body[key] = string_map(content, key)
    body["datasets"] = content.get("datasets")
    body["resourceRequirements"] = content.get("resourceRequirements")
    _check(body)
    return dto(registry.add(call.service, call.workspace, name, body))


@routes.get("/models")
def list_models(call: Call) -> Reply:
    """Models by name, framework, description, tags, properties, run, dataset and latest version, a page at a time."""
    return _query(call, call.query)


@routes.post("/models/list", others=REST)
def query_models(call: Call) -> Reply:
    """Models by a filter in the body: the same as listing them."""
    given = {key.lower(): str(value) for key, value in call.object.items() if value is not None}
    call.query = given
    return {**_query(call, given), "nextRequest": None}


@routes.get("/models/{id}")
def get(call: Call) -> Reply:
    """One model by its id, name:version; a bare name means its latest version."""
    return dto(registry.get(call.service, call.workspace, call.params["id"]))


@routes.patch("/models/{id}")
def change(call: Call) -> Reply:
    """Changes tags, description, datasets and the like by a JSON patch; properties can only be added."""

    def apply(body: dict[str, Any]) -> None:
        changed = patch(body, call.json, _CHANGEABLE)
        changed["kvTags"], changed["properties"] = string_map(changed, "kvTags"), string_map(changed, "properties")
        for key, value in (body.get("properties") or {}).items():
            if (changed["properties"] or {}).get(key) != value:
                raise bad_request(f"the property {key!r} of a model cannot be changed or removed, only tags can")
        _check(changed)
        body.update(changed)

    return dto(registry.change(call.service, call.workspace, call.params["id"], apply))


@routes.delete("/models/{id}")
def delete(call: Call) -> Reply:
    """Deletes one version of a model that no image of a service is made of; its files stay."""
    users = [item for item in call.records.resources.list(call.workspace.id, IMAGES) if _is_of(call, item)]
    if users:
        names = ", ".join(f"{item.name}:{item.version}" for item in users)
        message = f"the model {call.params['id']} is used by the images {names}: delete these first"
        content = ServiceError(412, "DeletionRequired", message).body()
        # Of an error's fields the client shows its user this one.
        return JsonResponse({**content, "correlation": {"DeletionRequired": message}}, 412)
    there = registry.delete(call.service, call.workspace, call.params["id"])
    return Response(status_code=200 if there else 204)


def _is_of(call: Call, image: Resource) -> bool:
    return call.params["id"] in image.body["modelIds"]


@routes.get("/profiles")
def get_profile(call: Call) -> Reply:
    """A model profile by its name: there is none, since none can be made."""
    # The client takes the first of a list without looking whether there is one; a 404 it reads.
    raise not_found(f"there is no model profile {call.query.get('name', '')}".rstrip(), "ProfileNotFound")


_NO_IMAGES = "Container images are not built by amlbridge (Image.create): it runs without containers."
_NO_PROFILES = (
    "Model.profile measures containers in Azure, which amlbridge does not have, and SDK v2 has no successor for it: "
    "call run() of your scoring script with a sample and time it."
)
_REFUSED = (
    ("POST", "/environmentImageRequests", _NO_IMAGES),
    ("POST", "/profiles", _NO_PROFILES),
)


def _refused(call: Call) -> Reply:
    """Packaging and profiling models."""


for _method, _path, _reason in _REFUSED:
    routes.operation(_method, _path, refused=_reason)(_refused)


def _query(call: Call, query: Mapping[str, str]) -> dict[str, Any]:
    found = registry.versions(call.service, call.workspace, query.get("name"))
    latest_only = query.get("latestversiononly", "false").lower()
    if latest_only not in ("true", "false"):
        raise bad_request(f"latestVersionOnly must be true or false, not {latest_only!r}")
    if latest_only == "true":
        found = sorted({item.name: item for item in found}.values(), key=lambda item: item.created)
    chosen = [item for item in found if _matches(item, query)]
    return page(call, chosen, dto, order=query.get("orderby"))


def _matches(item: Resource, query: Mapping[str, str]) -> bool:
    body = item.body
    for key, field in (
        ("framework", "framework"),
        ("frameworkversion", "frameworkVersion"),
        ("description", "description"),
        ("runid", "runId"),
    ):
        if query.get(key) and query[key] != body.get(field):
            return False
    if query.get("version") and query["version"] != item.version:
        return False
    dataset = query.get("datasetid")
    if dataset and all(reference["id"] != dataset for reference in body.get("datasets") or []):
        return False
    return matches_pairs(body.get("kvTags"), query.get("tag"), query.get("tags")) and matches_pairs(
        body.get("properties"), query.get("properties")
    )


def _check(body: Mapping[str, Any]) -> None:
    """Raises a 400 for fields that the client could not read back."""
    for key in ("description", "sampleInputData", "sampleOutputData", "framework", "frameworkVersion"):
        typed(body, key, str, None)
    for reference in typed(body, "datasets", list, []):
        if not isinstance(reference, dict):
            raise bad_request("datasets must hold objects with a name and an id")
        typed(reference, "name", str, "")
        typed(reference, "id", str)
    requirements: dict[str, Any] = typed(body, "resourceRequirements", dict, {})
    for key, kind in (("cpu", float), ("memoryInGB", float), ("gpu", int), ("fpga", int)):
        typed(requirements, key, kind, None)


def dto(item: Resource) -> dict[str, Any]:
    """A model as the v1 client reads it. ``datasets`` must be an array: the client iterates it."""
    given = {key: value for key, value in item.body.items() if value is not None}
    return {
        **given,
        "datasets": item.body.get("datasets") or [],
        "name": item.name,
        "version": int(item.version),
        "id": f"{item.name}:{item.version}",
        "createdTime": iso(item.created),
        "modifiedTime": iso(item.modified),
        "createdBy": {"userObjectId": USER, "userTenantId": TENANT, "userName": USER_NAME},
    }


def described(call: Call, ids: Sequence[Any]) -> list[dict[str, Any]]:
    """The models of a service or an image as the client reads them there, without those that were deleted since."""
    found = []
    for item in ids:
        try:
            record = registry.get(call.service, call.workspace, str(item))
        except (ServiceError, NotFoundError):
            continue  # the service has its files
        content = dto(record)
        tags, properties = content.get("kvTags") or {}, content.get("properties") or {}
        found.append({**dict.fromkeys(_OF_MODEL), **content, "tags": tags, "properties": properties})
    return found
