"""Versions of assets: numbers in SDK v1, texts in SDK v2."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_SUMS = (ast.Add, ast.Sub)


def code(use: Use, to: Rewriter) -> str:
    """The code of a use of ``version``: a number where the code orders or counts versions, else the text that it is."""
    assert use.receiver is not None
    found = f"{to.source(use.receiver)}.version"
    return f"int({found})" if _is_number(use.node, to) else found


def _is_number(node: ast.AST, to: Rewriter) -> bool:
    """Whether what is around a version orders it, counts with it, or compares it with a number."""
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, ast.Compare):
        others = [other for other in (parent.left, *parent.comparators) if other is not node]
        return any(isinstance(sign, _ORDER) for sign in parent.ops) or any(map(_is_figure, others))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, _SUMS):
        return _is_figure(parent.right if parent.left is node else parent.left)
    if isinstance(parent, ast.Lambda):  # sorted(models, key=lambda model: model.version)
        keyword = to.evaluator.scopes.parents.get(parent)
        return isinstance(keyword, ast.keyword) and keyword.arg == "key"
    if isinstance(parent, (ast.ListComp, ast.GeneratorExp)) and parent.elt is node:
        outer = to.evaluator.scopes.parents.get(parent)
        return isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.func.id in ("max", "min")
    return False


def _is_figure(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)
