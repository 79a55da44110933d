"""The columns of the runs of a pipeline and of its steps, with the properties that Azure gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import run_environments
from amlbridge.v1.pipelines import automl_steps, modules
from amlbridge.wire.context import Service
from amlbridge.wire.identity import Identity


def pipeline(body: Mapping[str, Any], parent: str | None) -> dict[str, Any]:
    """The columns of a pipeline's run; ``body`` is that of its record (:mod:`.run_records`)."""
    info = body["creation_info"]
    proceed = bool(info.get("ContinueExperimentOnNodeFailure") or info.get("ContinueRunOnStepFailure"))
    origin = {
        "azureml.pipelineid": body["pipeline_id"],
        "azureml.pipelineendpointid": body.get("endpoint_id"),
        "azureml.scheduleid": body.get("schedule_id"),
    }
    columns: dict[str, Any] = {
        "description": info.get("Description"),
        "display_name": info.get("DisplayName"),
        "tags": info["tags"],
        "properties": {
            **info["Properties"],
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": info.get("RunSource") or "SDK",
            "runType": info.get("RunType") or "SDK",
            "azureml.parameters": json.dumps(body["parameters"]),
            "azureml.continue_on_step_failure": str(proceed),
            "azureml.pipelineComponent": "pipelinerun",
            **{name: value for name, value in origin.items() if value},
        },
    }
    return {**columns, "parent_id": parent} if parent else columns


def node_properties(
    service: Service, workspace: Workspace, plan: Plan, graph: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """By node: the properties of its runs that are the same for every run of the graph."""
    nodes = {node["Id"]: node for node in graph["ModuleNodes"]}
    found = {}
    for node in plan.nodes:
        item = nodes[node.id]
        module = modules.find(service, workspace, item["ModuleId"]) or {}
        kinds = {setting.get("Name"): setting.get("Value") for setting in item.get("ModuleParameters") or []}
        properties = {
            "azureml.runsource": "azureml.StepRun",
            "azureml.nodeid": node.id,
            "azureml.pipelineComponent": "masterescloud",
            "azureml.moduleid": item["ModuleId"],
            "azureml.moduleName": node.name,
            "StepType": module.get("StepType") or "PythonScriptStep",
            "ContentSnapshotId": module.get("StorageId"),
            "ComputeTargetType": kinds.get("MLCComputeType") or "AmlCompute",
        }
        found[node.id] = {name: str(value) for name, value in properties.items() if value is not None}
        if node.kind == "automl":
            found[node.id] |= automl_steps.properties(item, module, plan, node)
    return found


def steps(
    service: Service,
    workspace: Workspace,
    run_id: str,
    plan: Plan,
    properties: Mapping[str, Mapping[str, str]],
    identity: Identity | None,
) -> dict[str, dict[str, Any]]:
    """The columns of the steps' runs by node. ``StepRun`` finds its pipeline and its node by the tags; ``identity`` is
    who submits."""
    found = {}
    for node in plan.nodes:
        own = {"azureml.pipelinerunid": run_id, "azureml.pipeline": run_id}
        columns = {
            "tags": {"azureml.nodeid": node.id, "azureml.pipeline": run_id},
            "properties": {**properties[node.id], **own},
        }
        ours = run_environments.columns(service, workspace, identity, node)
        found[node.id] = run_environments.join(columns, ours)
    return found
