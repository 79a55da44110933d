"""Batch endpoints: made, found, changed, deleted. They do nothing by themselves: their deployments say what runs."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from amlbridge.v2 import arm_lists
from amlbridge.v2.batch import records
from amlbridge.v2.jobs.reading import Section
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("v2 batch endpoints", "/WS/batchEndpoints")

_NO_KEYS = (
    "a batch endpoint has no keys: it is invoked with a token, as from DefaultAzureCredential().get_token("
    "'https://ml.azure.com/.default')"
)


@routes.get("")
def list_batch_endpoints(call: Call) -> Reply:
    """The batch endpoints of the workspace, a page at a time, newest first."""
    found = call.records.resources.list(call.workspace.id, records.ENDPOINT)
    return arm_lists.page(call, found[::-1], lambda item: records.endpoint_dto(call, item))


@routes.get("/{endpoint}")
def get_batch_endpoint(call: Call) -> Reply:
    """One batch endpoint with its scoring URI and its default deployment."""
    return records.endpoint_dto(call, records.endpoint_of(call))


@routes.put("/{endpoint}")
def put_batch_endpoint(call: Call) -> Reply:
    """Creates or changes a batch endpoint: its default deployment, description, tags."""
    name = records.check_name(call.params["endpoint"], "an endpoint")
    properties = Section(call.field("properties", dict), "properties")
    mode = properties.text("authMode") or "AADToken"
    if mode.lower() != "aadtoken":
        raise bad_request(f"properties.authMode must be AADToken for a batch endpoint, not {mode[:40]!r}")
    defaults = properties.get("defaults")
    resources = call.records.resources
    with call.records.database.write():
        old = resources.find(call.workspace.id, records.ENDPOINT, name.lower())
        default = old.body["default"] if old is not None else None
        if defaults is not None:
            default = properties.section("defaults").text("deploymentName", "deployment_name")
            if default is not None and (
                old is None or records.find_deployment(call.service, call.workspace, old, default) is None
            ):
                raise bad_request(
                    f"properties.defaults.deploymentName: the batch endpoint {name} has no deployment {default}: "
                    "create the deployment first",
                    "DeploymentNotFound",
                )
        body = {
            "name": old.body["name"] if old is not None else name,
            "location": call.field("location", str, "local"),
            "tags": Section(call.object, "").texts("tags"),
            "description": properties.text("description"),
            "properties": properties.texts("properties"),
            "default": default,
        }
        item = resources.put(call.workspace.id, records.ENDPOINT, name.lower(), body)
    return JSONResponse(records.endpoint_dto(call, item), 200 if old is not None else 201)


@routes.operation("PATCH", "/{endpoint}", others=REST)
def change_batch_endpoint(call: Call) -> Reply:
    """Changes the tags of a batch endpoint."""
    found = records.endpoint_of(call)
    tags = Section(call.object, "").texts("tags")

    def apply(body: dict[str, Any]) -> None:
        if typed(call.object, "tags", dict, None) is not None:
            body["tags"] = tags

    changed = call.records.resources.change(call.workspace.id, records.ENDPOINT, found.name, apply)
    return records.endpoint_dto(call, changed)


@routes.delete("/{endpoint}")
def delete_batch_endpoint(call: Call) -> Reply:
    """Deletes a batch endpoint with its deployments; the jobs that they started stay."""
    name = call.params["endpoint"].lower()
    with call.records.database.write():
        call.records.resources.delete(call.workspace.id, records.DEPLOYMENT, name, None)
        gone = call.records.resources.delete(call.workspace.id, records.ENDPOINT, name)
    return {} if gone else Response(status_code=204)


@routes.operation("POST", "/{endpoint}/listkeys", refused=_NO_KEYS)
def list_batch_keys(call: Call) -> Reply:
    """The keys of a batch endpoint."""
    raise AssertionError(call.path)
