"""Datasets that one module hands to a function of another: what the function takes them for, and what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.passed import parameter_of
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance
from amlbridge.migrate.rewriter import Rewriter


def handed_elsewhere(to: Rewriter) -> Iterator[ast.expr]:
    """What is given to functions that other modules have, or call with tables of theirs."""
    for calls in to.evaluator.calls().values():
        for call in calls:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            tables = [node for node in given if _is_table(node, to.evaluator)]
            function = to.evaluator.value(call.func) if tables else None
            if isinstance(function, Function):
                own = function.evaluator is to.evaluator
                yield from (node for node in tables if not own or _is_shared(function.node, call, node, to.evaluator))


def _is_table(node: ast.expr, evaluator: Evaluator) -> bool:
    if not isinstance(node, (ast.Name, ast.Call)):
        return False
    value = evaluator.value(node)
    return isinstance(value, Instance) and value.type == "TabularDataset"


def _is_shared(function: ast.AST, call: ast.Call, node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether other modules call a function of this one with tables where a call gives it one."""
    found = parameter_of(call, node, evaluator)
    given = evaluator.given(function, found[0].arg) if found is not None else []
    return any(home is not evaluator and _is_table(other, home) for home, other in given)


def may_be_unregistered(parameter: ast.arg, to: Rewriter) -> bool:
    """Whether another module hands a function a dataset that has a path and no id: made of files, and not
    registered."""
    function = to.evaluator.scopes.parents.get(to.evaluator.scopes.parents[parameter])
    given = to.evaluator.given(function, parameter.arg) if function is not None else []
    values = (home.value(node) for home, node in given if home is not to.evaluator)
    return any(is_of_files(value.origin) for value in values if isinstance(value, Instance))


def is_of_files(made: ast.AST | None) -> bool:
    """Whether a call makes a dataset of files, which is not registered."""
    return isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr.startswith("from_")
