"""Replaces expressions inside of f-strings.

Before Python 3.12 the syntax tree does not tell where they stand, and neither the quotes of the f-string nor a
backslash may be in them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlbridge.migrate.text.nested_quotes import flattened

#: The start of a string literal: its prefix and its quotes.
_OPENING = re.compile(r"([A-Za-z]{0,3})(\"\"\"|'''|\"|')")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_QUOTES = {"'": '"', '"': "'"}


class CannotWriteError(Exception):
    """An expression cannot be written anew at this place (inside of an f-string with the same quotes)."""


@dataclass(frozen=True)
class _Piece:
    """One literal of an f-string, which may have several in a row: where it starts and ends, its quotes and where the
    expressions in it stand."""

    start: int
    end: int
    prefix: str
    quotes: str
    fields: tuple[tuple[int, int], ...]


def values_in(node: ast.JoinedStr) -> list[ast.expr]:
    """The expressions of an f-string, those in formats as well, in the order of the text."""
    found: list[ast.expr] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            found.append(part.value)
            found += values_in(part.format_spec) if isinstance(part.format_spec, ast.JoinedStr) else []
    return found


def is_format(node: ast.JoinedStr, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether it is the format of an expression (``{x:>{width}}``), which is no text of its own."""
    around = parents.get(node)
    return isinstance(around, ast.FormattedValue) and around.format_spec is node


def with_replaced(text: str, values: Sequence[ast.expr], codes: Sequence[str | None]) -> str:
    """The f-string ``text``, whose expressions are ``values``, with the code of those of them replaced for which there
    is some. Raises CannotWriteError where Python 3.10 could not read it."""
    pieces = list(_pieces(text))
    fields = [field for piece in pieces for field in piece.fields]
    if len(fields) != len(values) or not all(map(_means, (text[start:end] for start, end in fields), values)):
        raise CannotWriteError("the f-string is written in a way that cannot be edited")
    new = {field: code for field, code in zip(fields, codes, strict=True) if code is not None}
    parts, at = [], 0
    for piece in pieces:
        mine = [(start, end, new[start, end]) for start, end in piece.fields if (start, end) in new]
        if mine:
            parts += [text[at : piece.start], _rewritten(text, piece, mine)]
            at = piece.end
    return flattened("".join([*parts, text[at:]]))


def _means(code: str, node: ast.expr) -> bool:
    try:
        return ast.dump(ast.parse(f"({code})", mode="eval").body) == ast.dump(node)
    except SyntaxError:
        return False


def _rewritten(text: str, piece: _Piece, changes: list[tuple[int, int, str]]) -> str:
    """The literal with the new code in it, with three quotes around where one does not do."""
    quotes = piece.quotes
    fitting = [_requoted(code, quotes) for _start, _end, code in changes]
    if any(code is None for code in fitting):
        quotes = quotes[0] * 3
        fitting = [_requoted(code, quotes) for _start, _end, code in changes]
    opened = piece.start + len(piece.prefix) + len(piece.quotes)
    closed = piece.end - len(piece.quotes)
    parts, at = [piece.prefix, quotes], opened
    for (start, end, _code), code in zip(changes, fitting, strict=True):
        if code is None:
            raise CannotWriteError("the new code has quotes or backslashes that the f-string around it does not allow")
        parts += [text[at:start], f" {code}" if code.startswith("{") else code]
        at = end
    tail = text[at:closed]
    if len(quotes) > len(piece.quotes) and tail.endswith(quotes[0]):
        raise CannotWriteError("the f-string ends with a quote")
    return "".join([*parts, tail, quotes])


def _requoted(code: str, quotes: str) -> str | None:
    """The code so that it can stand between these quotes, or None."""
    if "\\" in code:
        return None
    if len(quotes) == 3:
        return None if quotes in code else code
    if "\n" in code:
        return None
    code = _with_quotes(code, _QUOTES[quotes])
    return None if quotes in code else code


def _with_quotes(code: str, quote: str) -> str:
    """The code with all its short strings between these quotes that can be."""
    other = _QUOTES[quote]
    if other not in code:
        return code
    parts, at = [], 0
    while (opening := _OPENING.search(code, at)) is not None:
        end = _end_of_string(code, opening.start(2))
        inner = code[opening.end() : end - len(opening.group(2))]
        plain = opening.group(2) == other and quote not in inner
        parts += [code[at : opening.start(2)], f"{quote}{inner}{quote}" if plain else code[opening.start(2) : end]]
        at = end
    return "".join([*parts, code[at:]])


def _pieces(text: str) -> Iterator[_Piece]:
    """The literals of an f-string."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        prefix, quotes = opening.groups()
        fields, end = _fields(text, opening.end(), quotes, formatted="f" in prefix.lower())
        yield _Piece(opening.start(), end, prefix, quotes, tuple(fields))
        at = end


def _fields(text: str, at: int, quotes: str, *, formatted: bool) -> tuple[list[tuple[int, int]], int]:
    """Where the expressions of a literal stand, and where the literal ends."""
    found: list[tuple[int, int]] = []
    while at < len(text):
        if text.startswith(quotes, at):
            return found, at + len(quotes)
        if text[at] == "\\" or (formatted and text.startswith(("{{", "}}"), at)):
            at += 2
        elif formatted and text[at] == "{":
            end = _end_of_expression(text, at + 1)
            found.append((at + 1, end))
            at = end  # what follows is text again: a conversion, or a format, which may have expressions as well
        else:
            at += 1
    return found, len(text)


def _end_of_expression(text: str, at: int) -> int:
    """Where the expression of a field ends: before its conversion, its format or the brace."""
    closing: list[str] = []
    while at < len(text):
        char = text[at]
        if char in _QUOTES:
            at = _end_of_string(text, at)
            continue
        if char in _PAIRS:
            closing.append(_PAIRS[char])
        elif closing and char == closing[-1]:
            closing.pop()
        elif not closing and (char in "}:" or _is_conversion(text, at)):
            return at
        at += 1
    return at


def _is_conversion(text: str, at: int) -> bool:
    """Whether a ``!r``, or the ``=`` of ``{name=}``, is there."""
    if text[at] == "!":
        return text[at + 1 : at + 2] != "="
    return text[at] == "=" and text[at - 1] not in "=!<>" and re.match(r"=\s*[}:!]", text[at:]) is not None


def _end_of_string(text: str, at: int) -> int:
    quotes = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
    end = text.find(quotes, at + len(quotes))
    return len(text) if end < 0 else end + len(quotes)
