"""Data that a function of the project gives with how a job reads it: ``get_input(ws, "orders")``.

Such a function gives an ``Input`` in SDK v2, which the job takes as it is.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance
from amlbridge.migrate.rewriter import Rewriter

_TYPE = "DatasetConsumptionConfig"


def call_of(node: ast.expr, to: Rewriter) -> ast.Call | None:
    """The call of a function of the project that gives an input, which an expression is or which its variable holds."""
    made = to.evaluator.scopes.only_value(node)
    function = to.evaluator.value(made.func) if isinstance(made, ast.Call) else None
    if not isinstance(made, ast.Call) or not isinstance(function, Function):
        return None
    given = returns(function.node)
    return made if given and all(_is_input(value, function.evaluator) for value in given) else None


def returned(call: ast.Call, to: Rewriter) -> ast.expr | None:
    """What the function that is called returns, where it is one of this module and returns at one place."""
    function = to.evaluator.value(call.func)
    if not isinstance(function, Function) or function.evaluator is not to.evaluator:
        return None
    given = returns(function.node)
    return given[0] if len(given) == 1 else None


def _is_input(node: ast.expr, evaluator: Evaluator) -> bool:
    value = evaluator.value(node)
    return isinstance(value, Instance) and value.type == _TYPE and not isinstance(value.origin, ast.arg)
