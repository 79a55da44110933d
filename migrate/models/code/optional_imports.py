"""Imports that may fail: ``try: from azureml.core import Run`` with ``except ImportError: Run = None``, and code that
asks later whether the name is there: ``if Run:``."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.rewriter import Rewriter


def asked_for(node: ast.expr, new: str, to: Rewriter) -> str | None:
    """``new``, the name that is imported instead, where code asks whether the import of a name worked: what stands in
    for it gets that name, too. None for other code."""
    found = stand_ins(node, to)
    if not found or not _is_test(node, to):
        return None
    for name in found:
        to.rename(name, new)
    return new


def stand_ins(node: ast.expr, to: Rewriter) -> list[ast.Name]:
    """The names that get None where the import of what a name stands for fails."""
    if not isinstance(node, ast.Name):
        return []
    bindings = to.evaluator.scopes.module.bindings.get(node.id, [])
    imports = [one.statement for one in bindings if one.kind == "import" and one.statement is not None]
    tried = {to.evaluator.scopes.parents.get(statement) for statement in imports}
    found = []
    for one in bindings:
        handler = to.evaluator.scopes.parents.get(one.statement) if one.statement is not None else None
        instead = isinstance(handler, ast.ExceptHandler) and to.evaluator.scopes.parents.get(handler) in tried
        if instead and isinstance(one.node, ast.Name) and one.value is not None and is_none(one.value):
            found.append(one.node)
    return found


def _is_test(node: ast.expr, to: Rewriter) -> bool:
    """Whether code asks for a name only if it is there."""
    around = to.evaluator.scopes.parents.get(node)
    if isinstance(around, ast.Compare):
        return any(is_none(side) for side in (around.left, *around.comparators))
    if isinstance(around, (ast.If, ast.IfExp, ast.While, ast.Assert)):
        return around.test is node
    if isinstance(around, ast.Call):
        return isinstance(around.func, ast.Name) and around.func.id == "bool"
    return isinstance(around, ast.BoolOp) or (isinstance(around, ast.UnaryOp) and isinstance(around.op, ast.Not))


def annotating(node: ast.expr, code: str, to: Rewriter) -> str:
    """The code of a class: a text in annotations, which are evaluated as well where the import of it failed."""
    return f'"{code}"' if stand_ins(node, to) and _in_annotation(node, to) else code


def _in_annotation(node: ast.AST, to: Rewriter) -> bool:
    below = node
    for around in to.evaluator.scopes.ancestors(node):
        if isinstance(around, ast.arg):
            return True
        if isinstance(around, (ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef)):
            return below in (getattr(around, "annotation", None), getattr(around, "returns", None))
        if isinstance(around, (ast.stmt, ast.Call)):
            return False
        below = around
    return False
