"""Collections in new code as an engineer writes them: ``[x for ...]``, and no dict where only its keys are asked for.

A rule writes what stands for one use: a generator for ``experiment.get_runs()``, a dict for ``ws.datasets``. What the
code around asks of it is known only when all is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.text.edits import Edits, Lines

#: What takes a generator without a second pair of brackets.
_TAKES = ("next", "any", "all", "sum", "len", "set", "tuple", "sorted", "max", "min")
_HINTS = ("list((", "}.keys()", " in {", "list({", *(f"{name}((" for name in _TAKES))


def plain(code: str, *, iterated: bool = False) -> str:
    """New statements, or a new expression, with its collections made plain. ``iterated``: it is what a loop goes
    through."""
    if " for " not in code or not (iterated or any(hint in code for hint in _HINTS)):
        return code
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return code
    lines = Lines(code)
    if iterated and isinstance(expression := getattr(tree.body[0], "value", None), ast.DictComp):
        return _keys(expression, lines)
    edits = Edits(lines)
    done: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in done or (text := _plain(node, lines)) is None:
            continue
        done.update(ast.walk(node))
        edits.replace(*lines.span(node), text)
    for node, text in _iterated(tree, done, lines):
        edits.replace(*lines.span(node), text)
    return edits.apply() if edits else code


def _plain(node: ast.AST, lines: Lines) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="list"), args=[ast.GeneratorExp() as inner], keywords=[]):
            code = lines.source(inner)
            return f"[{code[1:-1].strip()}]" if lines.source(node).startswith("list((") else None
        case ast.Call(func=ast.Name(id=name), args=[ast.GeneratorExp() as inner], keywords=[]) if name in _TAKES:
            code = lines.source(inner)
            return f"{name}({code[1:-1].strip()})" if lines.source(node).startswith(f"{name}((") else None
        case ast.Call(func=ast.Name(id="list"), args=[ast.DictComp() as inner], keywords=[]):
            return _keys(inner, lines)
        case ast.Call(func=ast.Name(id="list"), args=[ast.Call(func=ast.Attribute()) as inner], keywords=[]):
            return _plain(inner, lines)
        case ast.Call(func=ast.Attribute(value=ast.DictComp() as inner, attr="keys"), args=[], keywords=[]):
            return _keys(inner, lines)
    return None


def _iterated(tree: ast.Module, done: set[ast.AST], lines: Lines) -> Iterator[tuple[ast.AST, str]]:
    """Dicts that a loop goes through, key by key."""
    for node in ast.walk(tree):
        iterated = node.iter if isinstance(node, (ast.For, ast.comprehension)) else None
        if isinstance(iterated, ast.DictComp) and iterated not in done:
            yield iterated, _keys(iterated, lines)


def _keys(node: ast.DictComp, lines: Lines) -> str:
    clauses = lines.source(node)[lines.span(node.value)[1] - lines.span(node)[0] : -1]
    return f"[{lines.source(node.key)}{clauses.rstrip()}]"
