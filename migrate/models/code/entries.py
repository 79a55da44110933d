"""Dicts of SDK v1 that are entities with attributes in SDK v2: where code reads an entry of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

_METHODS = frozenset({"items", "keys", "values", "pop", "update", "setdefault", "copy"})


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
    for node in variables(use, to):
        yield from reads_of(node, node.id, to)


def variables(use: Use, to: Rewriter) -> Iterator[ast.Name]:
    """Where code reads the variable that a use is assigned to."""
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and statement.value is use.node):
        return
    names = dict.fromkeys(target.id for target in statement.targets if isinstance(target, ast.Name))
    for node in (node for name in names for node in Objects.of(to).reads(name)):
        if any(binding.value is use.node for binding in to.evaluator.scopes.lookup(node.id, node)):
            yield node


@dataclass(frozen=True)
class Asked:
    """Where code asks a dict for something: the expression, the key, and the code of the dict."""

    node: ast.expr
    key: str
    owner: str
    negated: bool = False


def memberships(use: Use, owner: str, to: Rewriter) -> Iterator[Asked]:
    """``key in details``, of what a use gives or of the variable that it is assigned to."""
    for node, code in [(use.node, owner), *((node, node.id) for node in variables(use, to))]:
        above = to.evaluator.scopes.parents.get(node)
        if isinstance(above, ast.Compare) and len(above.ops) == 1 and above.comparators[0] is node:
            operator = above.ops[0]
            if isinstance(operator, (ast.In, ast.NotIn)):
                key = to.evaluator.text(above.left) or ast.unparse(above.left)
                yield Asked(above, key, code, isinstance(operator, ast.NotIn))


def methods(use: Use, to: Rewriter) -> Iterator[str]:
    """The methods of dicts that code calls for all entries, ``.items()``: an entity has none of them."""
    for node in (use.node, *variables(use, to)):
        above = to.evaluator.scopes.parents.get(node)
        if isinstance(above, ast.Attribute) and above.value is node and above.attr in _METHODS:
            yield f"{above.attr}()"
