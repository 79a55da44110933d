"""Where the paths of SDK v2 lead: datastores, blobs of ours, outputs of jobs.

azureml://[subscriptions/S/resourcegroups/R/workspaces/W/]datastores/D/paths/P
azureml://jobs/J/outputs/O[/paths/P]          runs:/J/P
azureml://jobs/J/outputs/O/P                  (notebooks write it so)
https://{account}.blob.core.windows.net[@host:port]/{container}/{path}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import artifact_files, blob_sas, storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, not_found

_STORE = re.compile(
    r"(?:azureml:)?(?:azureml://|/)(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<store>[^/]+)(?:/paths/?(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_JOB = re.compile(
    r"azureml://(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/Microsoft\.MachineLearningServices/)?"
    r"workspaces/[^/]+/)?jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/(?:paths(?:/|$))?(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_RUN = re.compile(r"runs:/(?P<job>[^/]+)/?(?P<path>.*)", re.DOTALL)
_BLOB = re.compile(r"(?P<account>[^.@/]+)\.(?:blob|dfs)\..+", re.IGNORECASE)
#: The name of the shared part that knows where the named output of a job lies: a function of service, workspace, job
#: and output that returns (datastore, path), or None when it does not know that job or output.
JOB_OUTPUTS = "job_outputs"
OutputFinder = Callable[[Service, Workspace, str, str], tuple[str, str] | None]
#: What the client calls a run's own artifacts.
_ARTIFACT_OUTPUTS = ("artifacts", "default")


def datastore_path(service: Service, workspace: Workspace, uri: str) -> tuple[str, str] | None:
    """Datastore and path that a URI names, or None for one that names neither a datastore nor a job of this workspace.

    Raises a 404 ServiceError for a job that there is not.
    """
    store = _STORE.fullmatch(uri)
    if store is not None:
        wanted = [store[key] for key in ("subscription", "group", "workspace")]
        own = [workspace.subscription_id, workspace.resource_group, workspace.name]
        if store["workspace"] and [name.lower() for name in wanted] != [name.lower() for name in own]:
            return None
        return unquote(store["store"]).lower(), storage.normal(unquote(store["path"] or ""))
    run = _RUN.fullmatch(uri)
    if run is not None:
        return _output(service, workspace, run["job"], "artifacts", unquote(run["path"]))
    job = _JOB.fullmatch(uri)
    if job is not None:
        return _output(service, workspace, job["job"], job["output"], unquote(job["path"] or ""))
    return None


def _output(service: Service, workspace: Workspace, job: str, output: str, path: str) -> tuple[str, str]:
    run = service.records.runs.find(workspace.id, job)
    if run is None:
        raise not_found(f"there is no job {job} in this workspace", "UserError")
    finder: OutputFinder | None = service.parts.get(JOB_OUTPUTS)
    found = finder(service, workspace, job, output) if finder is not None else None
    if found is None:
        folder = f"{artifact_files.RUN_ORIGIN}/dcid.{run.id}"
        found = (artifact_files.DATASTORE, folder)
        if output.lower() not in _ARTIFACT_OUTPUTS:
            found = (storage.DEFAULT, f"azureml/{run.id}/{output}")
    return found[0], storage.normal(f"{found[1]}/{path}")


def long_uri(workspace: Workspace, datastore: str, path: str) -> str:
    """The URI of a path as Azure answers it."""
    return (
        f"azureml://subscriptions/{workspace.subscription_id}/resourcegroups/{workspace.resource_group}"
        f"/workspaces/{workspace.name}/datastores/{datastore}/paths/{path}"
    )


def normal_uri(service: Service, workspace: Workspace, uri: str) -> str:
    """A URI as Azure answers it: the long form of a path on a datastore, whatever form it had; others as they are.

    Raises a 404 ServiceError for a job that there is not.
    """
    place, ours = datastore_path(service, workspace, uri), blob(service, uri)
    tail = "/" if uri.endswith("/") else ""
    if place is not None:
        return long_uri(workspace, *place) + (tail if place[1] else "")
    # Without the port, which is another one after a restart.
    return blob_sas.plain_url(*ours) + (tail if ours[2] else "") if ours is not None else uri


def blob(service: Service, uri: str) -> tuple[str, str, str] | None:
    """Account, container and name that the URL of a blob of ours names, or None for any other URI."""
    parts = urlsplit(uri)
    match = _BLOB.fullmatch(parts.netloc)
    if parts.scheme.lower() not in ("http", "https", "wasbs", "abfss") or match is None:
        return None
    account = match["account"]
    if account not in service.blobs.accounts():
        return None
    container, _, name = unquote(parts.path).strip("/").partition("/")
    return (account, container, storage.normal(name)) if container else None


def _elsewhere(service: Service, uri: str) -> tuple[Workspace, str, str] | None:
    """Workspace, datastore and path of a URI that names another workspace of this machine."""
    store = _STORE.fullmatch(uri)
    if store is None or not store["workspace"]:
        return None
    wanted = [store[key].lower() for key in ("subscription", "group", "workspace")]
    for item in service.records.workspaces.list():
        if [item.subscription_id.lower(), item.resource_group.lower(), item.name.lower()] == wanted:
            return item, unquote(store["store"]).lower(), storage.normal(unquote(store["path"] or ""))
    return None


def local(service: Service, workspace: Workspace, uri: str) -> Path | None:
    """The local file or folder that a URI names, whether it exists or not; None for a URI of somewhere else.

    Raises a 4xx ServiceError for a datastore or a job that there is not and for a path that would leave it.
    """
    try:
        place = datastore_path(service, workspace, uri)
        if place is not None:
            return storage.resolve(service, workspace, *place)
        elsewhere = _elsewhere(service, uri)
        if elsewhere is not None:
            return storage.resolve(service, *elsewhere)
        ours = blob(service, uri)
        if ours is not None:
            account, container, name = ours
            folder = service.blobs.container(account, container)
            return service.blobs.path(account, container, name) if name else folder
    except InvalidNameError as error:
        raise bad_request(f"{uri!r} is no path: {error}", "InvalidPath") from error
    return None
