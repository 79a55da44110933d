"""Paths that are objects of pathlib, where SDK v2 takes a text only."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name

_CLASSES = frozenset({"Path", "PurePath", "PosixPath"})
#: Methods and attributes of a path that give a path.
_MADE = frozenset({"joinpath", "resolve", "absolute", "expanduser", "with_name", "with_suffix", "parent"})


def text_of(node: ast.expr, to: Rewriter) -> str:
    """The code of a path, as a text."""
    return f"str({to.source(node)})" if is_path_object(node, to) else to.source(node)


def is_path_object(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression, or all that a variable is given, makes an object of pathlib."""
    if isinstance(node, ast.Name):
        bindings = to.evaluator.scopes.lookup(node.id, node)
        given = bindings[0].scope.bindings[node.id] if bindings else []
        values = [one.value if one.kind == "assign" else None for one in given]
        return bool(values) and all(
            value is not None and not isinstance(value, ast.Name) and is_path_object(value, to) for value in values
        )
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div) and is_path_object(node.left, to)
    if isinstance(node, ast.Attribute):
        return node.attr in _MADE and is_path_object(node.value, to)
    if isinstance(node, ast.Subscript):  # Path(__file__).parents[1]
        return isinstance(node.value, ast.Attribute) and node.value.attr == "parents"
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in _MADE:
        return is_path_object(node.func.value, to)
    named = called_name(node)
    return named in _CLASSES
