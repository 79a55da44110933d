"""Jobs as they are recorded: the engine's run, with the client's body beside it, so that both are written as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_

from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.schema import run as table
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets.asset import system_data
from amlbridge.wire import experiments
from amlbridge.wire.context import Service
from amlbridge.wire.run_follow import JOB
from amlbridge.wire.run_outputs import PORTS

__all__ = ["JOB", "PORTS"]

#: Fields of the body that are kept in the run itself, because run history changes them, too.
_IN_RUN = ("tags", "properties", "displayName", "description", "isArchived", "status", "experimentName")
#: The kinds of runs that can be jobs.
_KINDS = ("pipeline", "script", "hyperdrive")
_CHUNK = 101
#: What a client may change of a job that was submitted.
CHANGEABLE = "only its display name, description, tags, properties and whether it is archived can be changed"


def kept(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a body as it came."""
    return {name: item for name, item in properties.items() if name not in _IN_RUN and item is not None}


def is_job(run: Run) -> bool:
    """Whether a run was submitted as a job of SDK v2."""
    return JOB in run.extra


def job_id(workspace: Workspace, name: str) -> str:
    """The ARM id of a job."""
    return f"{workspace.scope}/jobs/{name}"


def dto(
    service: Service, workspace: Workspace, run: Run, experiment_names: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A job as the client reads it back. A step of a pipeline has no properties: the client then asks run history.

    ``experiment_names``: by id, for who describes many jobs at once.
    """
    frame = {
        "id": job_id(workspace, run.id),
        "name": run.id,
        "type": "Microsoft.MachineLearningServices/workspaces/jobs",
        "systemData": system_data(run.created, run.modified),
    }
    if not is_job(run):
        return {**frame, "properties": None}
    body: dict[str, Any] = run.extra[JOB]
    literals = {
        name: item.get("value")
        for name, item in (body.get("inputs") or {}).items()
        if isinstance(item, Mapping) and item.get("value") is not None
    }
    properties = {
        **body,
        "displayName": run.display_name or run.id,
        "description": run.description,
        "tags": run.tags,
        "properties": run.properties,
        "experimentName": (experiment_names or {}).get(run.experiment_id) or _experiment(service, workspace, run),
        "isArchived": run.hidden,
        "status": run.status,
        "services": {**(body.get("services") or {}), **_services(service, workspace, run)},
    }
    if body.get("jobType") == "Command":
        properties["parameters"] = literals
    return {**frame, "properties": properties}


def _experiment(service: Service, workspace: Workspace, run: Run) -> str:
    return experiments.public_name(experiments.experiment_by_id(service, workspace, run.experiment_id))


def experiment_names(service: Service, workspace: Workspace) -> dict[str, str]:
    """The names of all experiments by id."""
    return {item.id: experiments.public_name(item) for item in service.records.experiments.list(workspace.id)}


def _services(service: Service, workspace: Workspace, run: Run) -> dict[str, Any]:
    tracking = f"{service.http_url}/mlflow/v1.0{workspace.scope}"
    studio = f"{service.https_url}/runs/{run.id}?wsid={workspace.scope}"
    return {
        name: {"jobServiceType": name, "endpoint": endpoint, "status": None, "errorMessage": None, "port": None}
        for name, endpoint in (("Tracking", tracking), ("Studio", studio))
    }


def newest_first(service: Service, workspace: Workspace, view: str, before: int | None = None) -> Iterator[Run]:
    """The jobs of a workspace. ``view``: ActiveOnly, ArchivedOnly or All; ``before``: only those whose run has a lower
    number, so that jobs that are submitted while a client pages do not shift its pages."""
    fixed = [table.c.parent_id.is_(None), or_(*(table.c.kind == kind for kind in _KINDS))]
    if view.lower() != "all":
        fixed.append(table.c.hidden.is_(view.lower() == "archivedonly"))
    while True:
        conditions = fixed if before is None else [*fixed, table.c.number < before]
        found = service.records.runs.query(workspace.id, *conditions, order_by=[table.c.seq.desc()], limit=_CHUNK)
        yield from (run for run in found if is_job(run))
        if len(found) < _CHUNK:
            return
        before = found[-1].number


def finished(run: Run) -> bool:
    """Whether a job has ended."""
    return run.status in status.TERMINAL
