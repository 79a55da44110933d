"""Environments as SDK v1 keeps them: definitions with versions and labels, and curated names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import curated_environments as curated
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("environments", "/environment/{api}/WS")

#: The kind of the records; a version's body is ``{"definition": …, "labels": [...]}``.
KIND = "environment"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_RESERVED = re.compile("(?i:azureml-|microsoft)|AutoML-")
#: The label of the version of a curated environment that Azure takes.
_RELEASED = "prod"
_LATEST = "latest"
#: What a definition consists of, and of which type. Clients send these in Pascal or camel case; they read camel case.
_SECTIONS: dict[str, type] = {
    "python": dict,
    "environmentVariables": dict,
    "docker": dict,
    "spark": dict,
    "inferencingStackVersion": str,
    "r": dict,
}
_NO_IMAGE = (
    "No image is built: amlbridge runs steps without containers, in the Python environment behind the client or, with\n"
    "`--environments uv`, in one that is made from this definition when the first step needs it.\n"
)


def find(service: Service, workspace: Workspace, name: str, version: str | None = None) -> dict[str, Any] | None:
    """The definition of a registered or curated environment, as the client reads it; by default its latest version.
    None when there is none."""
    found = _record(service, workspace, name, version)
    if found is not None:
        return _dto(found)
    return curated.definition(name, version) if curated.is_curated(name) else None


@routes.get("/environments")
def list_environments(call: Call) -> Reply:
    """The latest version of each registered environment, and the curated ones."""
    latest: dict[str, Resource] = {}
    for item in call.records.resources.list(call.workspace.id, KIND):
        latest[item.name] = item
    return {
        "value": [_dto(item) for item in latest.values()] + [curated.definition(name) for name in curated.NAMES],
        "continuationToken": None,
    }


@routes.put("/environments/{name}")
def register(call: Call) -> Reply:
    """Registers a definition: the next version, or the latest one again when the definition is the same."""
    name, definition = _checked(call)
    return _dto(_register(call.service, call.workspace, name, definition))


def ensure(service: Service, workspace: Workspace, name: str, content: Mapping[str, Any]) -> str | None:
    """Registers the environment of a submitted run, as Azure does. Returns its version; None for a name that no
    registered environment can have (a curated one's). Raises a 400 ServiceError for a section of a wrong type."""
    if not _NAME.fullmatch(name) or _RESERVED.match(name):
        return None
    definition: dict[str, Any] = {key: typed(content, key, kind, None) for key, kind in _SECTIONS.items()}
    return _register(service, workspace, name, definition).version


def version_of(service: Service, workspace: Workspace, name: str, content: Mapping[str, Any]) -> str | None:
    """The version under which an environment of a submitted run is registered, also when there are later ones; as
    :func:`ensure` when it is not registered. Raises a 400 ServiceError for a section of a wrong type."""
    definition: dict[str, Any] = {key: typed(content, key, kind, None) for key, kind in _SECTIONS.items()}
    for item in reversed(service.records.resources.list(workspace.id, KIND, name)):
        if item.body["definition"] == definition:
            return item.version
    return ensure(service, workspace, name, content)


def _register(service: Service, workspace: Workspace, name: str, definition: Mapping[str, Any]) -> Resource:
    with service.records.database.write():
        latest = service.records.resources.latest(workspace.id, KIND, name)
        if latest is not None and latest.body["definition"] == definition:
            return latest
        body = {"definition": definition, "labels": []}
        return service.records.resources.add_version(workspace.id, KIND, name, body)


@routes.get("/environments/{name}")
def get_latest(call: Call) -> Reply:
    """The latest version of an environment; any AzureML-* or AutoML-* name is a curated one."""
    return _found(call, None)


@routes.get("/environments/{name}/versions", others=REST)
def list_versions(call: Call) -> Reply:
    """All versions of an environment, oldest first."""
    name = call.params["name"]
    versions = [_dto(item) for item in call.records.resources.list(call.workspace.id, KIND, name)]
    if not versions:
        versions = [_found(call, None)]
    return {"value": versions, "continuationToken": None}


@routes.put("/environments/{name}/versions/{version}")
def register_version(call: Call) -> Reply:
    """Registers a definition under a version; one that exists is never replaced by another definition."""
    name, definition = _checked(call)
    version = call.params["version"]
    if not _NAME.fullmatch(version):
        raise bad_request(f"{version!r} cannot be the version of an environment")
    with call.records.database.write():
        existing = call.records.resources.find(call.workspace.id, KIND, name, version)
        if existing is None:
            body = {"definition": definition, "labels": []}
            existing = call.records.resources.add(call.workspace.id, KIND, name, body, version)
        elif existing.body["definition"] != definition:
            raise conflict(
                f"the environment {name} version {version} is registered with another definition: set its version to "
                "None to register the next one, or clone it under another name"
            )
    return _dto(existing)


@routes.get("/environments/{name}/versions/{version}")
def get_version(call: Call) -> Reply:
    """One version of an environment."""
    return _found(call, call.params["version"])


@routes.get("/environments/{name}/labels/{label}")
def get_by_label(call: Call) -> Reply:
    """The version that has a label; every environment has the label latest, curated ones also prod."""
    label = call.params["label"]
    if label.lower() == _LATEST:
        return _found(call, None)
    for item in call.records.resources.list(call.workspace.id, KIND, call.params["name"]):
        if label in item.body["labels"]:
            return _dto(item)
    if label.lower() == _RELEASED and curated.is_curated(call.params["name"]):
        # AutoML's client looks into its Dockerfile before it submits.
        found = _found(call, None)
        dockerfile = f"FROM {found['docker']['baseImage']}\n"
        return {**found, "docker": {**found["docker"], "baseImage": None, "baseDockerfile": dockerfile}}
    raise not_found(f"the environment {call.params['name']} has no version with the label {label!r}")


@routes.put("/environments/{name}/versions/{version}/metadata")
def set_labels(call: Call) -> Reply:
    """Sets the labels of a version; a label that another version had moves here."""
    name, version = call.params["name"], call.params["version"]
    labels = typed(_camel(call.object), "labels", list, [])
    for label in labels:
        if not isinstance(label, str) or not _NAME.fullmatch(label) or label.lower() == _LATEST:
            raise bad_request(f"{label!r} cannot be the label of an environment version")
    resources, workspace = call.records.resources, call.workspace.id
    with call.records.database.write():
        resources.get(workspace, KIND, name, version)
        for item in resources.list(workspace, KIND, name):
            kept = labels if item.version == version else [x for x in item.body["labels"] if x not in labels]
            if kept != item.body["labels"]:
                resources.put(workspace, KIND, name, {**item.body, "labels": kept}, item.version)
    return None


@routes.get("/environments/{name}/image")
def latest_image(call: Call) -> Reply:
    """What image the latest version has: none, since steps run without containers."""
    return _image(_found(call, None))


@routes.get("/environments/{name}/versions/{version}/image")
def image(call: Call) -> Reply:
    """What image a version has: none, since steps run without containers."""
    return _image(_found(call, call.params["version"]))


@routes.post("/environments/{name}/versions/{version}/image")
def build(call: Call) -> Reply:
    """A build that has succeeded already: there is nothing to build, and its log says so."""
    return _build(call)


@routes.post("/environments/{name}/versions/{version}/imageoncompute/{compute}")
def build_on_compute(call: Call) -> Reply:
    """A build on a compute that has succeeded already: there is nothing to build, and its log says so."""
    return _build(call)


@routes.get("/environments/{name}/versions/{version}/imagebuild")
def build_status(call: Call) -> Reply:
    """The state of a build: succeeded."""
    _found(call, call.params["version"])
    account, log = call.workspace.storage_account, "environments/build.txt"
    call.service.blobs.put(account, "azureml", log, _NO_IMAGE.encode())
    return {"status": "Succeeded", "logUrl": call.service.blob_url(account, "azureml", log), "error": None}


_NO_RECIPE = "Environment.build_local needs build scripts that only Azure hands out; steps run without a build."


@routes.operation("POST", "/environments/{name}/recipe", refused=_NO_RECIPE)
@routes.operation("POST", "/environments/{name}/versions/{version}/recipe", refused=_NO_RECIPE)
def build_recipe(call: Call) -> Reply:
    """Scripts that build the environment on the client's machine."""


def _build(call: Call) -> Reply:
    _found(call, call.params["version"])
    path = call.path.rpartition("/image")[0]
    return JSONResponse({"location": f"{call.service.http_url}{path}/imagebuild"}, 202)


def _image(definition: Mapping[str, Any]) -> dict[str, Any]:
    docker, python = definition.get("docker") or {}, definition.get("python") or {}
    return {
        "imageExistsInRegistry": False,
        "vulnerabilityReport": None,
        "dockerImage": {
            "name": docker.get("baseImage"),
            "registry": {"address": None, "username": None, "password": None},
        },
        "pythonEnvironment": {
            "interpreterPath": python.get("interpreterPath") or "python",
            "condaEnvironmentPath": None,
            "condaEnvironmentName": None,
        },
        "ingredients": {"dockerfile": docker.get("baseDockerfile")},
    }


def _record(service: Service, workspace: Workspace, name: str, version: str | None) -> Resource | None:
    if version is None or version.lower() == _LATEST:
        return service.records.resources.latest(workspace.id, KIND, name)
    return service.records.resources.find(workspace.id, KIND, name, version)


def _found(call: Call, version: str | None) -> dict[str, Any]:
    name = call.params["name"]
    found = find(call.service, call.workspace, name, version)
    if found is None:
        label = f"{name} version {version}" if version else name
        raise not_found(f"Error retrieving the environment definition for {label}: it is not registered")
    return found


def _checked(call: Call) -> tuple[str, dict[str, Any]]:
    """The name and the definition of a request, with every section checked for its type."""
    name = call.params["name"]
    if not _NAME.fullmatch(name):
        raise bad_request(f"{name!r} cannot be the name of an environment: letters, digits, '_', '-' and '.'")
    if _RESERVED.match(name):
        raise bad_request(f"{name!r}: names that start with AzureML-, AutoML- or Microsoft are curated; clone it first")
    content = _camel(call.object)
    if typed(content, "name", str, name) != name:
        raise bad_request(f"the definition is called {content['name']!r}, the address says {name!r}")
    definition: dict[str, Any] = {key: typed(content, key, kind, None) for key, kind in _SECTIONS.items()}
    for key, value in (definition["environmentVariables"] or {}).items():
        if not isinstance(value, str):
            raise bad_request(f"the environment variable {key!r} must be a string")
    return name, definition


def _camel(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in content.items()}


def _dto(item: Resource) -> dict[str, Any]:
    return {"name": item.name, "version": item.version, **item.body["definition"]}
