"""What a schedule submits, read and checked when it is made: a job with its inputs, or one that was submitted.

The client sends the definition whole (``create_job=job``), or names a job by ``sourceJobId`` (``create_job="name"``).
``${{creation_context.trigger_time}}`` and ``${{name}}`` in inputs and outputs stand for the tick and for the name of
the job that it submits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.jobs import records as jobs
from amlbridge.v2.jobs import submission
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.v2.schedules import triggers
from amlbridge.v2.schedules.triggers import Trigger
from amlbridge.wire import experiments
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request

_REFUSED = {
    "createmonitor": "monitors a deployment, which amlbridge does not do: schedule a pipeline that computes the "
    "signals",
    "importdata": "imports data from outside of the workspace, which amlbridge does not do: schedule a pipeline that "
    "copies the data",
}
_TYPES = ("pipeline", "command")
#: What a definition that names another job says of its own.
_OWN = ("displayName", "description", "computeId", "experimentName", "isArchived")


@dataclass(frozen=True)
class Definition:
    """A checked schedule; ``document`` is what the client reads back."""

    trigger: Trigger
    job: Mapping[str, Any]
    enabled: bool
    document: dict[str, Any]


def read(service: Service, workspace: Workspace, properties: Mapping[str, Any]) -> Definition:
    """A schedule as it is put. Raises a 400 ServiceError."""
    body = Section(properties, "")
    enabled = body.flag("isEnabled")
    action = dict(body.section("action").content)
    job = _job(service, workspace, body.section("action"))
    document = {
        "displayName": body.text("displayName"),
        "description": body.text("description"),
        "tags": body.texts("tags"),
        "properties": body.texts("properties"),
        "isEnabled": enabled is not False,
        "trigger": dict(body.section("trigger").content),
        "action": {**action, "actionType": "CreateJob", "jobDefinition": job},
    }
    return Definition(triggers.read(body.section("trigger")), job, enabled is not False, document)


def trigger_of(document: Mapping[str, Any]) -> Trigger:
    """The trigger of a recorded schedule."""
    return triggers.read(Section(document["trigger"], "trigger"))


def check(service: Service, workspace: Workspace, name: str, job: Mapping[str, Any]) -> None:
    """Whether the job could run now. Raises a 400 ServiceError that names the place in the job."""
    try:
        submission.lower(service, workspace, filled(job, name, service.clock()))
    except ServiceError as error:
        raise ServiceError(error.status, error.code, f"the job of the schedule {name}: {error.message}") from error


def filled(job: Mapping[str, Any], name: str, due: float) -> dict[str, Any]:
    """The job of a tick: expressions of schedules are filled in."""
    values = {"${{creation_context.trigger_time}}": str(iso(due)), "${{name}}": name}

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for expression, text in values.items():
                value = value.replace(expression, text)
            return value
        if isinstance(value, Mapping):
            return {key: fill(item) for key, item in value.items()}
        return [fill(item) for item in value] if isinstance(value, list) else value

    return {**job, **{key: fill(job[key]) for key in ("inputs", "outputs") if job.get(key) is not None}}


def _job(service: Service, workspace: Workspace, action: Section) -> dict[str, Any]:
    kind = action.required("actionType").lower()
    if kind in _REFUSED:
        raise bad_request(f"a schedule that {_REFUSED[kind]}", "ScheduleNotSupported")
    if kind != "createjob":
        raise invalid(action.at("actionType"), f"must be CreateJob, not {kind[:40]!r}")
    given = action.section("jobDefinition")
    if not given.content:
        raise invalid(given.spot, "is missing", "MissingField")
    source = given.text("sourceJobId")
    if source is not None and not (given.get("jobs") or given.get("componentId") or given.get("command")):
        job = _copy(service, workspace, source, given)
    else:
        job = dict(given.content)
        if given.text("componentId"):
            # A client that holds the component sends its nodes, too; one that reads both back refuses the job.
            job.pop("jobs", None)
    label = Section(job, given.spot).required("jobType").lower()
    if label not in _TYPES:
        raise invalid(given.at("jobType"), f"a schedule submits jobs of type Pipeline or Command, not {label[:40]!r}")
    return job


def _copy(service: Service, workspace: Workspace, source: str, given: Section) -> dict[str, Any]:
    """The definition of a job that was submitted, with what the schedule says otherwise."""
    name = source.rstrip("/").rpartition("/")[2].removeprefix("azureml:")
    run = service.records.runs.find(workspace.id, name)
    if run is None or not jobs.is_job(run):
        raise invalid(given.at("sourceJobId"), f"there is no job {name} in this workspace", "JobNotFound")
    experiment = experiments.public_name(experiments.experiment_by_id(service, workspace, run.experiment_id))
    job = {
        **run.extra[jobs.JOB],
        "displayName": run.display_name,
        "description": run.description,
        "tags": run.tags,
        "experimentName": experiment,
        **{key: given.get(key) for key in _OWN if given.get(key)},
        "sourceJobId": f"{workspace.scope}/jobs/{name}",
    }
    for field in ("inputs", "outputs", "settings", "tags", "properties"):
        job[field] = {**(job.get(field) or {}), **given.section(field).content}
    return job
