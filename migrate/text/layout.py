"""Generated code as black would lay it out."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from amlbridge.migrate.module import CELL_MARK
from amlbridge.migrate.text.plain_code import lay_out_plain
from amlbridge.migrate.text.trees import tree_of

if TYPE_CHECKING:
    import black

#: What a string has that goes on in the next line.
_MAY_SPAN_LINES = re.compile(r"\"\"\"|'''|\\\n")


def lay_out(code: str, indent: str = "", line_length: int = 88) -> str:
    """Statements at an indentation, in black's style, without a line end at the end. ``code`` starts at column 0.

    Raises ValueError when ``code`` is no Python.
    """
    if "\n" not in code and "'" not in code and len(indent.expandtabs()) + len(code) <= line_length:
        return indent + code  # nothing to break; the user's own spaces stay
    limit = max(line_length - len(indent.expandtabs()), 20)
    plain = lay_out_plain(code, limit)
    text = _black(code, limit) if plain is None else plain
    return _indented(text, indent) if indent else text


@lru_cache(maxsize=1024)
def _black(code: str, line_length: int) -> str:
    """What black makes of code, and the same statement often comes several times. Raises ValueError when it is no
    Python."""
    import black
    from black.parsing import InvalidInput

    try:
        return black.format_str(code, mode=_mode(line_length)).rstrip("\n")
    except InvalidInput as error:
        raise ValueError(f"generated code cannot be parsed: {error}\n{code}") from error


@cache
def _mode(line_length: int) -> black.Mode:
    """The same one each time: black looks up by its mode what it has kept, and compares another field by field."""
    import black

    return black.Mode(line_length=line_length)


def _indented(text: str, indent: str) -> str:
    """Indents all lines but those that start inside of a string."""
    inside: set[int] = set()
    if not _MAY_SPAN_LINES.search(text):
        return "\n".join(indent + line if line else line for line in text.split("\n"))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if "STRING" in tokenize.tok_name[token.type]:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = text.split("\n")
    return "\n".join(
        indent + line if line and number not in inside else line for number, line in enumerate(lines, start=1)
    )


def spaced(text: str, names: Collection[str] = ()) -> str:
    """Puts the blank lines that black wants around functions that are decorated with ``dsl.pipeline``, and around those
    of some names."""
    lines = text.split("\n")
    for node in sorted(_pipeline_functions(tree_of(text), names), key=lambda node: -node.lineno):
        wanted = 2 if node.col_offset == 0 else 1
        end = node.end_lineno or node.lineno
        following = next((i for i in range(end, len(lines)) if lines[i].strip()), None)
        if following is not None:
            outer = len(lines[following]) - len(lines[following].lstrip()) < node.col_offset
            if not outer or wanted == 1:
                lines[end:following] = [""] * max(wanted, 0 if outer else wanted)
        first = (node.decorator_list[0] if node.decorator_list else node).lineno - 1
        while first > 0 and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        before = first
        while before > 0 and not lines[before - 1].strip():
            before -= 1
        if before > 0 and not lines[before - 1].rstrip().endswith(":"):
            lines[before:first] = [""] * wanted
    return "\n".join(lines)


_DEFINITIONS = ("def ", "class ", "@", "async def ")


def squeezed(text: str, old: str) -> str:
    """Leaves one blank line where statements that went left several; two, or as many as there were, above definitions
    and comments."""
    lines, before = text.split("\n"), _gaps(old.split("\n"))
    most: dict[str, int] = {}
    for (_above, line), (first, last) in before.items():
        most[line] = max(most.get(line, 2), last - first)
    for start, end in sorted(_gaps(lines).values(), reverse=True):
        above, below = lines[start - 1], lines[end]
        wide = below.startswith((*_DEFINITIONS, "#")) or _ends_definition(lines, start)
        if (above, below) not in before:
            lines[start:end] = [""] * (min(end - start, most.get(below, 2)) if wide else 1)
    return "\n".join(lines)


def trimmed(text: str, old: str) -> str:
    """Takes the blank lines away that the cells of a notebook have at their edges, and had not before."""
    if CELL_MARK not in old:
        return text
    lines, allowed = text.split("\n"), _edges(old.split("\n"))
    for mark, (at, above, below) in reversed(_edges(lines).items()):
        _at, before, after = allowed.get(mark, (0, above, below))
        for place, number in ((at + 1, below - after), (at - above, above - before)):
            for _ in range(number):
                if place < len(lines) and not lines[place].strip():  # what lies between two marks is counted twice
                    del lines[place]
    return "\n".join(lines)


def _edges(lines: list[str]) -> dict[str, tuple[int, int, int]]:
    """By the mark of each cell: its line, and how many blank lines are above and below it."""
    found = {}
    for at, line in enumerate(lines):
        if line.startswith(CELL_MARK):
            above, below = at, at + 1
            while above > 0 and not lines[above - 1].strip():
                above -= 1
            while below < len(lines) and not lines[below].strip():
                below += 1
            found[line] = (at, at - above, below - at - 1)
    return found


def _ends_definition(lines: list[str], at: int) -> bool:
    """Whether the lines above belong to a function or a class."""
    outer = next((line for line in reversed(lines[:at]) if line[:1] not in ("", " ", "\t", ")")), "")
    return lines[at - 1][:1] in (" ", "\t") and outer.startswith(_DEFINITIONS)


def _gaps(lines: list[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Where there are several blank lines: by the lines above and below."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    start = 0
    for number, line in enumerate(lines):
        if line.strip():
            if number - start > 1 and start > 0:
                found[lines[start - 1], line] = (start, number)
            start = number + 1
    return found


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _pipeline_functions(tree: ast.Module, names: Collection[str]) -> list[_Definition]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, _Definition)
        and (node.name in names or any("dsl.pipeline" in ast.unparse(d) for d in node.decorator_list))
    ]
