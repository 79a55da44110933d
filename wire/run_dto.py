"""Runs as the run history service writes them (samples 44, 47 and 51 of the protocol notes)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.runs import COMPLETED, Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import run_lineage, run_outputs
from amlbridge.wire.artifact_files import RUN_ORIGIN, Artifacts
from amlbridge.wire.context import Service
from amlbridge.wire.identity import TENANT, USER, USER_NAME
from amlbridge.wire.run_types import INTERACTIVE, run_type

#: What clients store on a run that the engine gives no meaning, with the value of a run that has none.
STORED: dict[str, Any] = {
    "heartbeatEnabled": False,
    "options": {"generateDataContainerIdIfNotSpecified": True},
    "runTypeV2": {"orchestrator": None, "traits": [], "attribution": None, "computeType": None},
    "parameters": {},
    "actionUris": None,
    "uniqueChildRunComputeTargets": [],
    "settings": {},
    "services": {},
    "inputDatasets": [],
    "outputDatasets": [],
    "runDefinition": None,
    "jobSpecification": None,
    "primaryMetricName": None,
    "createdFrom": None,
    "completeUri": None,
    "computeRequest": None,
    "compute": None,
    "retainForLifetimeOfWorkspace": False,
    "queueingInfo": None,
    "activeChildRunId": None,
    "isVirtual": None,
    "inputs": None,
    "outputs": None,
}
#: A property that AutoML gives its run when its search begins (engine/automl/session.py).
_SEARCHING = "ProblemInfoJsonString"
#: What tells of a failure is shown to the client under these names only: it knows no others.
_ERROR_FIELDS = (
    "code",
    "severity",
    "message",
    "messageFormat",
    "messageParameters",
    "referenceCode",
    "detailsUri",
    "target",
    "details",
    "innerError",
    "additionalInfo",
)
#: Key under which a module registers what makes the run definition of runs that were recorded without one.
RUN_DEFINITION = "run_definition"
RunDefinition = Callable[[Service, Workspace, Run], dict[str, Any] | None]
#: What a RunDto has and a RunDetailsDto has not.
_ONLY_RUN = frozenset(
    ["createdUtc", "token", "tokenExpiryTimeUtc", "jobSpecification", "dataContainerId", "heartbeatEnabled", "options"]
)
#: Folders of a run whose files are logs of the run; `logs/` itself belongs to the user.
LOG_FOLDERS = ("azureml-logs/", "logs/azureml/", "system_logs/", "user_logs/")


def data_container(run: Run) -> str:
    """The artifact container of a run: the one that its client chose, or ``dcid.`` and its id."""
    own = run.extra.get("dataContainerId")
    return own if isinstance(own, str) else f"dcid.{run.id}"


def run_uuid(workspace: Workspace, run_id: str | None) -> str | None:
    """The UUID that Azure gives a run besides its id: here it follows from workspace and id."""
    return str(uuid.uuid5(uuid.UUID(workspace.id), run_id)) if run_id else None


def user() -> dict[str, Any]:
    """The one user there is."""
    return {
        "userObjectId": USER,
        "userPuId": None,
        "userIdp": None,
        "userAltSecId": None,
        "userIss": f"https://sts.windows.net/{TENANT}/",
        "userTenantId": TENANT,
        "userName": USER_NAME,
        "upn": None,
    }


def error_dto(error: Any) -> dict[str, Any] | None:
    """An error of the engine (code, message and more) or of a client as an ErrorResponse."""
    if not error:
        return None
    root = dict(error) if isinstance(error, Mapping) else {"code": "UserError", "message": str(error)}
    answer: dict[str, Any] = {name: root.get(name) for name in _ERROR_FIELDS}
    answer["code"] = answer["code"] or "UserError"
    answer["details"] = answer["details"] or []
    answer["messageParameters"] = answer["messageParameters"] or {}
    others = ("correlation", "environment", "location", "time", "componentName")
    return {"error": answer, **{name: root.get(f"response.{name}") for name in others}}


def _timing(service: Service, run: Run) -> dict[str, Any]:
    ended = run.ended if run.ended is not None else service.clock()
    seconds = max(0.0, ended - run.started) if run.started is not None else None
    duration = _span(seconds) if seconds is not None else None
    return {
        "createdUtc": iso(run.created),
        "startTimeUtc": iso(run.started),
        "endTimeUtc": iso(run.ended),
        "lastStartTimeUtc": iso(run.started),
        "effectiveStartTimeUtc": iso(run.started),
        "lastModifiedUtc": iso(run.modified),
        "currentComputeTime": duration if not run.finished else None,
        "computeDuration": duration,
        "duration": duration,
    }


def _span(seconds: float) -> str:
    """``[d.]hh:mm:ss.fffffff``, as .NET writes a time span."""
    whole, ticks = divmod(round(seconds * 10_000_000), 10_000_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{f'{days}.' if days else ''}{hour:02}:{minute:02}:{second:02}.{ticks:07}"


def properties(run: Run) -> dict[str, str]:
    """The properties of a run.

    An AutoML run (of an experiment, a step, a v2 job) that ended before its search began has its error among them:
    there, and with these words before it, the console of the v1 client looks for what to print. One that was only
    traced has nothing to show.
    """
    searches = run.properties.get("runTemplate") == "AutoML"
    if not searches or not run.finished or _SEARCHING in run.properties:
        return run.properties
    if run.status == COMPLETED:
        return {**run.properties, _SEARCHING: "{}"}
    why = (run.error or {}).get("message") or f"the run ended as {run.status}"
    return {**run.properties, "errors": f"Setup iteration failed: {why}"}


def _name(run: Run) -> str | None:
    """What SDK v1 finds a step by (``find_step_run``): of a step of SDK v2 what the job says it is called."""
    return run.display_name or run.name if run_outputs.PORTS in run.extra else run.name


def run_dto(service: Service, workspace: Workspace, run: Run) -> dict[str, Any]:
    """A RunDto, for both SDKs."""
    base = f"{service.http_url}/history/v1.0{workspace.scope}/runs/{run.id}"
    # Without a cancelUri the v1 client only posts a Canceled event, which suits a run that it made itself.
    cancel = None if run.kind == INTERACTIVE else f"{base}/cancel"
    stored = {name: run.extra.get(name, default) for name, default in STORED.items()}
    return {
        "runNumber": run.number,
        "rootRunId": run.root_id,
        "experimentId": run.experiment_id,
        **_timing(service, run),
        "createdBy": user(),
        "lastModifiedBy": user(),
        "userId": USER,
        "token": None,
        "tokenExpiryTimeUtc": None,
        "error": error_dto(run.error),
        "warnings": run.extra.get("warnings"),
        "revision": run.extra.get("revision", 1),
        "statusRevision": run.extra.get("revision", 1),
        "runUuid": run_uuid(workspace, run.id),
        "parentRunUuid": run_uuid(workspace, run.parent_id),
        "rootRunUuid": run_uuid(workspace, run.root_id),
        "hasVirtualParent": False,
        "cancelationReason": run.extra.get("cancelationReason"),
        "runId": run.id,
        "parentRunId": run.parent_id,
        "status": run.status,
        "name": _name(run),
        "displayName": run.display_name or run.id,
        "dataContainerId": data_container(run),
        "description": run.description,
        "hidden": run.hidden,
        "runType": run_type(run),
        "properties": properties(run),
        "scriptName": run.script,
        "target": run.target,
        "tags": run.tags,
        **stored,
        "cancelUri": run.extra.get("cancelUri", cancel),
        "diagnosticsUri": run.extra.get("diagnosticsUri", f"{base}/diagnostics"),
    }


def run_definition(service: Service, workspace: Workspace, run: Run) -> Any:
    """What a run executes, as its SDK calls it: what was recorded with it, or what the SDK's own module makes of it."""
    make: RunDefinition | None = service.parts.get(RUN_DEFINITION)
    return run.extra.get("runDefinition") or (make(service, workspace, run) if make is not None else None)


def log_files(service: Service, workspace: Workspace, run: Run) -> dict[str, str]:
    """The run's logs, by name: URLs to read them, also while they are written."""
    artifacts = Artifacts(service, workspace, RUN_ORIGIN, data_container(run))
    return {path: artifacts.readable(path) for folder in LOG_FOLDERS for path in artifacts.paths(folder)}


def details_dto(service: Service, workspace: Workspace, run: Run) -> dict[str, Any]:
    """A RunDetailsDto: what ``run.get_details()`` shows."""
    dto = run_dto(service, workspace, run)
    return {
        **{name: value for name, value in dto.items() if name not in _ONLY_RUN},
        "runDefinition": run_definition(service, workspace, run),
        "createdTimeUtc": dto["createdUtc"],
        "inputDatasets": [*dto["inputDatasets"], *run_lineage.inputs(run)],
        # The client iterates both of these.
        "warnings": dto["warnings"] or [],
        "logFiles": log_files(service, workspace, run),
        "jobCost": None,
        "submittedBy": USER_NAME,
    }
