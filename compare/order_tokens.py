"""Order without data, as `amlbridge migrate` writes it for SDK v2, which has no ``run_after``.

The earlier step writes an output ``order_token`` that nobody needs, at the end of its command, and the later one has it
as an input that its command does not use. Here such a pair is what it means: a step that runs after another one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from amlbridge.compare import shell_lines
from amlbridge.engine.plan import Command, InputRef, Node, NodePort, OutputRef, Plan, Value

_NAME = "order_token"
_TAIL = re.compile(r"\s*&&\s*echo done >\s*$")
_RECEIVED_TAIL = re.compile(r"\s*&&\s*echo done >\s*\S+/done\s*$")


def plain(plan: Plan) -> Plan:
    """The Plan with order-only dependencies in place of tokens."""
    commands = {node.id: found for node in plan.nodes if (found := _without_tail(node)) is not None}
    if not commands:
        return plan
    return replace(plan, nodes=tuple(_plain(node, commands) for node in plan.nodes))


def _plain(node: Node, commands: dict[str, Command]) -> Node:
    arguments = shell_lines.arguments(node.command)
    used = {piece.name for item in arguments for piece in item.pieces if isinstance(piece, InputRef)}
    before = {
        name: item.source.node
        for name, item in node.inputs.items()
        if isinstance(item.source, NodePort) and item.source.port == _NAME and item.source.node in commands
        and name not in used
    }  # fmt: skip
    changed = replace(
        node,
        inputs={name: item for name, item in node.inputs.items() if name not in before},
        after=tuple(dict.fromkeys([*node.after, *before.values()])),
    )
    if node.id not in commands:
        return changed
    outputs = {name: item for name, item in node.outputs.items() if name != _NAME}
    return replace(changed, command=commands[node.id], outputs=outputs)


def _without_tail(node: Node) -> Command | None:
    """The command before the token is written, as a script with arguments where it is one; None without a token."""
    if _NAME not in node.outputs:
        return None
    match shell_lines.line(node.command):
        case (*rest, Value(value=str(text)), OutputRef(name=name), Value(value="/done")) if name == _NAME:
            if not _TAIL.search(text):
                return None
            return shell_lines.script((*rest, Value(_TAIL.sub("", text))))
    return None


def received(line: str) -> str:
    """A line that a step was started with, without the token that it writes in the end."""
    return _RECEIVED_TAIL.sub("", line)
