"""Lines for the shell that run a script, as the script with its arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from amlbridge.engine.plan import Argument, Command, OptionalGroup, Piece, Value

_META = re.compile(r"[|&;<>()$`*?#~!{}\[\]^\n\\]")
_PYTHON = re.compile(r"python3?(?:\.\d+)?")
_MARK = "\0"


def arguments(command: Command) -> list[Argument]:
    """Every argument of a command, the optional ones too."""
    found: list[Argument] = []
    for item in command.arguments:
        found += item.arguments if isinstance(item, OptionalGroup) else (item,)
    return found


def line(command: Command) -> tuple[Piece, ...]:
    """What a command that is one line for the shell is made of; () for another one."""
    (only,) = arguments(command)[:1] or (Argument(()),)
    return only.pieces if command.shell and len(command.arguments) == 1 else ()


def plain(command: Command) -> Command:
    """A command that is written as a line for the shell, or as its words, and runs a script: as the script."""
    if not command.shell or any(isinstance(item, OptionalGroup) for item in command.arguments):
        return command
    pieces: list[Piece] = []
    for item in arguments(command):
        pieces += [Value(" "), *item.pieces] if pieces else item.pieces
    found = script(pieces)
    return command if found.shell else found


def script(pieces: Sequence[Piece]) -> Command:
    """A line as ``python SCRIPT ARG…`` where it is one, else as the line that it is."""
    text = "".join(str(piece.value) if isinstance(piece, Value) else _MARK for piece in pieces)
    as_line = Command((Argument(tuple(pieces)),), shell=True)
    if _META.search(text):
        return as_line
    try:
        words = shlex.split(text)
    except ValueError:  # an open quote, of which the shell will tell
        return as_line
    if len(words) < 2 or not _PYTHON.fullmatch(words[0]) or not words[1].endswith(".py"):
        return as_line
    references = iter([piece for piece in pieces if not isinstance(piece, Value)])
    found = []
    for word in words[2:]:
        parts: list[Piece] = []
        for index, part in enumerate(word.split(_MARK)):
            parts += [next(references)] if index else []
            parts += [Value(part)] if part else []
        found.append(Argument(tuple(parts) or (Value(""),)))
    return Command(tuple(found), words[1])


def words(text: str) -> list[str] | None:
    """The script of a line and its arguments; None for a line that does something else."""
    try:
        found = shlex.split(text)
    except ValueError:  # an open quote: no line of ours
        return None
    return found[1:] if len(found) > 1 and _PYTHON.fullmatch(found[0]) and found[1].endswith(".py") else None
