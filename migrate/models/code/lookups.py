"""What code asks a workspace's dicts for that may not be there: ``ws.datasets.get("x")``."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter


def is_tested(node: ast.expr, to: Rewriter) -> bool:
    """Whether the code may ask if there was such an object: one whose members are read at once, or that goes into a
    variable which no condition looks at, is taken to be there."""
    parents = to.evaluator.scopes.parents
    parent = parents.get(node)
    if isinstance(parent, ast.Attribute):
        return False
    target = parent.targets[0] if isinstance(parent, ast.Assign) and parent.value is node else None
    if not isinstance(target, ast.Name):
        return True
    reads = [name for name in parents if isinstance(name, ast.Name) and name.id == target.id and name is not target]
    conditions = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.If, ast.IfExp, ast.While, ast.Assert)
    return any(isinstance(parents.get(name), conditions) for name in reads)
