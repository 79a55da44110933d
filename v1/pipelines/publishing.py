"""Published pipelines, endpoints, schedules and drafts: named here, so that a client gets the reason and a way out."""

from __future__ import annotations

from amlbridge.v1.pipelines.entities import make_routes
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply

routes = make_routes()

_PUBLISH = (
    "publishing a pipeline comes with the next release of amlbridge: until then, submit the pipeline itself "
    "(experiment.submit(pipeline, pipeline_parameters=…))"
)
_SCHEDULE = (
    "schedules come with the next release of amlbridge: until then, submit the pipeline from a timer of your own (cron)"
)
_DRAFT = "pipeline drafts are not there in this release of amlbridge: submit the pipeline itself (experiment.submit)"

_OPERATIONS = (
    ("POST", "/Pipelines/Create", "create_published_pipeline", "Publishes a pipeline.", _PUBLISH),
    ("GET", "/Pipelines", "list_published_pipelines", "The published pipelines.", _PUBLISH),
    ("GET", "/Pipelines/{id}", "get_published_pipeline", "A published pipeline.", _PUBLISH),
    ("PUT", "/Pipelines/{id}/status", "set_published_pipeline_status", "Enables or disables one.", _PUBLISH),
    ("POST", "/Pipelines/PipelineDraftCreate", "publish_draft", "Publishes a draft.", _DRAFT),
    ("POST", "/PipelineRuns/PipelineSubmit/{id}", "submit_published_pipeline", "Runs a published pipeline.", _PUBLISH),
    ("GET", "/PipelineRuns/Pipeline/{id}", "list_runs_of_pipeline", "The runs of a published pipeline.", _PUBLISH),
    ("POST", "/PipelineEndpoints/Create", "create_pipeline_endpoint", "Makes a pipeline endpoint.", _PUBLISH),
    ("GET", "/PipelineEndpoints", "list_pipeline_endpoints", "The pipeline endpoints.", _PUBLISH),
    ("GET", "/PipelineEndpoints/Name", "get_pipeline_endpoint_by_name", "A pipeline endpoint by name.", _PUBLISH),
    ("GET", "/PipelineEndpoints/Id/{id}", "get_pipeline_endpoint", "A pipeline endpoint by id.", _PUBLISH),
    ("PUT", "/PipelineEndpoints/{id}", "update_pipeline_endpoint", "Changes a pipeline endpoint.", _PUBLISH),
    ("GET", "/PipelineEndpoints/{id}/pipelines", "list_pipelines_of_endpoint", "Its pipelines.", _PUBLISH),
    ("POST", "/PipelineRuns/PipelineEndpointSubmit/Id/{id}", "submit_pipeline_endpoint", "Runs its default.", _PUBLISH),
    (
        "POST",
        "/PipelineRuns/PipelineEndpointSubmit/Id/{id}/{version}",
        "submit_pipeline_endpoint_version",
        "Runs a version of a pipeline endpoint.",
        _PUBLISH,
    ),
    ("POST", "/Schedules/Create", "create_schedule", "Makes a schedule.", _SCHEDULE),
    ("GET", "/Schedules", "list_schedules", "The schedules.", _SCHEDULE),
    ("GET", "/Schedules/{id}", "get_schedule", "A schedule.", _SCHEDULE),
    ("PUT", "/Schedules/{id}", "update_schedule", "Changes or disables a schedule.", _SCHEDULE),
    ("GET", "/Schedules/Pipeline/{id}", "list_schedules_of_pipeline", "The schedules of a pipeline.", _SCHEDULE),
    ("GET", "/Schedules/PipelineEndpoint/{id}", "list_schedules_of_endpoint", "Those of an endpoint.", _SCHEDULE),
    ("GET", "/PipelineRuns/Schedule/{id}", "list_runs_of_schedule", "The runs of a schedule.", _SCHEDULE),
    ("GET", "/PipelineRuns/Schedule/{id}/Last", "get_last_run_of_schedule", "The last run of a schedule.", _SCHEDULE),
    ("POST", "/PipelineDrafts/Create", "create_draft", "Makes a pipeline draft.", _DRAFT),
    ("POST", "/PipelineDrafts", "list_drafts", "The pipeline drafts.", _DRAFT),
    ("GET", "/PipelineDrafts/{id}", "get_draft", "A pipeline draft.", _DRAFT),
    ("PUT", "/PipelineDrafts/{id}", "update_draft", "Changes a pipeline draft.", _DRAFT),
    ("DELETE", "/PipelineDrafts/{id}", "delete_draft", "Deletes a pipeline draft.", _DRAFT),
    ("GET", "/PipelineDrafts/Clone/{id}", "clone_draft", "Copies a draft.", _DRAFT),
    ("GET", "/PipelineDrafts/ClonePipelineRun/{id}", "clone_run", "Makes a draft of a run.", _DRAFT),
    ("GET", "/PipelineDrafts/ClonePublished/{id}", "clone_published", "Makes a draft of a published one.", _DRAFT),
    ("POST", "/PipelineRuns/PipelineDraftSubmit", "submit_draft", "Runs a draft.", _DRAFT),
    ("POST", "/GraphDrafts", "create_graph_draft", "Makes a draft's graph.", _DRAFT),
    ("GET", "/GraphDrafts/{id}", "get_graph_draft", "A draft's graph.", _DRAFT),
    ("PUT", "/GraphDrafts/{id}", "update_graph_draft", "Changes a draft's graph.", _DRAFT),
    ("DELETE", "/GraphDrafts/{id}", "delete_graph_draft", "Deletes a draft's graph.", _DRAFT),
)


def _refuse(method: str, path: str, name: str, summary: str, reason: str) -> None:
    def handler(_call: Call) -> Reply:
        raise AssertionError("a refused operation is answered before its handler")

    handler.__name__, handler.__doc__ = name, summary
    routes.operation(method, path, refused=reason)(handler)


for _operation in _OPERATIONS:
    _refuse(*_operation)
