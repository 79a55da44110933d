"""Pipeline components that are made of a job, for deployments that are given one (``job_definition``).

The client puts a component that says nothing but ``sourceJobId``. What the job was submitted with becomes the defaults
of the component's inputs, so that an invocation without inputs repeats the job.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import places, versions
from amlbridge.v2.assets.components import ANONYMOUS, COMPONENTS
from amlbridge.v2.jobs import records as jobs
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.wire.context import Service


def source(spec: Mapping[str, Any]) -> str | None:
    """The job that a component stands for, when it is all that the component says."""
    job = spec.get("sourceJobId") or spec.get("source_job_id")
    return str(job) if job and not spec.get("jobs") else None


def make(service: Service, workspace: Workspace, reference: str, spot: str) -> tuple[str, dict[str, Any]]:
    """Registers the component of a job, once; returns its id, and what the job says besides: compute and settings.
    Raises a 400 ServiceError."""
    name = reference.rstrip("/").rpartition("/")[2].removeprefix("azureml:")
    run = service.records.runs.find(workspace.id, name)
    if run is None or not jobs.is_job(run):
        raise invalid(spot, f"there is no job {name} in this workspace", "JobNotFound")
    job = Section(run.extra[jobs.JOB], "")
    if job.required("jobType").lower() != "pipeline":
        raise invalid(spot, f"the job {name} is no pipeline: only pipeline jobs can be deployed", "JobTypeNotSupported")
    defaults = {"computeId": job.text("computeId"), "settings": dict(job.section("settings").content)}
    inputs = {port: _input(item) for port, item in job.sections("inputs")}
    if job.get("componentId") and not job.get("jobs"):
        spec = _of_component(service, workspace, job.required("componentId"), inputs)
    else:
        outputs = {
            port: {"type": item.text("jobOutputType", "job_output_type") or "uri_folder"}
            for port, item in job.sections("outputs")
        }
        spec = {"type": "pipeline", "inputs": inputs, "outputs": outputs, "jobs": dict(job.section("jobs").content)}
    spec = {**spec, "name": ANONYMOUS, "display_name": run.display_name or name, "sourceJobId": reference}
    version = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(spec, sort_keys=True)))
    body = {"properties": {"componentSpec": spec, "isAnonymous": True}}
    asset, _ = versions.put(service, workspace, COMPONENTS, ANONYMOUS, version, body)
    return places.address(workspace, COMPONENTS, asset.name, asset.version), defaults


def _input(item: Section) -> dict[str, Any]:
    kind = (item.text("jobInputType", "job_input_type") or "literal").lower()
    default = item.get("value") if kind == "literal" else item.get("uri")
    found = {"type": "string" if kind == "literal" else kind, "mode": item.text("mode"), "default": default}
    return {name: value for name, value in found.items() if value is not None}


def _of_component(
    service: Service, workspace: Workspace, reference: str, inputs: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A copy of the component that the job is, with what the job gave to its inputs as defaults."""
    spec = dict(versions.resolve(service, workspace, COMPONENTS, reference)[1].properties["componentSpec"])
    declared = dict(spec.get("inputs") or {})
    for name, item in inputs.items():
        declared[name] = {**declared.get(name, item), **({"default": item["default"]} if "default" in item else {})}
    return {**spec, "inputs": declared}
