"""Plans without what a migration adds to commands, so that they can be compared with those of SDK v1.

SDK v2 has no ``run_after`` and reads tables from folders with an MLTable file, so that the command of an earlier step
gets an end such as ``&& echo done > ${{outputs.order_token}}/done``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from amlbridge.engine.plan import Argument, Command, InputRef, Node, OutputRef, ParameterRef, Plan, Value
from amlbridge.v2.jobs import commands

_END = re.compile(r" && echo (?:\w+|'[^']*') > $")
_FILES = ("/done", "/MLTable")


def without_marks(plan: Plan) -> Plan:
    """The Plan with such ends taken off; what then needs no shell is a script with arguments."""
    return replace(plan, nodes=tuple(_without(node) for node in plan.nodes))


def _without(node: Node) -> Node:
    command = node.command
    if not command.shell or not all(isinstance(item, Argument) for item in command.arguments):
        return node
    pieces = [piece for item in command.arguments if isinstance(item, Argument) for piece in item.pieces]
    marked = False
    while len(pieces) > 2 and _is_end(pieces[-3:]):
        before = pieces[-3]
        assert isinstance(before, Value)
        rest = _END.sub("", str(before.value))
        pieces = [*pieces[:-3], *([Value(rest)] if rest else [])]
        marked = True
    if not marked:
        return node
    text = "".join(_text(piece) for piece in pieces)
    words = text.split()
    literals = {name: str(item.source.value) for name, item in node.inputs.items() if isinstance(item.source, Value)}
    plain = commands.lower(
        text,
        "command",
        inputs=node.inputs.keys(),
        absent=(),
        outputs=node.outputs.keys(),
        literals=literals,
        scripts=words[1:2],
    )
    return replace(node, command=Command(plain.arguments, plain.script, plain.shell))


def _is_end(pieces: list[Value | ParameterRef | InputRef | OutputRef]) -> bool:
    before, port, after = pieces
    return (
        isinstance(before, Value)
        and isinstance(port, OutputRef)
        and isinstance(after, Value)
        and str(after.value) in _FILES
        and _END.search(str(before.value)) is not None
    )


def _text(piece: Value | ParameterRef | InputRef | OutputRef) -> str:
    if isinstance(piece, Value):
        return str(piece.value)
    return f"${{{{{'outputs' if isinstance(piece, OutputRef) else 'inputs'}.{piece.name}}}}}"
