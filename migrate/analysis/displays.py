"""Lists and dicts that a call takes by the name of a variable or of a parameter: what is in them goes to it as well."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Code, Evaluator

_DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.Set)
#: A list in a list in a list: deeper ones are not followed.
_DEPTH = 3


def displays_in(call: ast.Call, evaluator: Evaluator) -> list[ast.expr]:
    """The lists and dicts of this module that the arguments of a call name, and those that these name."""
    found: list[ast.expr] = []
    waiting: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    for _ in range(_DEPTH):
        named = [display for expression in waiting for display in _named_in(expression, evaluator)]
        waiting = [display for display in dict.fromkeys(named) if display not in found]
        found += waiting
    return found


def _named_in(expression: ast.expr, evaluator: Evaluator) -> list[ast.expr]:
    names = [node for node in ast.walk(expression) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return [display for name in names for display in _displays_of(name, evaluator)]


def _displays_of(name: ast.Name, evaluator: Evaluator) -> list[ast.expr]:
    value = evaluator.value(name)
    if isinstance(value, Code):
        return [value.node] if value.evaluator is evaluator and isinstance(value.node, _DISPLAYS) else []
    if value is not None:
        return []
    bindings = evaluator.scopes.lookup(name.id, name)[:1]
    given = [
        argument
        for binding in bindings
        if binding.kind == "parameter"
        for other, argument in evaluator.given(binding.scope.node, binding.name)
        if other is evaluator
    ]
    return [argument for argument in given if isinstance(argument, _DISPLAYS)]
