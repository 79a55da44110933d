"""Invocations of batch endpoints, each a job, and the jobs of an endpoint or a deployment.

The request (protocol notes, section 4): ``{"properties": {"inputData": {name: {"jobInputType", "value" | "uri"}},
"outputData", "name", "properties": {"experimentName"}, …}}``; the header ``azureml-model-deployment`` names the
deployment. The client repeats a request that it got no answer to under the same ``repeatability_request-id``: it is
answered with the job that the first one has started.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from itertools import islice
from typing import Any

from starlette.responses import JSONResponse

from amlbridge.engine.errors import ConflictError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.v2.batch import models, pipelines, records
from amlbridge.v2.jobs import records as jobs
from amlbridge.v2.jobs import submission
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.wire import run_changes
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, bad_request, conflict
from amlbridge.wire.routing import Reply, Routes

routes = Routes("v2 batch endpoints", f"{records.JOBS_PREFIX}/WS/batchEndpoints/{{endpoint}}")

#: Properties of a job that an endpoint started.
ENDPOINT, DEPLOYMENT = "amlbridge.batch_endpoint", "amlbridge.batch_deployment"
#: The tags by which the client downloads the outputs of the job rather than one of a step (protocol notes, section 4).
_TAGS = {"azureml.batchrun": "true", "azureml.jobtype": "azureml.pipelinejob"}
_HEADER, _REPEATED = "azureml-model-deployment", "repeatability_request-id"
#: As the client spells them here -> as a job says it.
_TYPES = {
    "literal": "literal",
    "urifile": "uri_file",
    "urifolder": "uri_folder",
    "mltable": "mltable",
    "custommodel": "custom_model",
    "mlflowmodel": "mlflow_model",
    "tritonmodel": "triton_model",
}
_PAGE = 100


@routes.post("/jobs")
def invoke_batch_endpoint(call: Call) -> Reply:
    """Starts a job of a batch endpoint: of the deployment that the header names, or of its default one."""
    endpoint = records.endpoint_of(call)
    deployment = _deployment(call, endpoint)
    body = Section(_spelled(call.field("properties", dict)), "properties")
    label = body.text("name")
    repeated = call.headers.get(_REPEATED)
    if label is not None:
        name = run_changes.check_run_id(label)
    else:
        name = (
            f"batchjob-{uuid.uuid5(uuid.NAMESPACE_URL, f'{endpoint.created}/{repeated}') if repeated else uuid.uuid4()}"
        )
        known = call.records.runs.find(call.workspace.id, name)
        if known is not None:
            return JSONResponse(_dto(call, known), 201)
    is_model = "deploymentConfiguration" not in deployment.body["properties"]
    inputs, outputs = _ports(body.section("inputData")), _ports(body.section("outputData"), outputs=True)
    job = models.job(deployment, body, inputs, outputs) if is_model else pipelines.job(deployment)
    if not is_model:
        job |= {"inputs": inputs, "outputs": outputs}
    job["experimentName"] = body.section("properties").text("experimentName") or endpoint.body["name"]
    job["properties"] = {ENDPOINT: endpoint.body["name"], DEPLOYMENT: deployment.body["name"]}
    job["description"] = deployment.body["properties"]["description"]
    tags = {**deployment.body["tags"], **_TAGS}
    try:
        submission.submit(call.service, call.workspace, name, job, call.identity, tags=tags)
    except ConflictError as error:
        raise conflict(f"a job with the name {name} exists already: choose another job_name") from error
    except ServiceError as error:
        where = f"the deployment {deployment.body['name']} of the batch endpoint {endpoint.body['name']}"
        raise ServiceError(error.status, error.code, f"{where}: {error.message}") from error
    return JSONResponse(_dto(call, call.records.runs.get(call.workspace.id, name)), 201)


@routes.get("/jobs")
def list_jobs_of_batch_endpoint(call: Call) -> Reply:
    """The jobs that a batch endpoint has started, newest first, in pages."""
    return _listing(call, records.endpoint_of(call), None)


@routes.get("/deployments/{deployment}/jobs")
def list_jobs_of_batch_deployment(call: Call) -> Reply:
    """The jobs of one deployment of a batch endpoint, newest first, in pages."""
    return _listing(call, *records.deployment_of(call))


def _deployment(call: Call, endpoint: Resource) -> Resource:
    name = call.headers.get(_HEADER) or endpoint.body["default"]
    if name is None:
        raise bad_request(
            f"the batch endpoint {endpoint.body['name']} has no default deployment: name one (deployment_name=…, or "
            f"the header {_HEADER}), or set endpoint.defaults.deployment_name",
            "NoDefaultDeployment",
        )
    found = records.find_deployment(call.service, call.workspace, endpoint, name)
    if found is None:
        raise records.no_deployment(call, endpoint, name)
    return found


def _spelled(content: Any) -> Any:
    """Fields as the client spells them: the REST reference writes ``InputData``, ``JobInputType``, ``Uri``."""
    return (
        {name[:1].lower() + name[1:]: value for name, value in content.items()}
        if isinstance(content, dict)
        else content
    )


def _ports(given: Section, *, outputs: bool = False) -> dict[str, Any]:
    """Inputs or outputs of an invocation as a job has them."""
    field = "jobOutputType" if outputs else "jobInputType"
    found = {}
    for name, content in given.content.items():
        item = Section(_spelled(content), given.at(name))
        kind = _TYPES.get(item.required(field).lower().replace("_", ""))
        if kind is None or (outputs and kind == "literal"):
            raise invalid(
                item.at(field), f"must be one of {', '.join(_TYPES)}, not {item.text(field)!r}", "InvalidType"
            )
        if kind != "literal" and not outputs:
            item.required("uri")
        found[name] = {**item.content, field: kind}
    return found


def _listing(call: Call, endpoint: Resource, deployment: Resource | None) -> Reply:
    skip = call.query.get("skip") or "0"
    if not skip.isdecimal() or len(skip) > 9:
        raise bad_request(f"$skip must be a whole number, not {skip[:40]!r}")
    start = int(skip)
    wanted = {ENDPOINT: endpoint.body["name"]}
    if deployment is not None:
        wanted[DEPLOYMENT] = deployment.body["name"]
    found = (
        run
        for run in jobs.newest_first(call.service, call.workspace, "All")
        # Those of an endpoint that had the same name before are not its own.
        if wanted.items() <= run.properties.items() and run.created >= endpoint.created
    )
    page = list(islice(found, start, start + _PAGE + 1))
    link = f"{call.service.https_url}{call.path}?$skip={start + _PAGE}" if len(page) > _PAGE else None
    return {"value": [_dto(call, run) for run in page[:_PAGE]], "nextLink": link}


def _dto(call: Call, run: Run) -> Mapping[str, Any]:
    body: dict[str, Any] = run.extra[jobs.JOB]
    return {
        "id": jobs.job_id(call.workspace, run.id),
        "name": run.id,
        "type": "Microsoft.MachineLearningServices/workspaces/batchEndpoints/jobs",
        "properties": {
            "name": run.id,
            "status": run.status,
            "description": run.description,
            "tags": run.tags,
            "properties": run.properties,
            "inputData": body.get("inputs"),
            "outputData": body.get("outputs"),
            "interactionEndpoints": {},
        },
    }
