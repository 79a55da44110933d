"""The run definition of a step: what ``get_details()["runDefinition"]`` and ``StepRun.get_environment()`` show.

On Azure it is the step's run configuration with what the pipeline has settled: script, arguments, compute target and a
registered version of the environment. It is made when somebody asks for it: few do, and each pipeline would pay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine import command_line
from amlbridge.engine.child_runs import TRIAL
from amlbridge.engine.plan import Argument, Node, OptionalGroup, Plan, Scalar
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import environments, graph_runconfig
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import graphs, modules, run_records
from amlbridge.wire import curated_environments
from amlbridge.wire.context import Service

_AUTOML_ENVIRONMENT = "AzureML-AutoML"


def definition(service: Service, workspace: Workspace, run: Run) -> dict[str, Any] | None:
    """The run definition of a step of a pipeline of SDK v1, or of an iteration of AutoML; None for any other run."""
    if run.kind == TRIAL:
        return _iteration(run)
    if run.kind != "step" or run.parent_id is None:
        return None
    pipeline = service.records.runs.find(workspace.id, run.parent_id)
    record = run_records.find(service, workspace, run.parent_id)
    if pipeline is None or record is None or pipeline.plan_id is None or record.body["graph_id"] is None:
        return None
    plan = service.records.plans.get(pipeline.plan_id)
    node = next((item for item in plan.nodes if item.id == run.node_id), None)
    if node is None:
        return None
    config = _configuration(service, workspace, record.body["graph_id"], node.id)
    settled = _settled(plan, node, pipeline.execution.get("parameters", {}))
    section = Fields(config, "the run configuration").object("environment")
    return {**config, **settled, "environment": _environment(service, workspace, section)}


def _iteration(run: Run) -> dict[str, Any]:
    """``child.cancel()`` looks for the compute target, ``get_environment()`` for the environment: on Azure all
    iterations run in the curated one of AutoML."""
    return {
        "script": None,
        "arguments": [],
        "target": run.target or "local-service",
        "framework": "Python",
        "communicator": "None",
        "nodeCount": 1,
        "environment": curated_environments.definition(_AUTOML_ENVIRONMENT),
    }


def _configuration(service: Service, workspace: Workspace, graph_id: str, node_id: str) -> dict[str, Any]:
    graph = service.records.resources.get(workspace.id, graphs.KIND, graph_id).body["Graph"]
    nodes: list[dict[str, Any]] = graph.get("ModuleNodes") or []
    found = next((item for item in nodes if item["Id"] == node_id), {})
    module = modules.find(service, workspace, found.get("ModuleId", "")) or {}
    text = found.get("Runconfig") or module.get("Runconfig")
    return dict(graph_runconfig.read(text, "the run configuration").content)


def _settled(plan: Plan, node: Node, parameters: Mapping[str, Scalar]) -> dict[str, Any]:
    """What the node says. Inputs and outputs stand as variables: on Azure their paths differ from node to node, too."""
    inputs = {name: f"$AZUREML_DATAREFERENCE_{name}" for name in node.inputs}
    outputs = {name: f"$AZUREML_DATAREFERENCE_{name}" for name in node.outputs}
    items: list[Argument] = []
    for entry in node.command.arguments:
        items += entry.arguments if isinstance(entry, OptionalGroup) else (entry,)
    texts = [command_line.fill(item.pieces, parameters, inputs, outputs) for item in items]
    is_script = node.command.script is not None
    return {
        "script": node.command.script,
        "command": "" if is_script else ("" if node.command.shell else " ").join(texts),
        "arguments": texts if is_script else [],
        "target": node.resources.compute or plan.settings.default_compute,
        "nodeCount": node.resources.nodes,
        "maxRunDurationSeconds": int(node.timeout) if node.timeout is not None else None,
    }


def _environment(service: Service, workspace: Workspace, section: Fields) -> dict[str, Any]:
    """The environment under a name and a version that ``Environment.get`` finds."""
    content, name = dict(section.content), section.text("name")
    if not name or section.label("version"):
        return content
    return {**content, "version": environments.version_of(service, workspace, name, content)}
