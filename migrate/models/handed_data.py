"""Datasets that one module hands to a function of another: what the function takes them for, and what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.values import Evaluator, Function, Instance
from amlbridge.migrate.rewriter import Rewriter


def handed_elsewhere(to: Rewriter) -> Iterator[ast.expr]:
    """What the calls of functions of other modules are given."""
    for calls in to.evaluator.calls().values():
        for call in calls:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            tables = [node for node in given if isinstance(node, ast.Name) and _is_table(node, to.evaluator)]
            function = to.evaluator.value(call.func) if tables else None
            if isinstance(function, Function) and function.evaluator is not to.evaluator:
                yield from tables


def _is_table(node: ast.Name, evaluator: Evaluator) -> bool:
    value = evaluator.value(node)
    return isinstance(value, Instance) and value.type == "TabularDataset"


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
