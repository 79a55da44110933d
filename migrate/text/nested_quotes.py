"""Quotes inside of f-strings that handlers write: ``f"version-{os.environ["BUILD"]}"`` is Python from 3.12 on only."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import lru_cache

from amlbridge.migrate.registry import Leave, Outcome, Replace

_OPENS = re.compile(r"""(?<![\w"'])(?:[fF][rR]?|[rR][fF])(["'])(?!\1\1)""")
_OTHER = {'"': "'", "'": '"'}


def checked(outcome: Outcome) -> Outcome:
    """The outcome of a handler, if its code is Python. Raises ValueError when it is not."""
    if isinstance(outcome, Leave):
        return outcome
    text = as_python(outcome.text, is_expression=isinstance(outcome, Replace))
    if text is None:
        raise ValueError("it is written in a way that cannot be followed")
    return replace(outcome, text=text)


@lru_cache(maxsize=1024)
def as_python(code: str, *, is_expression: bool = False) -> str | None:
    """The code as Python 3.10 reads it; None where it is none. Code such as ``run.info.run_id`` comes many times."""
    for text in (code, requoted(code)):
        try:
            ast.parse(f"f({text}\n)" if is_expression else text)
        except SyntaxError:
            continue
        return flattened(text)
    return None


#: A field of an f-string that only holds a text or another f-string.
_NESTED = re.compile(r"""(?<!\{)\{([fF]?)(["'])((?:(?!\2)[^\\\n])*)\2\}(?!\})""")


def flattened(code: str) -> str:
    """The code without texts in fields of f-strings: ``f"a/{f'{name}/b'}"`` is ``f"a/{name}/b"``."""
    parts: list[str] = []
    at = 0
    while (match := _OPENS.search(code, at)) is not None:
        end, _text = _string(code, match.end(), match.group(1))
        inside, outer = code[match.end() : end], match.group(1)

        def unfolded(field: re.Match[str], quote: str = outer) -> str:
            prefix, inner, text = field.groups()
            if inner == quote or quote in text:
                return field.group()
            return text if prefix else text.replace("{", "{{").replace("}", "}}")

        parts += [code[at : match.end()], _NESTED.sub(unfolded, inside)]
        at = end
    return "".join([*parts, code[at:]])


def requoted(code: str) -> str:
    """The code, with the other kind of quotes for the strings inside of f-strings where that makes it Python 3.10. What
    has both kinds, or a backslash, stays as it is."""
    parts: list[str] = []
    at = 0
    while (match := _OPENS.search(code, at)) is not None:
        end, text = _string(code, match.end(), match.group(1))
        parts += [code[at : match.end()], text]
        at = end
    return "".join([*parts, code[at:]])


def _string(code: str, start: int, quote: str) -> tuple[int, str]:
    """The end of an f-string whose text begins at ``start``, and its text with the quotes of its fields changed."""
    parts: list[str] = []
    at, depth = start, 0
    while at < len(code):
        letter = code[at]
        if depth == 0 and letter == quote:
            return at + 1, "".join([*parts, letter])
        if code[at : at + 2] in ("{{", "}}") and depth == 0:
            parts.append(code[at : at + 2])
            at += 2
            continue
        if letter in "{}":
            depth += 1 if letter == "{" else -1
        if depth and letter in _OTHER:
            stop = code.find(letter, at + 1)
            inner = code[at + 1 : stop]
            plain = stop >= 0 and _OTHER[letter] not in inner and "\\" not in inner
            if letter == quote and plain:
                letter = _OTHER[letter]
            parts.append(f"{letter}{inner}{letter}" if stop >= 0 else code[at:])
            at = stop + 1 if stop >= 0 else len(code)
            continue
        parts.append(letter)
        at += 1
    return at, "".join(parts)
