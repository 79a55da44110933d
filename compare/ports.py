"""Which input and which output of one step is which of the other, whatever they are called.

The command says most: what stands behind ``--data`` on both sides is the same. Then names, then what feeds an input and
who reads an output, then what is left when there is only one of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from amlbridge.compare.matching import plain
from amlbridge.engine.plan import (
    Argument,
    DataReference,
    InputRef,
    Node,
    NodePort,
    OptionalGroup,
    Output,
    OutputRef,
    Value,
)


@dataclass(frozen=True)
class Ports:
    """``inputs`` and ``outputs``: name on the left -> name on the right."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def arguments(node: Node) -> list[Argument]:
    """The arguments that this node is given: optional ones whose input has a value are there like any other."""
    found: list[Argument] = []
    for item in node.command.arguments:
        if not isinstance(item, OptionalGroup):
            found.append(item)
        elif item.when in node.inputs:
            found += item.arguments
    return found


def named(node: Node, kind: type[InputRef] | type[OutputRef]) -> set[str]:
    """The ports that a command names."""
    return {
        piece.name
        for argument in arguments(node)
        for piece in argument.pieces
        if isinstance(piece, (InputRef, OutputRef)) and isinstance(piece, kind)
    }


def literal(node: Node, name: str) -> bool:
    """Whether an input is a text and no data."""
    return name in node.inputs and isinstance(node.inputs[name].source, Value)


def match(left: Node, right: Node, nodes: Mapping[str, str]) -> Ports:
    """The ports of two steps; ``nodes`` are the pairs of steps. Literal inputs are no ports: they are their value."""

    def same_result(one: str, other: str) -> bool:
        return None is not _result(left.outputs[one]) == _result(right.outputs[other])

    places = _behind(left, OutputRef), _behind(right, OutputRef)
    outputs = _match(*places, list(left.outputs), list(right.outputs), same_result)

    def same_source(one: str, other: str) -> bool:
        ours, theirs = left.inputs[one].source, right.inputs[other].source
        if isinstance(ours, NodePort) and isinstance(theirs, NodePort):
            return nodes.get(ours.node) == theirs.node
        if isinstance(ours, DataReference) and isinstance(theirs, DataReference):
            return ours.uri.rstrip("/") == theirs.uri.rstrip("/")
        return ours == theirs

    ours = [name for name in left.inputs if not literal(left, name)]
    theirs = [name for name in right.inputs if not literal(right, name)]
    inputs = _match(_behind(left, InputRef), _behind(right, InputRef), ours, theirs, same_source)
    return Ports(inputs, outputs)


def _result(output: Output) -> object:
    """What of a search an output is: the metrics or the model."""
    return output.training.get("type") if isinstance(output.training, Mapping) else None


def _behind(node: Node, kind: type[InputRef] | type[OutputRef]) -> dict[str, str]:
    """Where in the command a port stands -> its name: behind which option, or at which place."""
    found: dict[str, str] = {}
    previous = ""
    for index, argument in enumerate(arguments(node)):
        text = "".join(str(piece.value) for piece in argument.pieces if isinstance(piece, Value))
        for piece in argument.pieces:
            if isinstance(piece, (InputRef, OutputRef)) and isinstance(piece, kind):
                place = text if text else (previous if previous.startswith("-") else f"argument {index}")
                found.setdefault(place, piece.name)
        previous = text
    return found


def _match(
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    left: list[str],
    right: list[str],
    same: Callable[[str, str], bool] | None = None,
) -> dict[str, str]:
    found: dict[str, str] = {}

    def pair(one: str, other: str) -> None:
        if one in left and other in right and one not in found and other not in found.values():
            found[one] = other

    for place, name in ours.items():
        if place in theirs:
            pair(name, theirs[place])
    for rule in (lambda one, other: one == other, lambda one, other: plain(one) == plain(other), same):
        for one in left:
            for other in right if rule is not None else ():
                if rule is not None and rule(one, other):
                    pair(one, other)
    rest = [name for name in left if name not in found], [name for name in right if name not in found.values()]
    if len(rest[0]) == len(rest[1]) == 1:
        pair(rest[0][0], rest[1][0])
    return found
