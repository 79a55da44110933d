"""From a job's body to a running job: lowered, checked, recorded and started as one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from amlbridge.engine.plan import Node, NodePort, Parameter, Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.scheduler import Scheduler
from amlbridge.engine.subpipelines import SubPipeline
from amlbridge.engine.sweep import controller as sweep_controller
from amlbridge.engine.sweep import settings as sweep_settings
from amlbridge.v2 import job as jobs
from amlbridge.v2.jobs import automl, checks, records
from amlbridge.v2.jobs.assets import WorkspaceAssets
from amlbridge.v2.jobs.reading import Section
from amlbridge.wire import experiments, run_environments, sweeps
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.identity import Identity

DEFAULT_EXPERIMENT = "Default"
_LONGEST_NAME = 255
#: The kind of a job without children in the engine.
SINGLE = "script"
#: The entry of ``Run.extra`` where the pipelines service of SDK v1 keeps what it shows of a run that has no v1 graph.
_V1_RECORD = "pipelineRun"
#: What a job or a node may say that has no meaning on this machine: accepted, kept, and told.
_IGNORED = {
    "identity": "the identity: steps run as the user who runs the service",
    "services": "the services (SSH, Jupyter, …): log in to this machine instead",
    "queue_settings": "the queue settings: jobs start when there is room",
    "notification_setting": "the notifications: nothing is sent from this machine",
}


def lower(service: Service, workspace: Workspace, properties: Mapping[str, Any]) -> jobs.Lowered:
    """The Plan of a job, checked: it can run in this workspace now. Raises a 400 ServiceError."""
    lowered = jobs.lower(properties, WorkspaceAssets(service, workspace))
    checks.check(service, workspace, lowered)
    return lowered


def submit(
    service: Service,
    workspace: Workspace,
    name: str,
    properties: Mapping[str, Any],
    identity: Identity | None,
    *,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Records a job under its name and starts it; ``tags`` come to its own. Raises a 400 ServiceError and records
    nothing when it cannot run, :class:`amlbridge.engine.errors.ConflictError` when the name is taken."""
    lowered = lower(service, workspace, properties)
    label = Section(properties, "").text("experimentName") or DEFAULT_EXPERIMENT
    if len(label) > _LONGEST_NAME:
        raise bad_request(f"experimentName has more than {_LONGEST_NAME} characters")
    columns = _columns(service, workspace, properties, lowered, identity, label)
    columns["tags"] |= tags or {}
    parent = properties.get("parentJobName")
    if parent is not None:
        service.records.runs.get(workspace.id, str(parent))
        columns["parent_id"] = str(parent)
    scheduler: Scheduler = service.parts["scheduler"]
    experiment = experiments.experiment_for_writing(service, workspace, label)
    if lowered.single:
        found = run_environments.join(
            columns, run_environments.columns(service, workspace, identity, lowered.plan.nodes[0])
        )
        found["properties"] |= {"_azureml.ComputeTargetType": "amlctrain"}
        node, kind = lowered.plan.nodes[0], SINGLE
        if node.kind == "sweep":
            kind = sweep_controller.KIND
            ours = sweeps.columns(service, workspace, label, sweep_settings.of(node))
            found["tags"] = {**ours["tags"], **found["tags"]}
            found["properties"] = {**ours["properties"], **found["properties"]}
        if node.kind == "automl":
            found["properties"] |= automl.properties(node)
            found["extra"] = {**found["extra"], "runType": automl.RUN_TYPE}
        scheduler.submit_single(workspace.id, experiment.id, name, lowered.plan, kind=kind, columns=found)
        return
    scheduler.submit(
        workspace.id,
        experiment.id,
        name,
        lowered.plan,
        parameters={},
        data_parameters={},
        pipeline=columns,
        steps=_steps(service, workspace, name, lowered, identity),
        user_logs=True,
        parts={item.path: _part(item, name, label, lowered) for item in lowered.subpipelines},
    )


def _columns(
    service: Service,
    workspace: Workspace,
    properties: Mapping[str, Any],
    lowered: jobs.Lowered,
    identity: Identity | None,
    label: str,
) -> dict[str, Any]:
    """The columns of the job's own run; ``label`` is the name of its experiment."""
    job = Section(properties, "")
    extra: dict[str, Any] = {records.JOB: records.kept(properties), records.PORTS: _ports(lowered)}
    ignored = [*_ignored(job), *(note for node in lowered.sections.values() for note in _ignored(node))]
    if ignored:
        extra["warnings"] = ignored
    own = job.texts("properties")
    if not lowered.single:
        extra[_V1_RECORD] = _v1_record(job, label, len(lowered.plan.nodes), lowered.plan.parameters)
        own |= {
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": "MFE",
            "runType": "HTTP",
            "azureml.parameters": json.dumps({item.name: str(item.default) for item in lowered.plan.parameters}),
            "azureml.continue_on_step_failure": str(lowered.plan.settings.continue_on_failure),
            "azureml.pipelineComponent": "pipelinerun",
        }
    chosen = run_environments.mode(service, workspace, identity)
    compute = lowered.plan.settings.default_compute or lowered.plan.nodes[0].resources.compute
    extra["compute"] = _compute(compute, 1)
    return {
        "name": job.text("displayName"),
        "display_name": job.text("displayName"),
        "description": job.text("description"),
        "tags": job.texts("tags"),
        "properties": {**own, **run_environments.properties(chosen)},
        "target": compute,
        "extra": extra,
    }


def _v1_record(
    job: Section, experiment: str, steps: int, parameters: Iterable[Parameter] = (), name: str | None = None
) -> dict[str, Any]:
    """What the pipelines service of SDK v1 shows of the run: without it ``PipelineRun`` finds none of its steps."""
    return {
        "experiment": experiment,
        "creation_info": {
            "Description": job.text("description"),
            "DisplayName": name or job.text("displayName"),
            "RunSource": "MFE",
            "RunType": "HTTP",
            "tags": job.texts("tags"),
            "Properties": {},
        },
        "graph_id": None,
        "steps": steps,
        "pipeline_id": None,
        "parameters": {item.name: str(item.default) for item in parameters},
        "datasets": {},
        "paths": {},
    }


def _ignored(section: Section) -> list[dict[str, str]]:
    """Warnings for what is not used here."""
    found = []
    for name, text in _IGNORED.items():
        head, _, tail = name.partition("_")
        if section.get(name, head + tail.title()):
            spot = f"{section.spot}: " if section.spot else ""
            found.append({"source": "amlbridge", "message": f"{spot}not used here: {text}"})
    return found


def _ports(lowered: jobs.Lowered) -> dict[str, Any]:
    """The outputs of a job: type, and of a pipeline the node and port that write it."""
    if lowered.single:
        return _ports_of(lowered.plan.nodes[0])
    return _ports_of_pipeline(lowered.plan, lowered.plan.outputs)


def _ports_of_pipeline(plan: Plan, outputs: Mapping[str, NodePort]) -> dict[str, Any]:
    nodes = {node.id: node for node in plan.nodes}
    return {
        name: {"type": nodes[port.node].outputs[port.port].type, "node": port.node, "port": port.port}
        for name, port in outputs.items()
    }


def _ports_of(node: Node) -> dict[str, Any]:
    return {name: {"type": output.type} for name, output in node.outputs.items()}


def _compute(name: str | None, nodes: int) -> dict[str, Any]:
    return {"target": name, "targetType": "AmlCompute", "instanceCount": nodes, "vmSize": None, "gpuCount": 0}


def _steps(
    service: Service,
    workspace: Workspace,
    name: str,
    lowered: jobs.Lowered,
    identity: Identity | None,
) -> dict[str, dict[str, Any]]:
    """The columns of the steps' runs by node. SDK v1 finds a step's pipeline and node by the tags."""
    found = {}
    nested = {node: item for item in lowered.subpipelines for node in item.nodes}
    for node in lowered.plan.nodes:
        item = lowered.sections[node.id]
        inside = nested.get(node.id)
        columns = {
            "display_name": item.text("display_name")
            or (node.name.removeprefix(f"{inside.path}.") if inside is not None else node.name),
            "tags": {**item.texts("tags"), "azureml.nodeid": node.id, "azureml.pipeline": name},
            "properties": {
                **item.texts("properties"),
                "azureml.runsource": "azureml.StepRun",
                "azureml.nodeid": node.id,
                "azureml.pipelineComponent": "masterescloud",
                "azureml.moduleName": lowered.components.get(node.id, node.name),
                "azureml.moduleid": lowered.components.get(node.id, node.id),
                "azureml.pipelinerunid": name,
                "azureml.pipeline": name,
                "StepType": "PythonScriptStep",
                **(automl.properties(node) if node.kind == "automl" else {}),
            },
            "extra": {
                records.PORTS: _ports_of(node),
                "compute": _compute(_target(lowered.plan, node), node.resources.nodes),
            },
        }
        found[node.id] = run_environments.join(columns, run_environments.columns(service, workspace, identity, node))
    return found


def _part(item: jobs.Nested, pipeline: str, experiment: str, lowered: jobs.Lowered) -> SubPipeline:
    """A sub-pipeline with the columns of its run; ``experiment`` is the name of the job's."""
    label = item.section.text("display_name") or item.name
    steps = sum(node.id.startswith(f"{item.path}.") for node in lowered.plan.nodes)
    columns = {
        "display_name": label,
        "tags": {**item.section.texts("tags"), "azureml.nodeid": item.path, "azureml.pipeline": pipeline},
        "properties": {
            **item.section.texts("properties"),
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": "MFE",
            "azureml.nodeid": item.path,
            "azureml.pipelineComponent": "pipelinerun",
            "azureml.moduleName": item.component,
            "azureml.pipelinerunid": pipeline,
            "azureml.pipeline": pipeline,
        },
        "target": item.compute,
        "extra": {
            records.PORTS: _ports_of_pipeline(lowered.plan, item.outputs),
            "compute": _compute(item.compute, 1),
            _V1_RECORD: _v1_record(item.section, experiment, steps, name=label),
        },
    }
    return SubPipeline(item.nodes, item.inside, columns)


def _target(plan: Plan, node: Node) -> str | None:
    return node.resources.compute or plan.settings.default_compute
