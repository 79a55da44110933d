"""Published pipelines: a graph that is kept and run by its id, with other values, by the SDK and over REST.

The body of a record is the PipelineEntity of azureml-pipeline-core (its model's fields), and ``Assigned``: the values
that the publisher assigned, over which a submit assigns its own. The graph is kept by reference (``GraphId``) and never
changes; only the status does.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import graphs, rest_submissions, run_records, submissions
from amlbridge.v1.pipelines.entities import ACTIVE, STATUSES, body_of, make_routes, stamped
from amlbridge.v1.pipelines.rest_submissions import Origin
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import Reply

routes = make_routes()
KIND = "published_pipeline"

_SUBMIT = "/PipelineRuns/PipelineSubmit"
_ASSIGNED = ("ParameterAssignments", "DataPathAssignments", "DataSetDefinitionValueAssignments")
_STATUSES = {name.lower(): value for name, value in STATUSES.items()}
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def find(service: Service, workspace: Workspace, pipeline_id: str) -> Resource | None:
    """The published pipeline of this id, or None."""
    return service.records.resources.find(workspace.id, KIND, pipeline_id.lower())


def endpoint(service: Service, workspace: Workspace, pipeline_id: str) -> str:
    """The URL that runs a published pipeline. Its path never changes; the service tries to keep its port, too."""
    return f"{service.http_url}/pipelines/v1.0{workspace.scope}{_SUBMIT}/{pipeline_id}"


def dto(call: Call, resource: Resource) -> dict[str, Any]:
    """A PipelineEntity; ``Url`` is the REST endpoint."""
    entity = stamped(resource)
    del entity["Assigned"]
    return {**entity, "Url": endpoint(call.service, call.workspace, resource.name)}


def create(service: Service, workspace: Workspace, body: Fields) -> Resource:
    """Publishes the graph of a PipelineCreationInfo; it is checked as if it were submitted. Raises a 400
    :class:`ServiceError`; then nothing is recorded."""
    assigned = {name: dict(body.object(name).content) for name in _ASSIGNED}
    creation = {
        "Graph": dict(body.object("Graph").content),
        "GraphInterface": dict(body.object("GraphInterface").content),
    }
    lowered = submissions.lower(service, workspace, {**creation, "CreationInfo": assigned}, complete=False)
    values = submissions.assignments(lowered)
    document = {
        "Name": body.text("Name"),
        "Description": body.text("Description"),
        "Version": body.text("Version"),
        "TotalRunSteps": len(lowered.plan.nodes),
        "ParameterAssignments": values["parameters"],
        "DataSetDefinitionValueAssignments": values["datasets"],
        "DataPathAssignments": values["paths"],
        "ContinueRunOnStepFailure": body.flag("ContinueRunOnStepFailure"),
        "EnableNotification": body.flag("EnableNotification"),
        "EntityStatus": ACTIVE,
        "tags": body.scalars("tags"),
        "Properties": body.scalars("Properties"),
        "Assigned": assigned,
    }
    with service.records.database.write():
        document["GraphId"] = graphs.store(service, workspace, creation)
        return service.records.resources.add(workspace.id, KIND, str(uuid.uuid4()), document)


@routes.post("/Pipelines/Create")
def create_published_pipeline(call: Call) -> Reply:
    """Publishes a pipeline, with or without a run of it before. A graph that cannot run is refused."""
    return dto(call, create(call.service, call.workspace, body_of(call)))


@routes.get("/Pipelines")
def list_published_pipelines(call: Call) -> Reply:
    """The published pipelines, newest first (``activeOnly``, true unless told)."""
    text = (call.query.get("activeonly") or "true").lower()
    if text not in _BOOLEANS:
        raise bad_request(f"activeOnly is true or false, not {text[:40]!r}")
    found = reversed(call.records.resources.list(call.workspace.id, KIND))
    return [dto(call, item) for item in found if item.body["EntityStatus"] == ACTIVE or not _BOOLEANS[text]]


@routes.get("/Pipelines/{id}")
def get_published_pipeline(call: Call) -> Reply:
    """A published pipeline, disabled ones too."""
    return dto(call, _get(call))


@routes.put("/Pipelines/{id}/status")
def set_published_pipeline_status(call: Call) -> Reply:
    """Enables, deprecates or disables a published pipeline; the body is the status as a JSON string."""
    status = call.json
    if not isinstance(status, str) or status.lower() not in _STATUSES:
        raise bad_request(f"the body must be one of Active, Deprecated and Disabled, not {str(status)[:40]!r}")
    set_status(call.service, call.workspace, _get(call).name, _STATUSES[status.lower()])
    return None


def set_status(service: Service, workspace: Workspace, pipeline_id: str, status: str) -> Resource:
    """Sets the status (:data:`entities.STATUSES`). Raises :class:`NotFoundError`."""

    def change(body: dict[str, Any]) -> None:
        body["EntityStatus"] = status

    return service.records.resources.change(workspace.id, KIND, pipeline_id.lower(), change)


@routes.post(f"{_SUBMIT}/{{id}}")
def submit_published_pipeline(call: Call) -> Reply:
    """Runs a published pipeline, the REST endpoint (``parentRunId``: below another run). A bad body starts nothing."""
    pipeline = _get(call)
    submission = rest_submissions.read(body_of(call))
    if parent := call.query.get("parentrunid"):
        submission = dataclasses.replace(submission, parent_run_id=parent)
    origin = Origin(pipeline.name)
    run = rest_submissions.start(call.service, call.workspace, pipeline, submission, origin, call.identity)
    return run_records.entity(run, None, submitted=True)


@routes.get("/PipelineRuns/Pipeline/{id}")
def list_runs_of_pipeline(call: Call) -> Reply:
    """The runs of a published pipeline, however they were started, newest first."""
    pipeline = _get(call)
    runs = rest_submissions.engine_runs_of(call.service, call.workspace, pipeline_id=pipeline.name)
    records = [(run_records.of_run(run), run) for run in runs]
    return [run_records.entity(record, run) for record, run in records if record is not None]


def _get(call: Call) -> Resource:
    pipeline = find(call.service, call.workspace, call.params["id"])
    if pipeline is None:
        raise not_found(f"there is no published pipeline {call.params['id']} in this workspace")
    return pipeline
