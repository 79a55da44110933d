"""A Plan's command as the command line of a component of SDK v2."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from amlbridge.engine.plan import Argument, Command, InputRef, OptionalGroup, OutputRef, ParameterRef, Piece, Value

#: What SDK v2 reads as a reference.
_REFERENCE = re.compile(r"\$\{\{|\$\[\[")


def line(command: Command, names: Mapping[Piece, str]) -> str:
    """The line; ``names`` gives each reference its text (``${{inputs.x}}``). Raises ValueError for a literal that SDK
    v2 would take for a reference."""
    if command.shell:
        return "".join(_shell(item, names) for item in command.arguments)
    words = ["python", _quoted(command.script)] if command.script is not None else []
    return " ".join([*words, *(_group(item, names) for item in command.arguments)])


def _group(item: Argument | OptionalGroup, names: Mapping[Piece, str]) -> str:
    if isinstance(item, Argument):
        return _word(item, names)
    return f"$[[{' '.join(_word(inner, names) for inner in item.arguments)}]]"


def _word(argument: Argument, names: Mapping[Piece, str]) -> str:
    word = "".join(
        _quoted(_text(piece)) if isinstance(piece, Value) else names[piece]
        for piece in argument.pieces
        if not (isinstance(piece, Value) and _text(piece) == "" and len(argument.pieces) > 1)
    )
    return word or "''"


def _shell(item: Argument | OptionalGroup, names: Mapping[Piece, str]) -> str:
    if isinstance(item, OptionalGroup):
        return f"$[[{''.join(_shell(inner, names) for inner in item.arguments)}]]"
    return "".join(_checked(_text(piece)) if isinstance(piece, Value) else names[piece] for piece in item.pieces)


def _quoted(text: str) -> str:
    return shlex.quote(_checked(text))


def _checked(text: str) -> str:
    if _REFERENCE.search(text):
        raise ValueError(f"the argument {text!r} would be a reference in SDK v2: pass it in another way")
    return text


def _text(piece: Value) -> str:
    return "" if piece.value is None else str(piece.value)


def used(command: Command) -> set[Piece]:
    """The references in a command."""
    found: set[Piece] = set()
    for item in command.arguments:
        for argument in item.arguments if isinstance(item, OptionalGroup) else (item,):
            if isinstance(argument, Argument):
                found |= {piece for piece in argument.pieces if isinstance(piece, (InputRef, OutputRef, ParameterRef))}
    return found
