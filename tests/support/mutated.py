"""Modules as a person might have left them in the middle of a change: statements gone, doubled or put into a block."""

from __future__ import annotations

import ast
import random
import textwrap

_BLOCKS = ("if ready:\n", "for turn in range(2):\n", "with opened() as it:\n")
_WHOLE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def mutate(source: str, choose: random.Random, times: int = 3) -> str | None:
    """The source with some of its statements changed; None when there is none to change, or it is no Python then."""
    for _ in range(times):
        statements = [node for node in ast.walk(ast.parse(source)) if _is_plain(node, source)]
        if not statements:
            return None
        changed = _changed(source, choose.choice(statements), choose.choice(statements), choose)
        try:
            ast.parse(changed)
        except SyntaxError:
            return None
        source = changed
    return source


def _is_plain(node: ast.AST, source: str) -> bool:
    """Whether it is a statement that has its lines for itself."""
    if not isinstance(node, ast.stmt) or isinstance(node, _WHOLE):
        return False
    lines = source.splitlines()
    before, after = lines[node.lineno - 1][: node.col_offset], lines[(node.end_lineno or 0) - 1][node.end_col_offset :]
    return not before.strip() and not after.strip()


def _changed(source: str, node: ast.stmt, other: ast.stmt, choose: random.Random) -> str:
    lines = source.splitlines(keepends=True)
    first, last, indent = node.lineno - 1, node.end_lineno or node.lineno, " " * node.col_offset
    kind = choose.choice(("gone", "gone", "doubled", "block"))
    if kind == "gone":
        lines[first:last] = [f"{indent}pass\n"]
    elif kind == "doubled":
        text = "".join(lines[other.lineno - 1 : other.end_lineno])
        lines[first:first] = [textwrap.indent(textwrap.dedent(text).rstrip("\n") + "\n", indent)]
    else:
        text = textwrap.indent("".join(lines[first:last]).rstrip("\n") + "\n", "    ")
        lines[first:last] = [indent + choose.choice(_BLOCKS), text]
    return "".join(lines)
