"""Deployments of batch endpoints: a pipeline component, or a model with a scoring script."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from amlbridge.v2 import arm_lists
from amlbridge.v2.batch import models, pipelines, records
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.wire import assumed_computes
from amlbridge.wire.context import Call, typed
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("v2 batch endpoints", "/WS/batchEndpoints/{endpoint}/deployments")


@routes.get("")
def list_batch_deployments(call: Call) -> Reply:
    """The deployments of a batch endpoint, a page at a time, newest first."""
    endpoint = records.endpoint_of(call)
    found = records.deployments(call.service, call.workspace, endpoint)
    return arm_lists.page(call, found[::-1], lambda item: records.deployment_dto(call, endpoint, item))


@routes.get("/{deployment}")
def get_batch_deployment(call: Call) -> Reply:
    """One deployment of a batch endpoint."""
    return records.deployment_dto(call, *records.deployment_of(call))


@routes.put("/{deployment}")
def put_batch_deployment(call: Call) -> Reply:
    """Deploys a pipeline component or a model to a batch endpoint, or replaces a deployment; checked at once."""
    name = records.check_name(call.params["deployment"], "a deployment")
    properties = Section(call.field("properties", dict), "properties")
    assumed_computes.ensure_in(call, properties.content)
    # As one: the component that a deployment needs is not left behind by a request that is refused.
    with call.records.database.write():
        endpoint = records.endpoint_of(call)
        checked, internal = _checked(call, properties)
        known = records.find_deployment(call.service, call.workspace, endpoint, name)
        body = {
            "name": known.body["name"] if known is not None else name,
            "location": call.field("location", str, "local"),
            "tags": Section(call.object, "").texts("tags"),
            "properties": {
                **checked,
                "description": properties.text("description"),
                "properties": properties.texts("properties"),
            },
            "internal": internal,
        }
        item = call.records.resources.put(call.workspace.id, records.DEPLOYMENT, endpoint.name, body, name.lower())
    return JSONResponse(records.deployment_dto(call, endpoint, item), 200 if known is not None else 201)


def _checked(call: Call, properties: Section) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is kept of a deployment for its users, and what for its invocations. Raises a 400 ServiceError."""
    configuration = properties.section("deploymentConfiguration")
    if not configuration.content:
        return models.check(call.service, call.workspace, properties)
    kind = configuration.required("deploymentConfigurationType")
    if kind.lower() != "pipelinecomponent":
        spot = configuration.at("deploymentConfigurationType")
        raise invalid(spot, f"must be PipelineComponent, not {kind[:40]!r}; a deployment of a model has none")
    return pipelines.check(call.service, call.workspace, properties)


@routes.operation("PATCH", "/{deployment}", others=REST)
def change_batch_deployment(call: Call) -> Reply:
    """Changes the tags and the description of a deployment."""
    endpoint, found = records.deployment_of(call)
    tags = Section(call.object, "").texts("tags")
    properties = Section(call.field("properties", dict, {}), "properties")
    description = properties.text("description")

    def apply(body: dict[str, Any]) -> None:
        if typed(call.object, "tags", dict, None) is not None:
            body["tags"] = tags
        if properties.get("description") is not None:
            body["properties"] = {**body["properties"], "description": description}

    place = (call.workspace.id, records.DEPLOYMENT, endpoint.name)
    return records.deployment_dto(call, endpoint, call.records.resources.change(*place, apply, found.version))


@routes.delete("/{deployment}")
def delete_batch_deployment(call: Call) -> Reply:
    """Deletes a deployment; as the default of its endpoint it leaves the endpoint without one. Its jobs stay."""
    with call.records.database.write():
        endpoint = call.records.resources.find(call.workspace.id, records.ENDPOINT, call.params["endpoint"].lower())
        if endpoint is None:
            return Response(status_code=204)
        name = call.params["deployment"].lower()
        gone = call.records.resources.delete(call.workspace.id, records.DEPLOYMENT, endpoint.name, name)
        default = endpoint.body["default"]
        if gone and default is not None and default.lower() == name:
            call.records.resources.put(
                call.workspace.id, records.ENDPOINT, endpoint.name, {**endpoint.body, "default": None}
            )
    return {} if gone else Response(status_code=204)
