"""Which experiment a name stands for: that of the job which the script is in, or one that the code makes. Scripts that
also run on their own hand either of them to the same functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator, Instance

OF_JOB = "ContextExperiment"
#: Functions hand it on so often.
_DEPTH = 4


def is_either(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether an expression may stand for an experiment of each kind."""
    return {OF_JOB, "Experiment"} <= {found.type for found in experiments(node, evaluator)}


def experiments(node: ast.expr, evaluator: Evaluator, depth: int = _DEPTH) -> list[Instance]:
    """All experiments that an expression may stand for."""
    if not isinstance(node, ast.Name):
        value = evaluator.value(node)
        return [value] if isinstance(value, Instance) and value.type in (OF_JOB, "Experiment") else []
    found = evaluator.scopes.lookup(node.id, node) if depth else []
    given = (other for binding in found for other in _given(binding, evaluator))
    return [one for by, value in given for one in experiments(value, by, depth - 1)]


def _given(binding: Binding, evaluator: Evaluator) -> Iterator[tuple[Evaluator, ast.expr]]:
    if binding.kind == "parameter":
        yield from evaluator.given(binding.scope.node, binding.name)
    elif binding.kind == "assign" and binding.value is not None:
        yield evaluator, binding.value
