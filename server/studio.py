"""The web pages of a workspace: what ``get_portal_url()`` of a workspace, an experiment or a run opens.

A browser has no token of ours. The discovery document names ``/studio/{workspace id}/{signature}`` as the studio, the
client puts its own paths behind it (``/runs/{id}?wsid=…``, azureml-core ``_portal.py``), and so who has the link can
open the pages of this one workspace, and nothing else. The pages change nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from starlette.responses import FileResponse, HTMLResponse

from amlbridge.engine.records import schema
from amlbridge.engine.records.runs import Experiment, Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.studio import pages
from amlbridge.wire.artifact_files import CONTAINER, RUN_ORIGIN, Artifacts
from amlbridge.wire.bootstrap import studio_key
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, not_found
from amlbridge.wire.experiments import public_name
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.run_dto import LOG_FOLDERS, data_container

routes = Routes("studio", "/studio/{workspace_id}/{signature}")

_MOST_RUNS = 500
_MOST_FILES = 1000
#: The pages carry no scripts, load nothing, and tell no other site where they are.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _workspace(call: Call) -> Workspace:
    """The workspace of the link. Raises a 401 for a link that this service did not make, a 404 for one that is gone."""
    workspace_id = call.params["workspace_id"]
    if not call.service.issuer.check(studio_key(workspace_id), call.params["signature"]):
        raise ServiceError(401, "AuthenticationFailed", "this link was not made by this workspace service")
    return call.records.workspaces.get(workspace_id)


def _base(workspace: Workspace, call: Call) -> str:
    return f"/studio/{workspace.id}/{call.params['signature']}"


def _run(call: Call, workspace: Workspace) -> Run:
    run = call.records.runs.find(workspace.id, call.params["run"])
    if run is None:
        raise not_found(f"Run {call.params['run']} not found in workspace {workspace.name}", "RunNotFound")
    return run


def _html(content: str) -> HTMLResponse:
    return HTMLResponse(content, headers=_HEADERS)


def _list(call: Call, workspace: Workspace, title: str, *conditions: ColumnElement[bool]) -> Reply:
    table = schema.run
    newest = (table.c.seq.desc(),)
    found = call.records.runs.query(
        workspace.id, table.c.parent_id.is_(None), *conditions, order_by=newest, limit=_MOST_RUNS
    )
    return _html(pages.runs_page(title, _base(workspace, call), found, call.service.clock()))


@routes.get("", access="open")
def workspace_page(call: Call) -> Reply:
    """The page of a workspace: its newest runs. The link is signed."""
    workspace = _workspace(call)
    return _list(call, workspace, f"Workspace {workspace.name}")


@routes.get("/experiments/id/{experiment_id}", access="open")
def experiment_page(call: Call) -> Reply:
    """The page of an experiment: its newest runs. The link is signed."""
    workspace = _workspace(call)
    found = call.records.experiments.get(workspace.id, call.params["experiment_id"])
    return _experiment(call, workspace, found)


@routes.operation("GET", "/experiments/{experiment}", access="open", others="browsers, by links of older clients")
def experiment_page_by_name(call: Call) -> Reply:
    """The page of an experiment, by its name. The link is signed."""
    workspace = _workspace(call)
    found = call.records.experiments.find(workspace.id, call.params["experiment"])
    if found is None:
        raise not_found(f"there is no experiment {call.params['experiment']}")
    return _experiment(call, workspace, found)


def _experiment(call: Call, workspace: Workspace, found: Experiment) -> Reply:
    return _list(call, workspace, f"Experiment {public_name(found)}", schema.run.c.experiment_id == found.id)


@routes.get("/runs/{run}", access="open")
def run_page(call: Call) -> Reply:
    """The page of a run: status, steps, metrics, logs and outputs. The link is signed."""
    workspace = _workspace(call)
    run = _run(call, workspace)
    files = Artifacts(call.service, workspace, RUN_ORIGIN, data_container(run)).paths()[:_MOST_FILES]
    metrics: dict[str, list[Any]] = {}
    for value in call.records.metrics.values(workspace.id, run.id):
        metrics.setdefault(value.name, []).append(_shown(value.data))
    view = pages.RunView(
        base=_base(workspace, call),
        run=run,
        experiment=public_name(call.records.experiments.get(workspace.id, run.experiment_id)),
        children=call.records.runs.children(workspace.id, run.id),
        metrics=metrics,
        logs=[path for path in files if path.startswith(LOG_FOLDERS)],
        files=files,
        now=call.service.clock(),
    )
    return _html(pages.run_page(view))


def _shown(data: dict[str, Any]) -> Any:
    return next(iter(data.values())) if len(data) == 1 else data


@routes.get("/runs/{run}/files/{path*}", access="open")
def run_file(call: Call) -> Reply:
    """A log as text, any other file of a run as a download. The link is signed."""
    workspace = _workspace(call)
    artifacts = Artifacts(call.service, workspace, RUN_ORIGIN, data_container(_run(call, workspace)))
    path = call.params["path"]
    artifacts.stat(path)
    place = call.service.blobs.path(workspace.storage_account, CONTAINER, artifacts.blob_name(path))
    # Never as HTML: what a step has written must not act in the name of this page.
    if path.startswith(LOG_FOLDERS):
        return FileResponse(place, media_type="text/plain; charset=utf-8", headers=_HEADERS)
    return FileResponse(place, media_type="application/octet-stream", filename=place.name, headers=_HEADERS)


@routes.operation(
    "GET",
    "/pipelines/{id}",
    access="open",
    refused="there is no page for a published pipeline: print its id and endpoint (PublishedPipeline.list)",
)
def published_pipeline_page(call: Call) -> Reply:
    """The page of a published pipeline."""
    raise AssertionError(call.path)
