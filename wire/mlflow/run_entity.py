"""Runs of the workspace as MLflow's Run messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.records.runs import CANCELED, COMPLETED, FAILED, QUEUED, RUNNING, TERMINAL, Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.artifact_files import CONTAINER, RUN_ORIGIN, Artifacts
from amlbridge.wire.context import Call, Service
from amlbridge.wire.identity import USER_NAME
from amlbridge.wire.mlflow.api import as_pairs, milliseconds
from amlbridge.wire.mlflow.errors import invalid, missing
from amlbridge.wire.run_dto import data_container
from amlbridge.wire.run_types import INTERACTIVE, RUN_TYPES, run_type

#: Tags that are a column of the run.
NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
#: Tags that MLflow's client or Azure gives a run; we say them of runs that no MLflow client made.
USER, SOURCE_NAME, SOURCE_TYPE, ROOT = "mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.rootRunId"
#: Keys of ``Run.extra``. Parameters are those of the RunDto.
PARAMS, DATASETS, MODEL_INPUTS, MODEL_OUTPUTS = (
    "parameters",
    "mlflowDatasets",
    "mlflowModelInputs",
    "mlflowModelOutputs",
)

#: RunStatus of MLflow -> the status of the records, and back. Whatever else a run may be in, it is RUNNING or waits.
STATUSES = {"RUNNING": RUNNING, "SCHEDULED": QUEUED, "FINISHED": COMPLETED, "FAILED": FAILED, "KILLED": CANCELED}
_ENDED = {azure: mlflow for mlflow, azure in STATUSES.items() if azure in TERMINAL}
_WAITING = frozenset({"NotStarted", "Queued", "Preparing", "Provisioning", "Starting", "Unapproved"})


def driven_by_client(run: Run) -> bool:
    """Whether the run is what its client says it is. One of a job is started, ended and placed by the job: those of
    the engine, and those of SDK v1's target "local"."""
    return run.kind == INTERACTIVE and run_type(run) != RUN_TYPES["script"]


def run_of(call: Call, run_id: str, *, active: bool = False) -> Run:
    """The run of an id. ``active``: it must not be deleted."""
    found = call.records.runs.find(call.workspace.id, run_id)
    if found is None:
        raise missing(f"Run with id={run_id} not found")
    if active and found.hidden:
        raise invalid(f"The run {run_id} must be in the 'active' state. Current state is deleted: restore it first")
    return found


def artifacts_of(service: Service, workspace: Workspace, run: Run) -> Artifacts:
    """The artifacts of a run."""
    return Artifacts(service, workspace, RUN_ORIGIN, data_container(run))


def folder_of(service: Service, workspace: Workspace, run: Run) -> Path:
    """The folder of a run's artifacts: that which its steps write ``outputs`` and ``logs`` to."""
    return service.blobs.path(workspace.storage_account, CONTAINER, f"{RUN_ORIGIN}/{data_container(run)}")


def status_of(run: Run) -> str:
    """The status as MLflow names it."""
    return _ENDED.get(run.status) or ("SCHEDULED" if run.status in _WAITING else "RUNNING")


def name_of(run: Run) -> str:
    """The name that both SDKs show."""
    return run.display_name or run.id


def tags_of(run: Run) -> dict[str, str]:
    """The tags, those of the run's columns among them. Git's facts are properties of runs that SDK v1 submitted."""
    source = {key: str(value) for key, value in run.properties.items() if key.startswith("mlflow.")}
    found: dict[str, str | None] = {USER: USER_NAME, SOURCE_NAME: run.script, **source}
    if not driven_by_client(run):
        found[SOURCE_TYPE] = "JOB"
    found |= {key: value or "" for key, value in run.tags.items()}
    found |= {NAME: name_of(run), NOTE: run.description, PARENT: run.parent_id, ROOT: run.root_id}
    return {key: value for key, value in found.items() if value is not None}


def params_of(run: Run) -> dict[str, str]:
    """The parameters; those that an Azure client gave may be of other types."""
    return {key: value if isinstance(value, str) else str(value) for key, value in run.extra.get(PARAMS, {}).items()}


def info(call: Call, run: Run, *, deleted: bool = False) -> dict[str, Any]:
    """A RunInfo. ``deleted``: its experiment is."""
    started = run.started if run.started is not None else run.created
    found = {
        "run_id": run.id,
        "run_uuid": run.id,
        "run_name": name_of(run),
        "experiment_id": run.experiment_id,
        "user_id": run.tags.get(USER) or USER_NAME,
        "status": status_of(run),
        "start_time": milliseconds(started),
        "artifact_uri": str(folder_of(call.service, call.workspace, run)),
        "lifecycle_stage": "deleted" if run.hidden or deleted else "active",
    }
    # A field that is null is no field: ParseDict of protobuf reads null as unset, other clients may not.
    return found if run.ended is None else {**found, "end_time": milliseconds(run.ended)}


def entity(call: Call, run: Run, metrics: Mapping[str, dict[str, Any]], *, deleted: bool = False) -> dict[str, Any]:
    """A Run: ``metrics`` are the latest value of each."""
    extra = run.extra
    return {
        "info": info(call, run, deleted=deleted),
        "data": {
            "metrics": list(metrics.values()),
            "params": as_pairs(params_of(run)),
            "tags": as_pairs(tags_of(run)),
        },
        "inputs": {"dataset_inputs": extra.get(DATASETS, []), "model_inputs": extra.get(MODEL_INPUTS, [])},
        "outputs": {"model_outputs": extra.get(MODEL_OUTPUTS, [])},
    }
