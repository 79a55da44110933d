"""Deployments of pipeline components: an invocation is a pipeline job of the component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.batch import job_components
from amlbridge.v2.jobs import settings as job_settings
from amlbridge.v2.jobs.assets import WorkspaceAssets
from amlbridge.v2.jobs.reading import Section, invalid
from amlbridge.wire import computes
from amlbridge.wire.context import Service

#: Azure puts this before names of settings when it tells them back.
_PREFIX = "ComponentDeployment.Settings."
_FLAGS = ("continue_on_step_failure", "force_rerun")
_TEXTS = ("default_compute", "default_datastore")


def check(service: Service, workspace: Workspace, properties: Section) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is kept of a deployment of a pipeline component, and what its invocations need. Raises a 400
    ServiceError."""
    configuration = properties.section("deploymentConfiguration")
    holder = configuration.section("componentId")
    reference = holder.required("assetId")
    assets = WorkspaceAssets(service, workspace)
    _, spec = assets.component(reference, holder.at("assetId"))
    if str(spec.get("type")).lower() != "pipeline":
        raise invalid(holder.at("assetId"), f"is a component of type {spec.get('type')!r}, not a pipeline")
    made = reference
    defaults: dict[str, Any] = {}
    job_of = job_components.source(spec)
    if job_of is not None:
        made, defaults = job_components.make(service, workspace, job_of, holder.at("assetId"))
    found = _settings(configuration.section("settings"))
    store = found.get("default_datastore")
    if store:
        assets.datastore(store, configuration.section("settings").at("default_datastore"))
    check_compute(
        service, workspace, found.get("default_compute"), configuration.section("settings").at("default_compute")
    )
    kept = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"referenceType": "Id", "assetId": reference},
        "settings": dict(configuration.section("settings").content),
        "description": configuration.text("description"),
        "tags": configuration.texts("tags"),
    }
    return {**properties.content, "deploymentConfiguration": kept}, {"component": made, "defaults": defaults}


def job(deployment: Resource) -> dict[str, Any]:
    """The job that an invocation starts, but for its inputs and outputs."""
    configuration = Section(deployment.body["properties"]["deploymentConfiguration"], "")
    found, defaults = _settings(configuration.section("settings")), deployment.body["internal"]["defaults"]
    return {
        "jobType": "Pipeline",
        "componentId": deployment.body["internal"]["component"],
        "computeId": found.get("default_compute") or defaults.get("computeId"),
        "settings": {**defaults.get("settings", {}), **found},
    }


def check_compute(service: Service, workspace: Workspace, reference: str | None, spot: str) -> None:
    """Raises a 400 ServiceError for a compute that is not there."""
    name = job_settings.compute_name(reference)
    if name is None or name.lower() in (job_settings.SERVERLESS, job_settings.LOCAL):
        return
    if (refused := computes.work_refused(service, workspace, name)) is not None:
        raise invalid(spot, refused, "NotSupportedHere")
    if not computes.exists(service, workspace, name):
        raise invalid(
            spot,
            f"there is no compute {name!r} in the workspace {workspace.name}: create it with "
            "ml_client.compute.begin_create_or_update(), or use serverless",
            "ComputeNotFound",
        )


def _settings(given: Section) -> Mapping[str, Any]:
    plain = Section({name.removeprefix(_PREFIX): item for name, item in given.content.items()}, given.spot)
    unknown = sorted(plain.content.keys() - {*_FLAGS, *_TEXTS})
    if unknown:
        raise invalid(
            given.at(unknown[0]),
            f"there is no such setting; there are: {', '.join((*_FLAGS, *_TEXTS))}",
            "UnknownSetting",
        )
    found: dict[str, Any] = {name: plain.flag(name) for name in _FLAGS} | {name: plain.text(name) for name in _TEXTS}
    return {name: item for name, item in found.items() if item is not None}
