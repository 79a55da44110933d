"""What code asks ``get_metrics`` for, of the metrics that MLflow has: the last value of each."""

from __future__ import annotations

import ast
from functools import partial
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: A metric, and the expression of its last value.
_Taken = tuple[ast.Subscript, ast.Subscript]


def asked(use: Use, found: str, to: Rewriter) -> str:
    """Code for what ``get_metrics`` gives: ``found``, all metrics of the run, or the one alone that it names."""
    for metric, last in _last_values(use, to):
        to.rename(last, partial(to.source, metric))
    name = use.passed("name", position=0)
    parent = to.evaluator.scopes.parents.get(use.node)
    if name is None or (isinstance(parent, ast.Subscript) and parent.value is use.node):
        return found
    return f"{{key: value for key, value in {found}.items() if key == {to.source(name)}}}"


def _last_values(use: Use, to: Rewriter) -> list[_Taken]:
    """The metrics of which the last value is taken, as in ``run.get_metrics()["loss"][-1]``: what MLflow gives."""
    found = [] if (taken := _last_of(use.node, to)) is None else [taken]
    return found + [taken for node, taken in _readers(use, to) if _reads(node, use, to)]


def _last_of(node: ast.expr, to: Rewriter) -> _Taken | None:
    """The metric that is read of a node, and the expression of its last value."""
    parents = to.evaluator.scopes.parents
    metric = parents.get(node)
    last = parents.get(metric) if isinstance(metric, ast.Subscript) and metric.value is node else None
    if isinstance(metric, ast.Subscript) and isinstance(last, ast.Subscript) and _is_last(last, metric):
        return metric, last
    return None


def _is_last(node: ast.Subscript, listed: ast.expr) -> bool:
    return node.value is listed and isinstance(node.ctx, ast.Load) and ast.unparse(node.slice) == "-1"


def _readers(use: Use, to: Rewriter) -> list[tuple[ast.Name, _Taken]]:
    """The last values that are read of variables with the name of the one which a use is assigned to."""
    match use.statement:
        case ast.Assign(targets=[ast.Name(id=variable)], value=value) if value is use.node:
            if ("last values", variable) not in to.memory:
                taken = ((node, _last_of(node, to)) for node in Objects.of(to).reads(variable))
                to.memory["last values", variable] = [(node, last) for node, last in taken if last is not None]
            return cast("list[tuple[ast.Name, _Taken]]", to.memory["last values", variable])
    return []


def _reads(node: ast.expr, use: Use, to: Rewriter) -> bool:
    """Whether a name holds what a use gives where it is read."""
    bindings = to.evaluator.scopes.bindings_of(node)
    return bool(bindings) and bindings[0].value is use.node
