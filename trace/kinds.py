"""What the kinds of steps say besides ports and code: commands, sweeps, parallel runs, AutoML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import Distribution, Node, ParameterRef, Piece, Value
from amlbridge.trace import commands, parallel_node, sweep_node
from amlbridge.trace.model import FromPipeline, Pipeline, Step

#: Seconds that azureml-core lets each run of a configuration go on by itself: nobody has asked for them.
_RUN_TIMEOUT = 30 * 86400.0
_ORDER = (
    *("$schema", "name", "display_name", "type", "version", "is_deterministic", "inputs", "outputs"),
    *("code", "environment", "command", "distribution", "resources"),
)


def component(
    node: Node,
    step: Step,
    content: dict[str, Any],
    environment: str,
    names: Mapping[Piece, str],
    to: Pipeline,
) -> dict[str, Any]:
    """The component of a step. Raises ValueError for a step that cannot be one, with the reason."""
    if node.kind in ("unsupported", "transfer", "databricks", "pipeline"):
        kind = node.options.get("step_type") or node.options.get("backend") or node.kind
        raise ValueError(f"a {kind} has no component that can be written from its graph")
    _variables(node, step, to)
    if node.kind == "parallel":
        return parallel_node.component(node, step, content, environment, names)
    if node.kind == "sweep":
        sweep_node.prepare(node, step, content, names)
    content["environment"] = environment
    if node.kind != "sweep":
        content["command"] = commands.line(node.command, names)
    content |= resources(node)
    if node.timeout is not None and node.kind == "sweep":
        if node.timeout != _RUN_TIMEOUT:
            step.job["limits"].setdefault("trial_timeout", int(node.timeout))
    elif node.timeout is not None:
        step.job["limits"] = {"timeout": int(node.timeout)}
    return {key: content[key] for key in _ORDER if key in content}


def placeholder(content: dict[str, Any], environment: str, reason: str) -> dict[str, Any]:
    """A component with the ports of a step that cannot be written; it says why and fails."""
    content = {key: value for key, value in content.items() if key != "code"}
    content |= {"type": "command", "environment": environment}
    content["command"] = f"echo {_harmless(reason)} && exit 1"
    return {key: content[key] for key in _ORDER if key in content}


def _harmless(text: str) -> str:
    return "'" + text.replace("'", "").replace("$", "") + "'"


def resources(node: Node) -> dict[str, Any]:
    """Distribution and resources."""
    found: dict[str, Any] = {}
    if node.distribution is not None:
        found["distribution"] = distribution(node.distribution)
    wanted: dict[str, Any] = {}
    if node.resources.nodes != 1:
        wanted["instance_count"] = node.resources.nodes
    if node.resources.instance_type:
        wanted["instance_type"] = node.resources.instance_type
    if wanted:
        found["resources"] = wanted
    return found


def distribution(found: Distribution) -> dict[str, Any]:
    """As a component says it."""
    if found.kind == "tensorflow":
        return {
            "type": "tensorflow",
            "worker_count": found.options.get("workerCount", 1),
            "parameter_server_count": found.options.get("parameterServerCount", 0),
        }
    return {"type": found.kind, "process_count_per_instance": found.processes_per_node}


def _variables(node: Node, step: Step, to: Pipeline) -> None:
    """Variables that a pipeline parameter sets. SDK v1 sets ``AML_PARAMETER_x`` for each parameter; where the command
    tells the value as well, that is left out."""
    told = {piece.name for piece in commands.used(node.command) if isinstance(piece, ParameterRef)}
    names = {item.name for item in to.inputs}
    for name, piece in node.parameter_variables.items():
        if isinstance(piece, ParameterRef) and piece.name in names:
            if not (name == f"AML_PARAMETER_{piece.name}" and piece.name in told):
                step.variables[name] = FromPipeline(piece.name)
        elif isinstance(piece, Value) and not name.startswith("AML_PARAMETER_"):
            step.variables[name] = str(piece.value)
