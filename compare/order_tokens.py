"""Order without data, as `amlbridge migrate` writes it for SDK v2, which has no ``run_after``.

The earlier step writes an output ``order_token`` that nobody needs, at the end of its command, and the later one has it
as an input that its command does not use. Here such a pair is what it means: a step that runs after another one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from amlbridge.engine.plan import (
    Argument,
    Command,
    InputRef,
    Node,
    NodePort,
    OptionalGroup,
    OutputRef,
    Piece,
    Plan,
    Value,
)

_NAME = "order_token"
_TAIL = re.compile(r"\s*&&\s*echo done >\s*$")
_RECEIVED_TAIL = re.compile(r"\s*&&\s*echo done >\s*\S+/done\s*$")
_META = re.compile(r"[|&;<>()$`*?#~!{}\[\]^\n\\]")
_PYTHON = re.compile(r"python3?(?:\.\d+)?")
_MARK = "\0"


def plain(plan: Plan) -> Plan:
    """The Plan with order-only dependencies in place of tokens."""
    commands = {node.id: found for node in plan.nodes if (found := _without_tail(node)) is not None}
    if not commands:
        return plan
    return replace(plan, nodes=tuple(_plain(node, commands) for node in plan.nodes))


def _plain(node: Node, commands: dict[str, Command]) -> Node:
    used = {piece.name for item in _arguments(node.command) for piece in item.pieces if isinstance(piece, InputRef)}
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


def _arguments(command: Command) -> list[Argument]:
    found: list[Argument] = []
    for item in command.arguments:
        found += item.arguments if isinstance(item, OptionalGroup) else (item,)
    return found


def _without_tail(node: Node) -> Command | None:
    """The command before the token is written, as a script with arguments where it is one; None without a token."""
    if _NAME not in node.outputs or not node.command.shell or len(node.command.arguments) != 1:
        return None
    (line,) = _arguments(node.command)[:1] or (Argument(()),)
    match line.pieces:
        case (*rest, Value(value=str(text)), OutputRef(name=name), Value(value="/done")) if name == _NAME:
            if not _TAIL.search(text):
                return None
            return _script((*rest, Value(_TAIL.sub("", text))))
    return None


def _script(pieces: Sequence[Piece]) -> Command:
    text = "".join(str(piece.value) if isinstance(piece, Value) else _MARK for piece in pieces)
    line = Command((Argument(tuple(pieces)),), shell=True)
    if _META.search(text):
        return line
    words = shlex.split(text)
    if len(words) < 2 or not _PYTHON.fullmatch(words[0]) or not words[1].endswith(".py"):
        return line
    references = iter([piece for piece in pieces if not isinstance(piece, Value)])
    arguments = []
    for word in words[2:]:
        found: list[Piece] = []
        for index, part in enumerate(word.split(_MARK)):
            found += [next(references)] if index else []
            found += [Value(part)] if part else []
        arguments.append(Argument(tuple(found) or (Value(""),)))
    return Command(tuple(arguments), words[1])


def received(argv: Sequence[object]) -> list[str]:
    """The words that a script was given, also where the line of a shell wrote a token after it."""
    words = [str(word) for word in argv]
    # The line alone, or `bash -c LINE`.
    if not words or not _RECEIVED_TAIL.search(words[-1]):
        return words
    try:
        found = shlex.split(_RECEIVED_TAIL.sub("", words[-1]))
    except ValueError:  # an open quote: no line of ours
        return words
    return found[1:] if len(found) > 1 and _PYTHON.fullmatch(found[0]) and found[1].endswith(".py") else words
