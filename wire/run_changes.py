"""What creating and changing a run means: which fields are merged, which are fixed, which make no sense."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import parse_iso
from amlbridge.engine.records.runs import (
    CANCEL_REQUESTED,
    FINALIZING,
    NOT_STARTED,
    PREPARING,
    QUEUED,
    RUNNING,
    STARTING,
    TERMINAL,
    Run,
)
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request, conflict
from amlbridge.wire.run_dto import STORED
from amlbridge.wire.run_types import INTERACTIVE

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}")
#: The statuses that a run can have (RunStatus of the v1 client).
STATUSES = TERMINAL | {
    NOT_STARTED,
    QUEUED,
    PREPARING,
    STARTING,
    RUNNING,
    FINALIZING,
    CANCEL_REQUESTED,
    "NotResponding",
    "Paused",
    "Pausing",
    "Provisioning",
    "Unapproved",
}
#: Field of the wire -> column, for texts that a change replaces.
_TEXTS = {
    "name": "name",
    "displayName": "display_name",
    "description": "description",
    "target": "target",
    "scriptName": "script",
}
#: Fields of ``Run.extra`` by how a change joins them with what is there; the rest is replaced.
_MERGED = ("parameters", "actionUris", "settings", "services", "inputs", "outputs")
_APPENDED = ("inputDatasets", "outputDatasets", "uniqueChildRunComputeTargets")
_URIS = ("cancelUri", "diagnosticsUri", "completeUri")


def check_run_id(run_id: str) -> str:
    """The id, if a run can have it. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    if not _RUN_ID.fullmatch(run_id):
        raise bad_request(
            f"{run_id!r} cannot be the id of a run: use up to 256 letters, digits, _ and -, beginning with a letter or "
            "a digit",
            "InvalidRunId",
        )
    return run_id


def text_map(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A field that maps names to texts or null (tags, properties); {} when it is missing. Raises a 400."""
    found = typed(content, name, dict, {})
    for key, value in found.items():
        if value is not None and not isinstance(value, str):
            raise bad_request(f"{name}[{key!r}] must be a string: send it as text")
        if not key:
            raise bad_request(f"{name} cannot have an empty name")
    return found


def check_status(status: str) -> str:
    """The status, if there is such a one. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError`."""
    if status not in STATUSES:
        raise bad_request(f"{status!r} is no status of a run; there are {', '.join(sorted(STATUSES))}")
    return status


def time_of(content: Mapping[str, Any], name: str) -> float | None:
    """A time field in seconds since the epoch; None when it is missing. Raises a 400."""
    text = typed(content, name, str, None)
    try:
        return parse_iso(text) if text is not None else None
    except ValueError as error:
        raise bad_request(f"the field {name!r} is no ISO 8601 time: {text!r}") from error


def add_or_modify(
    service: Service, workspace: Workspace, experiment_id: str, run_id: str, content: Mapping[str, Any]
) -> Run:
    """Creates the run or changes it, as one. Raises :class:`~amlbridge.wire.errors.ServiceError`."""
    check_run_id(run_id)
    named = typed(content, "runId", str, run_id)
    if named != run_id:
        raise bad_request(f"the body speaks of run {named!r}, the address of {run_id!r}")
    with service.records.database.write():
        run = service.records.runs.find(workspace.id, run_id)
        if run is None:
            return _create(service, workspace, experiment_id, run_id, content)
        if run.experiment_id != experiment_id:
            raise conflict(
                f"run {run_id} exists in another experiment of this workspace: choose another run id",
                "RunBelongsToAnotherExperiment",
            )
        return modify(service, workspace, run, content)


def _create(service: Service, workspace: Workspace, experiment_id: str, run_id: str, content: Mapping[str, Any]) -> Run:
    now = service.clock()
    status = check_status(typed(content, "status", str, NOT_STARTED))
    started, ended = time_of(content, "startTimeUtc"), time_of(content, "endTimeUtc")
    if started is None and status == RUNNING:
        started = now
    if ended is None and status in TERMINAL:
        ended = now
    return service.records.runs.add(
        workspace.id,
        experiment_id,
        run_id,
        INTERACTIVE,
        parent_id=typed(content, "parentRunId", str, None),
        status=status,
        started=started,
        ended=ended,
        hidden=typed(content, "hidden", bool, False),
        tags=text_map(content, "tags"),
        properties=text_map(content, "properties"),
        extra=_extra(content, {}),
        **_texts(content),
    )


def modify(service: Service, workspace: Workspace, run: Run, content: Mapping[str, Any]) -> Run:
    """Merges a CreateRunDto into a run; what is null or missing in it stays. Raises a 400, or a 409 for a property
    that has another value or a parent that is another run: both are fixed once they are set."""
    values: dict[str, Any] = dict(_texts(content))
    parent = typed(content, "parentRunId", str, None)
    if parent is not None and parent != run.parent_id:
        raise conflict(f"run {run.id} has the parent {run.parent_id}; a run cannot be moved to {parent}")
    tags, properties = text_map(content, "tags"), text_map(content, "properties")
    if tags:
        values["tags"] = {**run.tags, **tags}
    if properties:
        check_properties(run, properties)
        values["properties"] = {**run.properties, **properties}
    extra = _extra(content, run.extra)
    if extra != run.extra:
        values["extra"] = extra
    for field, column in (("startTimeUtc", "started"), ("endTimeUtc", "ended")):
        if (time := time_of(content, field)) is not None:
            values[column] = time
    if (hidden := typed(content, "hidden", bool, None)) is not None:
        values["hidden"] = hidden
    status = typed(content, "status", str, None)
    # The client sends NotStarted with whatever it wants to exist; that takes no run back to its start.
    if status is not None and check_status(status) not in (NOT_STARTED, run.status) and not run.finished:
        values |= status_values(run, status, service.clock())
    if not values:
        return run
    values["extra"] = {**extra, "revision": run.extra.get("revision", 1) + 1}
    return service.records.runs.change(workspace.id, run.id, lambda _current: values)


def status_values(run: Run, status: str, now: float) -> dict[str, Any]:
    """The columns that a new status changes: it starts and ends the run's time."""
    values: dict[str, Any] = {"status": status}
    if status == RUNNING and run.started is None:
        values["started"] = now
    if status in TERMINAL and run.ended is None:
        values["ended"] = now
    return values


def check_properties(run: Run, properties: Mapping[str, Any]) -> None:
    """Properties can be added, never changed. Raises a 409 :class:`~amlbridge.wire.errors.ServiceError`."""
    for key, value in properties.items():
        if key in run.properties and run.properties[key] != value:
            raise conflict(
                f"the property {key!r} of run {run.id} is {run.properties[key]!r} and cannot be changed to {value!r}: "
                "properties are fixed once they are set; use a tag for what changes",
                "PropertyIsImmutable",
            )


def _texts(content: Mapping[str, Any]) -> dict[str, Any]:
    found = {column: typed(content, field, str, None) for field, column in _TEXTS.items()}
    return {column: value for column, value in found.items() if value is not None}


def _extra(content: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    extra = dict(current)
    for name in ("runType", "dataContainerId", *_URIS):
        value = typed(content, name, str, None)
        if value is not None:
            extra[name] = value
    for name, default in STORED.items():
        if content.get(name) is None or name in _URIS:
            continue
        if name in _MERGED:
            extra[name] = {**(current.get(name) or {}), **typed(content, name, dict)}
        elif name in _APPENDED:
            known = list(current.get(name) or [])
            extra[name] = known + [item for item in typed(content, name, list) if item not in known]
        else:
            extra[name] = typed(content, name, type(default)) if default is not None else content[name]
    if "/" in extra.get("dataContainerId", ""):
        raise bad_request("dataContainerId must be a single path segment")
    return extra
