"""Pieces of Python source in the form that black gives them."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

#: Black's own line length.
_WIDTH = 88


def literal(value: Any) -> str:
    """A JSON value as Python, with double quotes."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def _string(text: str) -> str:
    """In double quotes, but where single ones save backslashes."""
    if '"' in text and "'" not in text:
        return repr(text)
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    shown = repr(text)
    return shown if shown[0] == '"' else '"' + shown[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def call(head: str, arguments: Sequence[str], indent: str, end: str = "") -> list[str]:
    """``head(arguments)`` on one line, on three, or with an argument a line, as black breaks it."""
    inner = ", ".join(arguments)
    line = f"{head}({inner}){end}"
    if len(line) <= _WIDTH or not arguments:
        return [line]
    if len(f"{indent}    {inner}") <= _WIDTH:
        return [f"{head}(", f"{indent}    {inner}", f"{indent}){end}"]
    lines = [line for item in arguments for line in _item(item, f"{indent}    ")]
    return [f"{head}(", *lines, f"{indent}){end}"]


def _item(item: str, indent: str) -> list[str]:
    """An argument on a line of its own; a call that is too long for it is broken in its turn."""
    line = f"{indent}{item},"
    if len(line) <= _WIDTH:
        return [line]
    source = f"f({item})"
    outer = ast.parse(source, mode="eval").body
    assert isinstance(outer, ast.Call)
    value = outer.keywords[0].value if outer.keywords else outer.args[0]
    if not isinstance(value, ast.Call) or not (value.args or value.keywords):
        return [line]
    inner: list[ast.AST] = [*value.args, *value.keywords]
    words = [ast.get_source_segment(source, part) or "" for part in inner]
    head = item[: item.index(ast.get_source_segment(source, value.func) or "", item.find("=") + 1)]
    return call(f"{indent}{head}{ast.unparse(value.func)}", words, indent, end=",")
