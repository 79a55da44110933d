"""What the service says about itself: to `amlbridge status`, and to the table that `amlbridge run` prints."""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from typing import Any

import psutil
from sqlalchemy import ColumnElement

from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.records import schema
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.lifecycle import health_text
from amlbridge.server.network_options import NetworkOptions
from amlbridge.v1.pipelines import schedule_records
from amlbridge.v2.schedules import records as job_schedules
from amlbridge.wire import assumed_computes, unfound, unfound_computes
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.run_types import INTERACTIVE, RUN_TYPES, run_type

routes = Routes("amlbridge")

#: At most so many pipeline runs in one answer.
_MOST_RUNS = 200
#: The client reads "True" of this property as "reused" (StepRun in azureml-pipeline-core).
_REUSED = "azureml.isreused"


@routes.get("/amlbridge/health", access="open")
def health(call: Call) -> Reply:
    """That the service is up; with a nonce (hexadecimal digits) also the proof that it is the one of its folder."""
    nonce = call.query.get("nonce", "")
    if not re.fullmatch(r"[0-9a-f]{0,64}", nonce):
        raise bad_request("a nonce has up to 64 hexadecimal digits, in lower case")
    proof = call.service.issuer.sign(health_text(nonce)) if nonce else None
    return {"status": "up", "pid": os.getpid(), "version": version("amlbridge"), "proof": proof}


@routes.get("/amlbridge/status")
def status(call: Call) -> Reply:
    """The service: process, memory, addresses, workspaces, schedules and the runs that are not finished."""
    service = call.service
    memory = psutil.Process().memory_full_info()
    workspaces = service.records.workspaces.list()
    names = {workspace.id: workspace for workspace in workspaces}
    unfinished = [run for run in service.records.runs.unfinished() if run.parent_id is None]
    return {
        "pid": os.getpid(),
        "version": version("amlbridge"),
        "home": str(service.home),
        "http_url": service.http_url,
        "https_url": service.https_url,
        "started": service.parts.get("started"),
        "network": service.part("network_options", NetworkOptions).content(),
        "memory": {"rss": memory.rss, "pss": memory.pss, "children": _children_memory()},
        "workspaces": [
            {
                "subscription_id": workspace.subscription_id,
                "resource_group": workspace.resource_group,
                "name": workspace.name,
                "id": workspace.id,
                "running": sum(run.workspace_id == workspace.id for run in unfinished),
            }
            for workspace in workspaces
        ],
        "running": [_run(service, names[run.workspace_id], run) for run in unfinished[-_MOST_RUNS:]],
        "schedules": [*schedule_records.summaries(service), *job_schedules.summaries(service)],
    }


@routes.get("/amlbridge/runs")
def list_runs(call: Call) -> Reply:
    """Runs without a parent, of all workspaces, created at ``since`` (seconds since the epoch) or later, with steps."""
    found = _roots(call.service, schema.run.c.created >= _since(call))
    return {"runs": [_run(call.service, workspace, run) for workspace, run in found]}


def _since(call: Call) -> float:
    try:
        return float(call.query.get("since", "0"))
    except ValueError:
        raise bad_request("since must be a number of seconds since the epoch") from None


@routes.get("/amlbridge/unfound")
def list_unfound(call: Call) -> Reply:
    """What scripts have looked for ``since`` (seconds since the epoch) in registered datastores that is not there."""
    return {
        "unfound": [
            {
                "datastore": item.datastore.name,
                "workspace": item.datastore.workspace.name,
                "account": item.datastore.account,
                "container": item.datastore.container,
                "path": item.path.encode(errors="replace").decode(),
                "folder": str(item.folder),
            }
            for item in unfound.since(call.service, _since(call))
        ]
    }


@routes.get("/amlbridge/unfound_computes")
def list_unfound_computes(call: Call) -> Reply:
    """The computes that scripts have named ``since`` (seconds since the epoch) and that are not there."""
    return {
        "unfound_computes": [
            {
                "name": item.name,
                "there": item.there,
                "subscription_id": item.workspace.subscription_id,
                "resource_group": item.workspace.resource_group,
                "workspace": item.workspace.name,
            }
            for item in unfound_computes.since(call.service, _since(call))
        ]
    }


@routes.get("/amlbridge/runs/{run_id}")
def get_run(call: Call) -> Reply:
    """One run with its steps, by its id or the beginning of it."""
    wanted = call.params["run_id"]
    for condition in (schema.run.c.id == wanted, schema.run.c.id.startswith(wanted, autoescape=True)):
        found = [
            (workspace, run)
            for workspace in call.records.workspaces.list()
            for run in call.records.runs.query(workspace.id, condition, limit=2)
        ]
        if len(found) > 1:
            raise bad_request(f"more than one run begins with {wanted}: give more of the id", "AmbiguousName")
        if found:
            return _run(call.service, *found[0])
    raise NotFoundError(f"there is no run {wanted}")


@routes.get("/amlbridge/assumed_computes")
def list_assumed_computes(call: Call) -> Reply:
    """The clusters that were made ``since`` (seconds since the epoch) because a script takes them for granted."""
    made = assumed_computes.since(call.service, _since(call))
    return {"assumed_computes": [{"name": item.name, "workspace": item.workspace.name} for item in made]}


def _roots(service: Service, *conditions: ColumnElement[bool]) -> list[tuple[Workspace, Run]]:
    """Runs without a parent that nobody hid, oldest first."""
    visible = (schema.run.c.parent_id.is_(None), schema.run.c.hidden.is_(False), *conditions)
    found = [
        (workspace, run)
        for workspace in service.records.workspaces.list()
        for run in service.records.runs.query(
            workspace.id, *visible, order_by=[schema.run.c.created.desc()], limit=_MOST_RUNS
        )
    ]
    return sorted(found, key=lambda pair: pair[1].created)[-_MOST_RUNS:]


def _run(service: Service, workspace: Workspace, run: Run) -> dict[str, Any]:
    experiment = service.records.experiments.get(workspace.id, run.experiment_id)
    children = service.records.runs.steps(workspace.id, run.id)
    return {
        **_summary(service, run),
        "kind": _kind(run),
        "number": run.number,
        "experiment": experiment.name,
        "workspace": workspace.name,
        "created": run.created,
        # Those of sub-pipelines by their path.
        "steps": [
            {**_summary(service, child), **({"name": child.name} if child.parent_id != run.id and child.name else {})}
            for child in children
        ],
    }


def _kind(run: Run) -> str:
    """local: a script that the client itself runs (target "local"); its record is one that the client has made."""
    return "local" if run.kind == INTERACTIVE and run_type(run) == RUN_TYPES["script"] else run.kind


def _summary(service: Service, run: Run) -> dict[str, Any]:
    guard = service.parts.get("network_guard")
    stops = guard.stops(f"amlbridge-step-{run.id}") if guard is not None else []
    return {
        "id": run.id,
        "name": run.display_name or run.name or run.id,
        "status": run.status,
        "started": run.started,
        "ended": run.ended,
        "reused": run.properties.get(_REUSED, "").lower() == "true",
        # {"hit", "reason", "differs", "candidate"}; None for runs that are no steps, and before a step was looked at.
        "reuse": run.execution.get("reuse"),
        "error": _message(run.error),
        "stopped_hosts": sorted({stop.host for stop in stops}),
    }


def _message(error: Any) -> str | None:
    """The message of a recorded error; the services nest it as ``{"error": {"message"}}``."""
    while isinstance(error, dict):
        error = error.get("message") or error.get("error")
    return error if isinstance(error, str) else None


def _children_memory() -> int:
    """The proportional memory of the service's child processes (warm workers, steps), in bytes."""
    total = 0
    for child in psutil.Process().children(recursive=True):
        try:
            total += child.memory_full_info().pss
        except psutil.Error:
            continue
    return total
