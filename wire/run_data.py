"""The parts of run history that only newer clients ask for: run data in one piece, services of a run's nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.errors import EngineError
from amlbridge.engine.records.runs import Run
from amlbridge.wire import run_outputs
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, from_engine, not_found
from amlbridge.wire.history import run_of
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.run_dto import run_definition, run_dto

routes = Routes("history", "/history/v1.0/WS")


@routes.post("/rundata")
def get_run_data(call: Call) -> Reply:
    """Run, definition and job specification in one answer, each as far as it is asked for."""
    return _run_data(call, call.object)


@routes.operation("POST", "/batchrundata", others=REST)
def batch_get_run_data(call: Call) -> Reply:
    """The data of several runs; those that fail are reported under the key of their request."""
    good: dict[str, Any] = {}
    bad: dict[str, Any] = {}
    for key, request in call.field("requests", dict).items():
        try:
            if not isinstance(request, dict):
                raise bad_request(f"requests[{key!r}] must be an object")
            good[key] = _run_data(call, request)
        except (ServiceError, EngineError) as error:
            bad[key] = (error if isinstance(error, ServiceError) else from_engine(error)).body()
    return {"successfulResults": good, "failedResults": bad}


def _run_data(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    run_id = typed(request, "runId", str)
    run = call.records.runs.find(call.workspace.id, run_id)
    if run is None:
        raise not_found(f"Run {run_id} not found in workspace {call.workspace.name}", "RunNotFound")
    dto = run_dto(call.service, call.workspace, run)
    dto["outputs"] = {**(dto["outputs"] or {}), **run_outputs.dto(call.service, call.workspace, run)} or None
    return {
        "runMetadata": dto if typed(request, "selectRunMetadata", bool, True) else None,
        "runDefinition": run_definition(call.service, call.workspace, run)
        if typed(request, "selectRunDefinition", bool, False)
        else None,
        "jobSpecification": dto["jobSpecification"] if typed(request, "selectJobSpecification", bool, False) else None,
    }


def delete_run_services(call: Call) -> Reply:
    """Takes services off a run by name (``servicesToDelete``)."""
    names = call.field("servicesToDelete", list)

    def change(run: Run) -> dict[str, Any]:
        kept = {name: item for name, item in (run.extra.get("services") or {}).items() if name not in names}
        return {"extra": {**run.extra, "services": kept}}

    changed = call.records.runs.change(call.workspace.id, run_of(call).id, change)
    return run_dto(call.service, call.workspace, changed)


for _base in ("/experiments/{experiment}/runs/{run}", "/experimentids/{experiment_id}/runs/{run}", "/runs/{run}"):
    routes.operation("DELETE", f"{_base}/services", others=REST)(delete_run_services)


@routes.get("/runs/{run}/serviceinstances/{node}")
def get_service_instances(call: Call) -> Reply:
    """The services (Jupyter, SSH, …) of one node of a run: what its processes have registered."""
    instances = run_of(call).extra.get("serviceInstances") or {}
    return {"instances": instances.get(call.params["node"], {})}


@routes.operation("PATCH", "/runs/{run}/serviceinstances/{node}", others=REST)
def add_or_modify_service_instances(call: Call) -> Reply:
    """Registers services of one node of a run."""
    given, node = call.field("instances", dict), call.params["node"]

    def change(run: Run) -> dict[str, Any]:
        known = run.extra.get("serviceInstances") or {}
        return {"extra": {**run.extra, "serviceInstances": {**known, node: {**known.get(node, {}), **given}}}}

    changed = call.records.runs.change(call.workspace.id, run_of(call).id, change)
    return {"instances": changed.extra["serviceInstances"][node]}


_PRIVATE = "/history/v1.0/private/WS"
_private = Routes("history", _PRIVATE)
_SPANS = "amlbridge keeps no telemetry spans: read the run's logs and metrics instead"
_RETENTION = "amlbridge deletes no runs by age: delete an experiment with Experiment.delete"


@_private.operation("POST", "/runs/{run}/spans", refused=_SPANS)
def post_spans(call: Call) -> Reply:
    """Telemetry spans of a run."""
    raise AssertionError(call.path)


@_private.operation("GET", "/runs/{run}/spans", refused=_SPANS)
def list_spans(call: Call) -> Reply:
    """Telemetry spans of a run."""
    raise AssertionError(call.path)


@_private.operation("GET", "/runs/{run}/spans/active", refused=_SPANS)
def get_active_spans(call: Call) -> Reply:
    """Open telemetry spans of a run."""
    raise AssertionError(call.path)


@_private.operation("GET", "/deleteConfiguration", refused=_RETENTION)
def get_delete_configuration(call: Call) -> Reply:
    """After how many days runs are deleted."""
    raise AssertionError(call.path)


@_private.operation("PATCH", "/deleteConfiguration", refused=_RETENTION)
def patch_delete_configuration(call: Call) -> Reply:
    """After how many days runs are deleted."""
    raise AssertionError(call.path)


routes.operations += _private.operations
