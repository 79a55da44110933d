"""Published pipelines and pipeline endpoints as `amlbridge published` shows them: with their runs and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from amlbridge.engine.records import schema
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph_parameters
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import (
    endpoint_records,
    graphs,
    published,
    rest_submissions,
    run_records,
    schedule_records,
    submissions,
    templates,
)
from amlbridge.v1.pipelines.entities import ACTIVE
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request, not_found

_STATUS = {"0": "Active", "1": "Deprecated", "2": "Disabled"}
_SUBMIT_ENDPOINT = "/PipelineRuns/PipelineEndpointSubmit/Id"
_MOST_RUNS = 10


@dataclass(frozen=True)
class Chosen:
    """What an id or a name stands for. ``pipeline`` is what runs; ``endpoint`` and ``version`` are set when it stands
    for one. ``others``: the ids of older published pipelines of the same name."""

    pipeline: Resource
    endpoint: Resource | None = None
    version: str | None = None
    others: tuple[str, ...] = ()


def choose(service: Service, workspace: Workspace, name: str, version: str | None = None) -> Chosen:
    """What an id or a name stands for: a published pipeline (the newest active one of its name; with ``version``, of
    its name and version) or a pipeline endpoint (its default version, or ``version``).

    Raises a 404 :class:`ServiceError`, 400 for a name that may be either."""
    pipelines = service.records.resources.list(workspace.id, published.KIND)
    endpoint = endpoint_records.find(service, workspace, name)
    found = [item for item in pipelines if item.name == name.lower()]
    if endpoint is None and not found:
        endpoint = endpoint_records.find_by_name(service, workspace, name)
        found = [item for item in pipelines if item.body["Name"] == name]
    if endpoint is not None:
        within = set(endpoint_records.versions(endpoint).values())
        if outside := [item.name for item in found if item.name not in within]:
            raise bad_request(
                f"{name!r} is the name of a pipeline endpoint ({endpoint.name}) and of published pipelines that are "
                f"not in it ({', '.join(outside)}): give the id of the one that you mean",
                "AmbiguousName",
            )
        chosen, pipeline_id = endpoint_records.choose(endpoint, version)
        pipeline = published.find(service, workspace, pipeline_id)
        assert pipeline is not None, "published pipelines are never deleted"
        return Chosen(pipeline, endpoint, chosen)
    if not found:
        raise not_found(
            f"there is no published pipeline or pipeline endpoint {name!r} in the workspace {workspace.name}"
        )
    return _newest(name, version, found)


def _newest(name: str, version: str | None, found: list[Resource]) -> Chosen:
    if version is not None:
        known = ", ".join(sorted({str(item.body["Version"]) for item in found}))
        found = [item for item in found if item.body["Version"] == version]
        if not found:
            raise not_found(f"there is no published pipeline {name!r} with the version {version!r}; it has: {known}")
    active = [item for item in found if item.body["EntityStatus"] == ACTIVE] or found
    return Chosen(active[-1], others=tuple(item.name for item in active[-2::-1]))


# -- all of them -------------------------------------------------------------------------------------------------------


def listing(service: Service, workspace: Workspace, *, every: bool) -> dict[str, Any]:
    """The published pipelines and the endpoints, newest first; ``every``: disabled ones too."""
    resources = service.records.resources
    endpoints = resources.list(workspace.id, endpoint_records.KIND)
    pipelines = resources.list(workspace.id, published.KIND)
    of_pipeline, of_endpoint = (_counts(service, workspace, field) for field in ("pipeline_id", "endpoint_id"))
    return {
        "pipelines": [
            _pipeline(service, workspace, item, endpoints, of_pipeline.get(item.name))
            for item in reversed(pipelines)
            if every or item.body["EntityStatus"] == ACTIVE
        ],
        "endpoints": [
            _endpoint(service, workspace, item, of_endpoint.get(item.name))
            for item in reversed(endpoints)
            if every or item.body["EntityStatus"] == ACTIVE
        ],
    }


def _counts(service: Service, workspace: Workspace, field: str) -> dict[str, dict[str, Any]]:
    """How many runs each pipeline or endpoint has started, and the last of them."""
    table = schema.run.c
    origin = table.extra[(run_records.EXTRA, field)].as_string()
    conditions = (table.workspace_id == workspace.id, table.kind == "pipeline", origin.is_not(None))
    counted = select(origin, func.count(), func.max(table.seq)).where(*conditions).group_by(origin)
    with service.records.database.read() as connection:
        rows = connection.execute(counted).all()
    if not rows:
        return {}
    last = service.records.runs.query(
        workspace.id, table.seq.in_(select(func.max(table.seq)).where(*conditions).group_by(origin))
    )
    ids = {(run.extra.get(run_records.EXTRA) or {}).get(field): run for run in last}
    return {name: {"runs": count, "last_run": _run(ids[name]) if name in ids else None} for name, count, _ in rows}


def _run(run: Run) -> dict[str, Any]:
    body = run.extra.get(run_records.EXTRA) or {}
    return {
        "id": run.id,
        "status": run.status,
        "created": run.created,
        "ended": run.ended,
        "display_name": run.display_name,
        "endpoint_version": body.get("endpoint_version"),
        "schedule_id": body.get("schedule_id"),
    }


def _pipeline(
    service: Service,
    workspace: Workspace,
    item: Resource,
    endpoints: list[Resource],
    counted: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "id": item.name,
        "name": item.body["Name"],
        "version": item.body["Version"],
        "description": item.body["Description"],
        "status": _STATUS[item.body["EntityStatus"]],
        "created": item.created,
        "url": published.endpoint(service, workspace, item.name),
        "total_steps": item.body["TotalRunSteps"],
        "endpoints": [
            {
                "id": endpoint.name,
                "name": endpoint.body["Name"],
                "version": version,
                "default": version == endpoint.body["DefaultVersion"],
            }
            for endpoint in endpoints
            for version, pipeline_id in endpoint_records.versions(endpoint).items()
            if pipeline_id == item.name
        ],
        **(counted or {"runs": 0, "last_run": None}),
    }


def _endpoint(
    service: Service, workspace: Workspace, item: Resource, counted: Mapping[str, Any] | None
) -> dict[str, Any]:
    versions = []
    for version, pipeline_id in endpoint_records.versions(item).items():
        pipeline = published.find(service, workspace, pipeline_id)
        assert pipeline is not None, "published pipelines are never deleted"
        status, name = _STATUS[pipeline.body["EntityStatus"]], pipeline.body["Name"]
        versions.append({"version": version, "id": pipeline_id, "name": name, "status": status})
    return {
        "id": item.name,
        "name": item.body["Name"],
        "description": item.body["Description"],
        "status": _STATUS[item.body["EntityStatus"]],
        "created": item.created,
        "url": endpoint_url(service, workspace, item.name),
        "default_version": item.body["DefaultVersion"],
        "versions": versions,
        **(counted or {"runs": 0, "last_run": None}),
    }


def endpoint_url(service: Service, workspace: Workspace, endpoint_id: str) -> str:
    """The URL that runs the default version of an endpoint; with ``/VERSION`` behind it, that version."""
    return f"{service.http_url}/pipelines/v1.0{workspace.scope}{_SUBMIT_ENDPOINT}/{endpoint_id}"


# -- one of them -------------------------------------------------------------------------------------------------------


def details(service: Service, workspace: Workspace, chosen: Chosen) -> dict[str, Any]:
    """All about what an id or a name stands for: ``pipeline``, and ``endpoint`` if it stands for one."""
    item = chosen.pipeline
    endpoints = service.records.resources.list(workspace.id, endpoint_records.KIND)
    of_pipeline, of_endpoint = (_counts(service, workspace, field) for field in ("pipeline_id", "endpoint_id"))
    endpoint = chosen.endpoint
    origin = {"endpoint_id": endpoint.name} if endpoint is not None else {"pipeline_id": item.name}
    runs = rest_submissions.engine_runs_of(service, workspace, limit=_MOST_RUNS, **origin)
    return {
        "pipeline": _pipeline(service, workspace, item, endpoints, of_pipeline.get(item.name)),
        "endpoint": _endpoint(service, workspace, endpoint, of_endpoint.get(endpoint.name)) if endpoint else None,
        "version": chosen.version,
        "others": list(chosen.others),
        **_interface(service, workspace, item),
        "schedules": [
            _schedule(service, workspace, record)
            for record in schedule_records.all_of(service, workspace)
            if record.body["PipelineId"] == item.name
            or (record.body["PipelineEndpointId"] or "") in {entry.name for entry in endpoints if _holds(entry, item)}
        ],
        "recent_runs": [_run(run) for run in runs],
    }


def _holds(endpoint: Resource, item: Resource) -> bool:
    """Whether an endpoint runs this pipeline unless it is told a version."""
    return endpoint_records.versions(endpoint)[endpoint.body["DefaultVersion"]] == item.name


def _interface(service: Service, workspace: Workspace, item: Resource) -> dict[str, Any]:
    stored = service.records.resources.get(workspace.id, graphs.KIND, item.body["GraphId"]).body
    contract = templates.contract(service, workspace, item)
    assigned = item.body["Assigned"].get("ParameterAssignments") or {}
    defaults = {name: value for table in _tables(stored, item) for name, value in table.items()}
    found: dict[str, Any] = {
        "parameters": [
            {
                "name": entry.name,
                "type": entry.type,
                "default": graph_parameters.typed(entry.name, entry.type, str(assigned[entry.name]))
                if entry.name in assigned
                else entry.default,
                "required": entry.required and entry.name not in assigned,
            }
            for entry in contract.parameters
        ],
        "data": [{"name": name, "kind": kind, "default": defaults.get(name)} for name, kind in contract.data.items()],
    }
    try:
        whole = {**stored, "CreationInfo": item.body["Assigned"]}
        plan = submissions.parse(service, workspace, whole, complete=False).plan
    except ServiceError as error:
        # A dataset that it names is gone, for instance: it cannot run, and can be looked at.
        return {**found, "steps": [], "problem": error.message}
    found["steps"] = [
        {
            "name": node.name,
            "runs": node.command.script or node.kind,
            "compute": node.resources.compute or plan.settings.default_compute,
            "environment": node.environment.name,
        }
        for node in plan.nodes
    ]
    return {**found, "problem": None}


def _tables(stored: Mapping[str, Any], item: Resource) -> list[dict[str, str]]:
    """The values of data parameters as text: the interface's defaults, then what the publisher assigned."""
    interface = Fields(stored["GraphInterface"], "GraphInterface")
    lists = [entry for name in ("DataPathParameters", "DataPathParameterList") for entry in interface.objects(name)]
    tables = [
        {entry.required("Name"): _data(entry.object("DefaultValue").content) for entry in lists},
        *(
            {name: _data(value) for name, value in (item.body["Assigned"].get(table) or {}).items()}
            for table in ("DataSetDefinitionValueAssignments", "DataPathAssignments")
        ),
    ]
    return [{name: text for name, text in table.items() if text} for table in tables]


def _data(value: Mapping[str, Any] | None) -> str:
    """A dataset definition or data path as people write it; "" for none."""
    value = value or {}
    if registered := value.get("DataSetReference"):
        return f"{registered.get('Name') or registered.get('Id')}:{registered.get('Version') or 'latest'}"
    if saved := value.get("SavedDataSetReference"):
        return str(saved.get("Id") or "")
    place = value.get("LiteralValue") or value
    return f"{place['DataStoreName']}/{place.get('RelativePath') or ''}" if place.get("DataStoreName") else ""


def _schedule(service: Service, workspace: Workspace, record: Resource) -> dict[str, Any]:
    state = schedule_records.state_of(service, workspace, record.name)
    recurrence, polling = record.body["Recurrence"], record.body["DataStoreTriggerInfo"]
    return {
        "id": record.name,
        "name": record.body["Name"],
        "active": record.body["EntityStatus"] == ACTIVE,
        "endpoint_id": record.body["PipelineEndpointId"],
        "recurrence": recurrence,
        "polling": polling,
        "next_due": state.next_due,
        "last_due": state.last_due,
        "last_run": state.last_run,
        "error": state.last_error["message"] if state.last_error else None,
    }
