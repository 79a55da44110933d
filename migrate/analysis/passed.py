"""Where an argument of a call arrives in the project."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.functions import argument_of
from amlbridge.migrate.analysis.values import Evaluator, Function, LocalClass


def parameter_of(call: ast.Call, node: ast.AST, evaluator: Evaluator) -> tuple[ast.arg, Evaluator] | None:
    """The parameter of a function of the project that a call gives an argument to."""
    called = evaluator.value(call.func)
    if isinstance(called, LocalClass):
        called = called.evaluator.field(called.node, "__init__")
    if not isinstance(called, Function):
        return None
    plain, home = called.node.args, called.evaluator
    bound = isinstance(home.scopes.parents.get(called.node), ast.ClassDef)
    for arg in (*plain.posonlyargs, *plain.args, *plain.kwonlyargs):
        if argument_of(call, plain, arg.arg, bound=bound) is node:
            return arg, home
    return None
