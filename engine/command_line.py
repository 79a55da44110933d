"""A node's command template, filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import (
    Argument,
    Command,
    InputRef,
    OptionalGroup,
    OutputRef,
    ParameterRef,
    Piece,
    Scalar,
    Value,
)


def text(value: Scalar) -> str:
    """A value as it stands on a command line: ``True``, ``0.1``, ``""`` for None."""
    return "" if value is None else str(value)


def fill(
    pieces: tuple[Piece, ...],
    parameters: Mapping[str, Scalar],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> str:
    """The pieces joined. Raises :class:`PlanError` for a piece that names nothing."""
    parts = []
    for piece in pieces:
        if isinstance(piece, Value):
            parts.append(text(piece.value))
            continue
        table: Mapping[str, Scalar] = parameters
        if isinstance(piece, InputRef):
            table = inputs
        elif isinstance(piece, OutputRef):
            table = outputs
        if piece.name not in table:
            kind = {ParameterRef: "parameter", InputRef: "input", OutputRef: "output"}[type(piece)]
            raise PlanError(f"the command uses the {kind} {piece.name!r}, which this step does not have")
        parts.append(text(table[piece.name]))
    return "".join(parts)


def arguments(
    command: Command, parameters: Mapping[str, Scalar], inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> list[str]:
    """argv without the interpreter and script. Raises :class:`PlanError`."""
    return [fill(item.pieces, parameters, inputs, outputs) for item in _present(command.arguments, inputs)]


def _present(items: tuple[Argument | OptionalGroup, ...], inputs: Mapping[str, str]) -> Iterator[Argument]:
    for item in items:
        if isinstance(item, Argument):
            yield item
        elif item.when in inputs:
            yield from item.arguments
