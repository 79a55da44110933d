"""The outputs of an AutoML step, as `amlbridge migrate` writes them for SDK v2.

An AutoML step of SDK v1 writes its metrics and its best model as files; the AutoML node of SDK v2 has ``best_model``
alone. So a step behind it, which runs the script ``automl_outputs.py``, writes the files. Here the two are one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from amlbridge.compare import shell_lines
from amlbridge.engine.plan import Node, NodePort, Output, OutputRef, Plan, Value

_SCRIPT, _MODEL = "automl_outputs.py", "best_model"
#: Options of the script -> what of the search it writes to the output behind them.
_RESULTS = {"--metrics": "Metrics", "--model": "Model"}


def plain(plan: Plan) -> tuple[Plan, Mapping[NodePort, NodePort]]:
    """The Plan with each such step as a part of the AutoML step before it, and which output of that step is really
    written by which output of the other."""
    behind = {node.id: found for node in plan.nodes if (found := _search(node, plan)) is not None}
    if not behind:
        return plan, {}
    moved = {NodePort(behind[node.id], name): NodePort(node.id, name)
             for node in plan.nodes if node.id in behind for name in node.outputs}  # fmt: skip
    back = {port: source for source, port in moved.items()}
    nodes = [_joined(node, behind, back, plan) for node in plan.nodes if node.id not in behind]
    outputs = {name: back.get(port, port) for name, port in plan.outputs.items()}
    return replace(plan, nodes=tuple(nodes), outputs=outputs), moved


def _search(node: Node, plan: Plan) -> str | None:
    """The AutoML step whose model a step of ours writes as files."""
    if node.kind != "command" or node.command.script != _SCRIPT or list(node.inputs) != [_MODEL]:
        return None
    source = node.inputs[_MODEL].source
    if not isinstance(source, NodePort) or source.port != _MODEL or plan.node(source.node).kind != "automl":
        return None
    return source.node


def _joined(node: Node, behind: Mapping[str, str], back: Mapping[NodePort, NodePort], plan: Plan) -> Node:
    inputs = {
        name: replace(item, source=back[item.source]) if isinstance(item.source, NodePort) and item.source in back
        else item
        for name, item in node.inputs.items()
    }  # fmt: skip
    after = tuple(dict.fromkeys(behind.get(other, other) for other in node.after))
    outputs = {**node.outputs}
    for own in (other for other in plan.nodes if behind.get(other.id) == node.id):
        outputs |= _results(own)
        if not _is_read(NodePort(node.id, _MODEL), own.id, plan):
            outputs.pop(_MODEL, None)
    return replace(node, inputs=inputs, after=after, outputs=outputs)


def _results(node: Node) -> dict[str, Output]:
    """The outputs of a step of ours, with what of the search each is."""
    found, option = {**node.outputs}, ""
    for argument in shell_lines.arguments(node.command):
        for piece in argument.pieces:
            if isinstance(piece, OutputRef) and piece.name in found and option in _RESULTS:
                found[piece.name] = replace(found[piece.name], training={"type": _RESULTS[option]})
            option = str(piece.value) if isinstance(piece, Value) else ""
    return found


def _is_read(port: NodePort, but_by: str, plan: Plan) -> bool:
    """Whether others need an output, too."""
    readers = (item.source for node in plan.nodes if node.id != but_by for item in node.inputs.values())
    return port in readers or port in plan.outputs.values()
