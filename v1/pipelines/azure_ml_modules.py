"""Named modules with versions: what ``Module.create``, ``publish_python_script`` and ModuleStep use.

A version is a module of its own, under its own id; a graph names the version.
"""

from __future__ import annotations

import uuid
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import modules
from amlbridge.v1.pipelines.entities import body_of, make_routes, stamped, status_of
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.routing import Reply

routes = make_routes()
KIND, NAME_KIND = "azureml_module", "azureml_module_name"


def _get(call: Call, module_id: str) -> Resource:
    record = call.records.resources.find(call.workspace.id, KIND, module_id)
    if record is None:
        raise not_found(f"there is no module with the id {module_id}")
    return record


@routes.post("/AzureMLModules")
def create_azure_ml_module(call: Call) -> Reply:
    """Makes a named module without versions."""
    body = body_of(call)
    name, module_id = body.required("Name"), str(uuid.uuid4())
    description = body.text("Description")
    document: dict[str, Any] = {"Name": name, "Description": description, "Versions": [], "DefaultVersion": None}
    resources, workspace = call.records.resources, call.workspace.id
    with call.records.database.write():
        if resources.find(workspace, NAME_KIND, name) is not None:
            raise conflict(f"a module named {name!r} already exists: Module.get() it, or choose another name")
        resources.put(workspace, NAME_KIND, name, {"id": module_id})
        return stamped(resources.put(workspace, KIND, module_id, document))


@routes.get("/AzureMLModules/Name")
def get_azure_ml_module_by_name(call: Call) -> Reply:
    """A named module by its name (query parameter ``name``)."""
    name = call.query.get("name", "")
    found = call.records.resources.find(call.workspace.id, NAME_KIND, name)
    if found is None:
        raise not_found(f"there is no module named {name!r}")
    return stamped(_get(call, found.body["id"]))


@routes.get("/AzureMLModules/{id}")
def get_azure_ml_module(call: Call) -> Reply:
    """A named module by its id."""
    return stamped(_get(call, call.params["id"]))


@routes.put("/AzureMLModules/{id}")
def update_azure_ml_module(call: Call) -> Reply:
    """Changes name, description, status, default version and the list of versions of a named module."""
    body, module_id = body_of(call), call.params["id"]
    name, status, default = body.required("Name"), status_of(body), body.label("DefaultVersion")
    resources, workspace = call.records.resources, call.workspace.id
    with call.records.database.write():
        current = _get(call, module_id).body
        versions = _versions(body, current["Versions"])
        if default is not None and default not in {item["Version"] for item in versions}:
            raise bad_request(f"the module has no version {default!r} that could be the default")
        if name != current["Name"]:
            if resources.find(workspace, NAME_KIND, name) is not None:
                raise conflict(f"a module named {name!r} already exists")
            resources.delete(workspace, NAME_KIND, current["Name"])
            resources.put(workspace, NAME_KIND, name, {"id": module_id})
        document = {
            "Name": name,
            "Description": body.text("Description"),
            "EntityStatus": status,
            "Versions": versions,
            "DefaultVersion": default,
        }
        return stamped(resources.put(workspace, KIND, module_id, document))


def _versions(body: Fields, current: list[dict[str, str]]) -> list[dict[str, str]]:
    """The list as the client sends it. It does not know the number of a version that it let the service number."""
    known = {item["ModuleVersionId"]: item["Version"] for item in current}
    found: dict[str, str] = {}
    for item in body.objects("Versions"):
        version_id = item.required("ModuleVersionId")
        if version_id not in known:
            raise bad_request(f"{version_id} is no version of this module")
        found[version_id] = item.label("Version") or known[version_id]
    if len(set(found.values())) != len(found):
        raise bad_request("two versions of the module have the same name")
    return [{"ModuleVersionId": version_id, "Version": version} for version_id, version in found.items()]


@routes.post("/AzureMLModuleVersions")
def create_azure_ml_module_version(call: Call) -> Reply:
    """Adds a version to a named module; without a number it gets the next one."""
    body = body_of(call)
    parent_id, version = body.required("AmlModuleId"), body.label("Version")
    document = modules.document(call, body)
    is_default = body.flag("SetAsDefaultVersion")
    resources, workspace = call.records.resources, call.workspace.id
    with call.records.database.write():
        parent = _get(call, parent_id).body
        taken = {item["Version"] for item in parent["Versions"]}
        if version is None:
            version = str(max((int(item) for item in taken if item.isdecimal()), default=0) + 1)
        if version in taken:
            raise conflict(f"the module {parent['Name']!r} already has a version {version!r}")
        version_id = modules.store(call, {**document, "AmlModuleId": parent_id, "Version": version})
        parent["Versions"].append({"ModuleVersionId": version_id, "Version": version})
        if is_default or parent["DefaultVersion"] is None:
            parent["DefaultVersion"] = version
        resources.put(workspace, KIND, parent_id, parent)
    return _version_dto(call, version_id)


@routes.get("/AzureMLModuleVersions/{id}")
def get_azure_ml_module_version(call: Call) -> Reply:
    """A version of a named module, with its interface."""
    return _version_dto(call, call.params["id"])


@routes.put("/AzureMLModuleVersions/{id}")
def update_azure_ml_module_version(call: Call) -> Reply:
    """Changes the description and the status of a version."""
    body = body_of(call).object("Data")
    description, status = body.text("Description"), status_of(body)

    def change(document: dict[str, Any]) -> None:
        document.update(Description=description, EntityStatus=status)

    _version_dto(call, call.params["id"])
    call.records.resources.change(call.workspace.id, modules.KIND, call.params["id"], change)
    return _version_dto(call, call.params["id"])


def _version_dto(call: Call, version_id: str) -> dict[str, Any]:
    found = modules.dto(call, version_id)
    parent_id = found["Data"].get("AmlModuleId")
    if parent_id is None:
        raise not_found(f"there is no module version {version_id}")
    return {"ModuleId": parent_id, **found}
