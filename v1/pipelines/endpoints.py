"""Pipeline endpoints: one address that stays while the published pipelines behind it come and go."""

from __future__ import annotations

import dataclasses
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines import endpoint_records, published, rest_submissions, revisions, run_records
from amlbridge.v1.pipelines.entities import ACTIVE, DISABLED, body_of, make_routes, stamped
from amlbridge.v1.pipelines.rest_submissions import Origin, Submission
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.identity import Identity
from amlbridge.wire.routing import REST, Reply

routes = make_routes()
_SUBMIT = "/PipelineRuns/PipelineEndpointSubmit/Id"
_SUBMIT_BY_NAME = "/PipelineRuns/PipelineEndpointSubmit/Name"
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def find(service: Service, workspace: Workspace, endpoint_id: str) -> Resource | None:
    """The endpoint of this id, or None."""
    return endpoint_records.find(service, workspace, endpoint_id)


def start(
    service: Service,
    workspace: Workspace,
    endpoint: Resource,
    version: str | None,
    submission: Submission,
    schedule_id: str | None = None,
    identity: Identity | None = None,
) -> Resource:
    """Runs a version of an endpoint (None: the default one). Returns the record of the pipeline run, whose name is the
    run's id. Raises a 400 :class:`ServiceError` when it cannot run, 404 for a version that is not there."""
    name = endpoint.body["Name"]
    if endpoint.body["EntityStatus"] == DISABLED:
        raise bad_request(
            f"the pipeline endpoint {name!r} is disabled: enable it (PipelineEndpoint.enable()) to submit to it",
            "PipelineEndpointDisabled",
        )
    chosen, pipeline_id = endpoint_records.choose(endpoint, version)
    pipeline = published.find(service, workspace, pipeline_id)
    assert pipeline is not None, "published pipelines are never deleted"
    if pipeline.body["EntityStatus"] == DISABLED:
        raise bad_request(
            f"the published pipeline {pipeline_id}, version {chosen} of the pipeline endpoint {name!r}, is disabled: "
            "enable it (PublishedPipeline.enable()), or choose another version",
            "PipelineDisabled",
        )
    origin = Origin(pipeline_id, endpoint.name, chosen, schedule_id)
    return rest_submissions.start(service, workspace, pipeline, submission, origin, identity)


def dto(call: Call, endpoint: Resource) -> dict[str, Any]:
    """A PipelineEndpointEntity; ``Url`` is the REST endpoint."""
    content = {key: value for key, value in endpoint.body.items() if key != "revision"}
    base = f"{call.service.http_url}/pipelines/v1.0{call.workspace.scope}"
    return {
        **stamped(dataclasses.replace(endpoint, body=content)),
        "Etag": revisions.etag(endpoint),
        "Url": f"{base}{_SUBMIT}/{endpoint.name}",
        "SwaggerUrl": None,
    }


@routes.post("/PipelineEndpoints/Create")
def create_pipeline_endpoint(call: Call) -> Reply:
    """Makes a pipeline endpoint whose version 0, the default one, is a published pipeline."""
    return dto(call, endpoint_records.create(call.service, call.workspace, body_of(call)))


@routes.get("/PipelineEndpoints")
def list_pipeline_endpoints(call: Call) -> Reply:
    """The pipeline endpoints, newest first (``activeOnly``, true unless told; header ``BatchSize``: how many)."""
    active_only, most = _active_only(call), _batch_size(call)
    found = call.records.resources.list(call.workspace.id, endpoint_records.KIND)
    wanted = [item for item in reversed(found) if not active_only or item.body["EntityStatus"] == ACTIVE]
    return [dto(call, item) for item in wanted[:most]]


@routes.get("/PipelineEndpoints/Name")
def get_pipeline_endpoint_by_name(call: Call) -> Reply:
    """The pipeline endpoint of a name (query parameter ``Name``)."""
    return dto(call, _named(call))


@routes.get("/PipelineEndpoints/Id/{id}")
def get_pipeline_endpoint(call: Call) -> Reply:
    """A pipeline endpoint."""
    return dto(call, _get(call))


@routes.put("/PipelineEndpoints/{id}")
def update_pipeline_endpoint(call: Call) -> Reply:
    """Changes a pipeline endpoint: name, description, status, default version; versions can only be added."""
    endpoint = _get(call)
    return dto(call, endpoint_records.update(call.service, call.workspace, endpoint.name, body_of(call)))


@routes.get("/PipelineEndpoints/{id}/pipelines")
def list_pipelines_of_endpoint(call: Call) -> Reply:
    """The published pipelines of an endpoint by version (``activeOnly``, true unless told)."""
    active_only, endpoint = _active_only(call), _get(call)
    pipelines = []
    for pipeline_id in endpoint_records.versions(endpoint).values():
        pipeline = published.find(call.service, call.workspace, pipeline_id)
        assert pipeline is not None, "published pipelines are never deleted"
        pipelines.append(published.dto(call, pipeline))
    return [item for item in pipelines if not active_only or item["EntityStatus"] == ACTIVE]


@routes.post(f"{_SUBMIT}/{{id}}")
def submit_pipeline_endpoint(call: Call) -> Reply:
    """Runs the default version of a pipeline endpoint (or ``pipelineVersion``; ``parentRunId``: below another run)."""
    return _submit(call, None)


@routes.post(f"{_SUBMIT}/{{id}}/{{version}}")
def submit_pipeline_endpoint_version(call: Call) -> Reply:
    """Runs a version of a pipeline endpoint (``parentRunId``: below another run)."""
    return _submit(call, call.params["version"])


@routes.operation("POST", _SUBMIT_BY_NAME, others=REST)
@routes.operation("POST", f"{_SUBMIT_BY_NAME}/{{name}}", others=REST)
def submit_pipeline_endpoint_by_name(call: Call) -> Reply:
    """Runs a version of the pipeline endpoint of a name (``name``, ``pipelineVersion``, ``parentRunId``)."""
    return _submit(call, None)


@routes.operation("POST", f"{_SUBMIT_BY_NAME}/{{name}}/{{version}}", others=REST)
def submit_pipeline_endpoint_version_by_name(call: Call) -> Reply:
    """Runs a version of the pipeline endpoint of a name, which the path names too (``parentRunId``)."""
    return _submit(call, call.params["version"])


def _submit(call: Call, version: str | None) -> Reply:
    endpoint = _get(call) if "id" in call.params else _named(call)
    # The client names the version twice; other callers in one of the two places.
    asked = call.query.get("pipelineversion") or version
    if version is not None and asked != version:
        raise bad_request(f"the path names the version {version!r}, the query {asked!r}: name one of them")
    submission = rest_submissions.read(body_of(call))
    if parent := call.query.get("parentrunid"):
        submission = dataclasses.replace(submission, parent_run_id=parent)
    run = start(call.service, call.workspace, endpoint, asked, submission, identity=call.identity)
    return run_records.entity(run, None, submitted=True)


def _get(call: Call) -> Resource:
    endpoint = find(call.service, call.workspace, call.params["id"])
    if endpoint is None:
        raise not_found(f"there is no pipeline endpoint {call.params['id']} in this workspace")
    return endpoint


def _named(call: Call) -> Resource:
    inside, asked = call.params.get("name"), call.query.get("name")
    if inside is not None and asked not in (None, inside):
        raise bad_request(f"the path names the pipeline endpoint {inside!r}, the query {asked!r}: name one of them")
    name = inside or asked
    if not name:
        raise bad_request("the name of the pipeline endpoint is missing (query parameter name)")
    endpoint = endpoint_records.find_by_name(call.service, call.workspace, name)
    if endpoint is None:
        raise not_found(f"there is no pipeline endpoint {name!r} in this workspace")
    return endpoint


def _active_only(call: Call) -> bool:
    text = (call.query.get("activeonly") or "true").lower()
    if text not in _BOOLEANS:
        raise bad_request(f"activeOnly is true or false, not {text[:40]!r}")
    return _BOOLEANS[text]


def _batch_size(call: Call) -> int | None:
    text = call.headers.get("batchsize")
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or int(text) < 1:
        raise bad_request(f"the header BatchSize is a whole number from 1 on, not {text[:40]!r}")
    return int(text)
