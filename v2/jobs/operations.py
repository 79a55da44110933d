"""The ARM operations on jobs: create or change, get, list, cancel (protocol notes, sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from amlbridge.engine.errors import ConflictError
from amlbridge.engine.records.runs import Run
from amlbridge.v2.jobs import records, submission
from amlbridge.wire import assumed_computes, execution_log, run_changes, run_events
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("jobs", "/WS/jobs")

_PAGE = 100
_VIEWS = ("activeonly", "archivedonly", "all")
#: What the service adds to a body when it is read, and the client sends back.
_ADDED = ("services", "parameters", "sourceJobId")
_NO_DELETE = "amlbridge keeps every job: hide one with ml_client.jobs.archive(name)"


@routes.put("/{name}")
def create_or_update_job(call: Call) -> Reply:
    """Submits a job under the name that the client chose, or changes what can change of one."""
    name = run_changes.check_run_id(call.params["name"])
    properties = call.field("properties", dict)
    run = call.records.runs.find(call.workspace.id, name)
    if run is None:
        assumed_computes.ensure_in(call, properties)
        try:
            submission.submit(call.service, call.workspace, name, properties, call.identity)
        except ConflictError:
            # Another request has submitted it meanwhile.
            run = call.records.runs.find(call.workspace.id, name)
            if run is None:
                raise
        else:
            made = call.records.runs.get(call.workspace.id, name)
            return JsonResponse(records.dto(call.service, call.workspace, made), status_code=201)
    return records.dto(call.service, call.workspace, _update(call, run, properties))


def _update(call: Call, run: Run, properties: Mapping[str, Any]) -> Run:
    if not records.is_job(run):
        raise conflict(f"{run.id} exists already and is no job that could be changed: choose another name")
    known: dict[str, Any] = run.extra[records.JOB]
    sent = records.kept(properties)
    for field in sent.keys() | known.keys():
        if field not in _ADDED and not _same(sent.get(field), known.get(field)):
            raise bad_request(
                f"a job with the name {run.id} exists already, with another {field}: choose another name for a new "
                f"job; of one that was submitted {records.CHANGEABLE}",
                "JobExists",
            )
    content = {
        "displayName": typed(properties, "displayName", str, None),
        "description": typed(properties, "description", str, None),
        "tags": {key: str(item) for key, item in typed(properties, "tags", dict, {}).items() if item is not None},
        "properties": {
            key: str(item) for key, item in typed(properties, "properties", dict, {}).items() if item is not None
        },
        "hidden": typed(properties, "isArchived", bool, None),
    }
    with call.records.database.write():
        changed = run_changes.modify(call.service, call.workspace, run, content)
        if properties.get("tags") is not None:
            # Unlike run history, ARM replaces: a tag that is not sent is gone.
            call.records.runs.set(call.workspace.id, run.id, tags=content["tags"])
            changed = call.records.runs.get(call.workspace.id, run.id)
        return changed


def _same(sent: Any, known: Any) -> bool:
    """Equal but for what a client leaves out or fills in when it reads a job and sends it back."""
    if isinstance(sent, Mapping) and isinstance(known, Mapping):
        return all(_same(sent.get(key), known.get(key)) for key in sent.keys() | known.keys())
    if sent in (None, {}, []) and known in (None, {}, []):
        return True
    return bool(sent == known) or (sent is not None and known is not None and str(sent).lower() == str(known).lower())


def job_of(call: Call) -> Run:
    """The job of the path. Raises a 404 ServiceError."""
    run = call.records.runs.find(call.workspace.id, call.params["name"])
    if run is None:
        raise not_found(f"Job {call.params['name']} not found in the workspace {call.workspace.name}")
    return run


@routes.get("/{name}")
def get_job(call: Call) -> Reply:
    """One job with its status. A step of a pipeline has null properties: the client then asks run history."""
    run = job_of(call)
    if run.kind == "pipeline" and records.is_job(run):
        # The client may be about to download it.
        execution_log.write(call.service, call.workspace, run)
    return records.dto(call.service, call.workspace, run)


@routes.get("")
def list_jobs(call: Call) -> Reply:
    """The jobs of the workspace, newest first, in pages; by type, tag, property and whether they are archived."""
    view = call.query.get("listviewtype") or "ActiveOnly"
    if view.lower() not in _VIEWS:
        raise bad_request(f"listViewType must be ActiveOnly, ArchivedOnly or All, not {view!r}")
    skip = call.query.get("skip") or ""
    if skip and (not skip.isdecimal() or len(skip) > 9):
        raise bad_request(f"$skip must be one of a nextLink, not {skip!r}")
    found = records.newest_first(call.service, call.workspace, view, int(skip) if skip else None)
    page = list(islice((run for run in found if _wanted(call, run)), _PAGE + 1))
    names = records.experiment_names(call.service, call.workspace)
    answer: dict[str, Any] = {
        "value": [records.dto(call.service, call.workspace, run, names) for run in page[:_PAGE]],
        "nextLink": None,
    }
    if len(page) > _PAGE:
        filters = "".join(f"&{name}={quote(call.query[name])}" for name in _FILTERS if call.query.get(name))
        answer["nextLink"] = f"{call.service.https_url}{call.path}?$skip={page[_PAGE - 1].number}{filters}"
    return answer


_FILTERS = ("listviewtype", "jobtype", "tag", "properties", "scheduled", "scheduleid")


def _wanted(call: Call, run: Run) -> bool:
    kind, tag, prop = (call.query.get(name) for name in ("jobtype", "tag", "properties"))
    if kind and str(run.extra[records.JOB].get("jobType")).lower() != kind.lower():
        return False
    if tag and not _has(run.tags, tag):
        return False
    if prop and not all(_has(run.properties, item) for item in prop.split(",")):
        return False
    schedule = run.properties.get("azureml.scheduleid") or run.tags.get("azureml.scheduleid")
    if call.query.get("scheduleid") and schedule != call.query["scheduleid"]:
        return False
    return call.query.get("scheduled", "").lower() != "true" or schedule is not None


def _has(values: Mapping[str, str], wanted: str) -> bool:
    """``name`` or ``name=value``."""
    name, equals, value = wanted.partition("=")
    return name in values and (not equals or values[name] == value)


@routes.post("/{name}/cancel")
def cancel_job(call: Call) -> Reply:
    """Cancels a job; a finished one stays as it is."""
    run_events.cancel(call.service, call.workspace, job_of(call))
    return {}


@routes.operation("DELETE", "/{name}", refused=_NO_DELETE)
def delete_job(call: Call) -> Reply:
    """Deletes a job."""
    raise AssertionError(call.path)
