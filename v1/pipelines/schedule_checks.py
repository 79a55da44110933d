"""Whether what a schedule names is there, checked when it is made or changed rather than when it is due."""

from __future__ import annotations

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines import endpoint_records, endpoints, published, schedule_polling, templates
from amlbridge.v1.pipelines.schedule_bodies import Definition, Polling, wrong
from amlbridge.wire.context import Service


def check(service: Service, workspace: Workspace, definition: Definition) -> None:
    """Raises a 400 :class:`ServiceError` that says what is not there. A disabled pipeline
    passes: it may be enabled by the time."""
    if isinstance(definition.trigger, Polling):
        schedule_polling.check(service, workspace, definition.trigger)
    _check_parameters(service, workspace, _pipeline(service, workspace, definition), definition)


def _pipeline(service: Service, workspace: Workspace, definition: Definition) -> Resource:
    """The published pipeline that would run now."""
    pipeline_id = definition.pipeline_id
    if definition.endpoint_id is not None:
        endpoint = endpoints.find(service, workspace, definition.endpoint_id)
        if endpoint is None:
            raise wrong("PipelineEndpointId", f"names no pipeline endpoint of this workspace: {definition.endpoint_id}")
        pipeline_id = endpoint_records.choose(endpoint, None)[1]
    assert pipeline_id is not None, "a schedule has a pipeline or an endpoint"
    pipeline = published.find(service, workspace, pipeline_id)
    if pipeline is None:
        raise wrong("PipelineId", f"names no published pipeline of this workspace: {pipeline_id}")
    return pipeline


def _check_parameters(service: Service, workspace: Workspace, pipeline: Resource, definition: Definition) -> None:
    taken = templates.contract(service, workspace, pipeline)
    known = {item.name for item in taken.parameters} | taken.data.keys()
    given = definition.submission
    unknown = sorted(set().union(given.parameters, given.datasets, given.data_paths) - known)
    if unknown:
        names = ", ".join(map(repr, unknown))
        has = ", ".join(sorted(known)) or "none"
        raise wrong("PipelineSubmissionInfo", f"assigns {names}: the pipeline has no such parameter; it has: {has}")
    parameter = definition.trigger.parameter if isinstance(definition.trigger, Polling) else None
    if parameter is not None and taken.data.get(parameter) != "path":
        paths = ", ".join(sorted(name for name, kind in taken.data.items() if kind == "path")) or "none"
        raise wrong(
            "DataStoreTriggerInfo.DataPathParameterName",
            f"is {parameter!r}: the pipeline has no such data path parameter; it has: {paths}",
        )
