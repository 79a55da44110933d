"""A node's command template, filled in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping

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
    return "".join(_parts(pieces, parameters, inputs, outputs))


def _parts(
    pieces: tuple[Piece, ...],
    parameters: Mapping[str, Scalar],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> list[str]:
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
    return parts


def shell_line(
    pieces: tuple[Piece, ...],
    parameters: Mapping[str, Scalar],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    literals: Collection[str] = (),
) -> str:
    """A line for the shell: paths of inputs and outputs are quoted as the place where they stand asks for, because a
    state folder may have a space in its name. Parameters and literal inputs are text of the user's and stay as they
    are."""
    line = ""
    for piece, part in zip(pieces, _parts(pieces, parameters, inputs, outputs), strict=True):
        own = isinstance(piece, OutputRef) or (isinstance(piece, InputRef) and piece.name not in literals)
        if not own:
            line += part
        elif (quote := _open_quote(line)) == '"':
            line += re.sub(r'(["\\\\$`])', r"\\\1", part)
        elif quote == "'":
            line += part.replace("'", "'\\''")
        else:
            line += shlex.quote(part)
    return line


def _open_quote(line: str) -> str:
    """The quote that is open at the end of a shell line; "" when none is."""
    quote, skip = "", False
    for character in line:
        if skip:
            skip = False
        elif character == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
    return quote


def arguments(
    command: Command,
    parameters: Mapping[str, Scalar],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    literals: Collection[str] = (),
) -> list[str]:
    """argv without the interpreter and script; of a shell's command its one line. ``literals`` are the inputs that are
    texts of the user's and no paths. Raises :class:`PlanError`."""
    present = list(_present(command.arguments, inputs))
    if command.shell:
        pieces = tuple(piece for item in present for piece in item.pieces)
        return [shell_line(pieces, parameters, inputs, outputs, literals)]
    return [fill(item.pieces, parameters, inputs, outputs) for item in present]


def _present(items: tuple[Argument | OptionalGroup, ...], inputs: Mapping[str, str]) -> Iterator[Argument]:
    for item in items:
        if isinstance(item, Argument):
            yield item
        elif item.when in inputs:
            yield from item.arguments
