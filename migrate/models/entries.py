"""Dicts of SDK v1 that are entities with attributes in SDK v2: where code reads an entry of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.objects import Objects
from amlbridge.migrate.rewriter import Rewriter


def reads_of(node: ast.expr, owner: str, to: Rewriter) -> Iterator[tuple[ast.expr, str, str]]:
    """The expression that reads a key of what a node gives: it, the key, and the code of the node."""
    parents = to.evaluator.scopes.parents
    above = parents.get(node)
    if isinstance(above, ast.Subscript) and above.value is node:
        yield above, to.evaluator.text(above.slice) or ast.unparse(above.slice), owner
    elif isinstance(above, ast.Attribute) and above.attr == "get":
        call = parents.get(above)
        if isinstance(call, ast.Call) and call.func is above and call.args:
            yield call, to.evaluator.text(call.args[0]) or ast.unparse(call.args[0]), owner


def reads_of_variable(use: Use, to: Rewriter) -> Iterator[tuple[ast.expr, str, str]]:
    """The same of the variable that a use is assigned to."""
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and statement.value is use.node):
        return
    names = dict.fromkeys(target.id for target in statement.targets if isinstance(target, ast.Name))
    for node in (node for name in names for node in Objects.of(to).reads(name)):
        if any(binding.value is use.node for binding in to.evaluator.scopes.lookup(node.id, node)):
            yield from reads_of(node, node.id, to)
