"""The named outputs of jobs: found by others, resolved for a download, registered as assets."""

from __future__ import annotations

from amlbridge.engine.plan import Output
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import lookup, paths, versions
from amlbridge.v2.assets.asset import Kind
from amlbridge.v2.assets.data import DATA
from amlbridge.v2.assets.models import MODELS
from amlbridge.v2.jobs.records import is_job
from amlbridge.wire import run_outputs
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.routing import Reply, Routes

routes = Routes("job outputs", "/data/v1.0/WS")

_MODELS = ("custom_model", "mlflow_model")
_DATA = ("uri_file", "uri_folder", "mltable")


def attach(service: Service) -> None:
    """Lets assets find the outputs of jobs (``azureml://jobs/JOB/outputs/NAME``)."""
    service.parts[paths.JOB_OUTPUTS] = find


def find(service: Service, workspace: Workspace, job: str, name: str) -> tuple[str, str] | None:
    """Datastore and path of an output of a job or of one of its steps; None when it is not known."""
    run = service.records.runs.find(workspace.id, job)
    return run_outputs.place(service, workspace, run, name) if run is not None else None


@routes.post("/dataversion/batchGetResolvedUris")
def resolve_uris(call: Call) -> Reply:
    """Where data assets and outputs of jobs lie, by asset id; ids that name nothing are left out."""
    ids = call.field("values", list)
    if not all(isinstance(item, str) for item in ids):
        raise bad_request("values must be an array of asset ids")
    found = {}
    for asset_id in ids:
        known = run_outputs.of_id(call.service, call.workspace, asset_id) or _asset(call, asset_id)
        if known is not None:
            found[asset_id] = known
    return {"values": found}


def _asset(call: Call, asset_id: str) -> dict[str, str] | None:
    try:
        properties = lookup.data(call.service, call.workspace, asset_id)["properties"]
    except ServiceError as error:
        if error.status >= 500:
            raise
        return None
    return {"uri": properties["dataUri"], "type": properties["dataType"]}


def belongs_to_job(service: Service, workspace: Workspace, run_id: str) -> bool:
    """Whether a run is a job of SDK v2: its outputs become assets, not datasets of v1."""
    run = service.records.runs.find(workspace.id, run_id)
    return run is not None and is_job(run)


def register(service: Service, workspace: Workspace, run_id: str, output: Output, store: str, path: str) -> str:
    """Makes a data asset or a model of an output that asks for it. Returns its id. Raises a 4xx ServiceError, as for a
    version that exists with another path."""
    wanted = output.registration
    assert wanted is not None, "only outputs with a registration are registered"
    kind: Kind = MODELS if output.type in _MODELS else DATA
    folder = "" if output.type == "uri_file" else "/"
    uri = paths.long_uri(workspace, store, path.rstrip("/") + folder)
    data_type = output.type if output.type in _DATA else "uri_folder"
    own = {"modelUri": uri, "modelType": output.type} if kind is MODELS else {"dataUri": uri, "dataType": data_type}
    with service.records.database.write():
        version = wanted.version
        if version is None:
            known = kind.list(service, workspace, wanted.name)
            version = str(kind.next_number(service, workspace, wanted.name, known))
        body = {
            **own,
            "description": wanted.description,
            "tags": dict(wanted.tags),
            "properties": {"azureml.runid": run_id},
        }
        asset, _new = versions.put(service, workspace, kind, wanted.name, version, {"properties": body})
    return str(versions.dto(workspace, kind, asset)["id"])


def registered(service: Service, workspace: Workspace, output: Output) -> bool:
    """Whether the asset that an output asks for is there (a reused step does not make another one)."""
    wanted = output.registration
    kind: Kind = MODELS if output.type in _MODELS else DATA
    if wanted is None:
        return True
    if wanted.version is not None:
        return kind.find(service, workspace, wanted.name, wanted.version) is not None
    return bool(kind.list(service, workspace, wanted.name))
