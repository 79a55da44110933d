"""A trial as a Plan of its own: the sweep's command with its values filled in, and everything that the sweep's step
gets from its pipeline settled."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace

from amlbridge.engine import command_line
from amlbridge.engine.plan import (
    Argument,
    Command,
    DataReference,
    Input,
    Json,
    Node,
    OptionalGroup,
    ParameterRef,
    Piece,
    Plan,
    Scalar,
    Settings,
    Value,
)
from amlbridge.engine.sweep.settings import OPTION, SweepSettings

#: The id of the only node of a trial's Plan.
NODE = "trial"
#: What an input of the sweep is: the text of a literal, or data.
Sources = Mapping[str, str | DataReference]


def settled(node: Node, parameters: Mapping[str, Scalar], sources: Sources) -> Node:
    """The node without references to the pipeline that it stands in."""
    return replace(
        node,
        id=NODE,
        command=_command(node.command, parameters),
        inputs={name: _input(item, sources[name]) for name, item in node.inputs.items()},
        variables={
            **node.variables,
            **{name: _text((piece,), parameters) for name, piece in node.parameter_variables.items()},
        },
        parameter_variables={},
        after=(),
        # A run of its own is run each time that it is submitted.
        deterministic=False,
    )


def trial(node: Node, settings: SweepSettings, parameters: Mapping[str, Json]) -> Node:
    """The node of one trial; ``node`` is :func:`settled`."""
    inputs, command = dict(node.inputs), node.command
    if settings.append:
        command = _appended(command, parameters)
    else:
        inputs |= {name: Input(Value(text(value))) for name, value in parameters.items()}
    kept = {name: item for name, item in node.outputs.items() if item.training is None}
    return replace(
        node,
        kind="command",
        command=command,
        inputs=inputs,
        # It is the sweep that registers the outputs of its best trial.
        outputs={name: replace(item, registration=None) for name, item in kept.items()},
        timeout=settings.trial_timeout or node.timeout,
        options={name: item for name, item in node.options.items() if name != OPTION},
    )


def plan(node: Node, compute: str | None) -> Plan:
    """A Plan of this node alone."""
    return Plan((node,), settings=Settings(default_compute=compute))


def text(value: Json) -> str:
    """A value as an argument; lists and objects as JSON."""
    return json.dumps(value) if isinstance(value, list | dict) else command_line.text(value)


def added_arguments(parameters: Mapping[str, Json]) -> list[str]:
    """The arguments that v1 appends: a name that begins with a dash stays as it is."""
    pairs = ((name if name.startswith("-") else f"--{name}", text(value)) for name, value in parameters.items())
    return [word for pair in pairs for word in pair]


def _appended(command: Command, parameters: Mapping[str, Json]) -> Command:
    words = added_arguments(parameters)
    if command.shell:
        line = "".join(f" {shlex.quote(word)}" for word in words)
        return replace(command, arguments=(*command.arguments, Argument((Value(line),))))
    return replace(command, arguments=(*command.arguments, *(Argument((Value(word),)) for word in words)))


def _input(item: Input, source: str | DataReference) -> Input:
    if isinstance(source, DataReference):
        return replace(item, source=source)
    return replace(item, source=Value(source), mode="mount" if item.mode == "value" else item.mode)


def _command(command: Command, parameters: Mapping[str, Scalar]) -> Command:
    def argument(item: Argument) -> Argument:
        return Argument(tuple(_piece(piece, parameters) for piece in item.pieces))

    def every(items: Iterable[Argument | OptionalGroup]) -> Iterable[Argument | OptionalGroup]:
        for item in items:
            if isinstance(item, Argument):
                yield argument(item)
            else:
                yield replace(item, arguments=tuple(argument(inner) for inner in item.arguments))

    return replace(command, arguments=tuple(every(command.arguments)))


def _piece(piece: Piece, parameters: Mapping[str, Scalar]) -> Piece:
    return Value(parameters[piece.name]) if isinstance(piece, ParameterRef) else piece


def _text(pieces: tuple[Piece, ...], parameters: Mapping[str, Scalar]) -> str:
    return command_line.fill(pieces, parameters, {}, {})
