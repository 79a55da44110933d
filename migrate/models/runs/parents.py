"""The run that a run of the workspace is a child of. SDK v1 gives None where there is none, which code asks for."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from amlbridge.migrate.models.code.lookups import is_tested
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import only_target


def parent_of(node: ast.expr, known: Sequence[str], to: Rewriter) -> Outcome:
    """The parent's job; where the code only asks whether there is one, MLflow's run. ``known``: the run's name, the
    client and mlflow in the new code."""
    run, client, mlflow = known
    asked = f"{mlflow}.get_parent_run({run})"
    if is_condition(node, to):
        return Replace(asked)
    around = to.evaluator.scopes.parents.get(node)
    if isinstance(around, ast.Assign) and only_target(around) is not None and is_tested(node, to):
        name, target = to.fresh("parent_run"), to.source(around.targets[0])
        return Statements(
            f"{name} = {asked}\n{target} = {client}.jobs.get({name}.info.run_id) if {name} else None", _FORM
        )
    code = f"{client}.jobs.get({mlflow}.get_run({run}).data.tags['mlflow.parentRunId'])"
    if isinstance(around, ast.BoolOp):
        code = f"({code} if {asked} else None)"
    return Replace(code, _FORM)


_FORM = "the answer has another form: a Job entity"


def is_condition(node: ast.expr, to: Rewriter) -> bool:
    """Whether the code only asks an expression whether it is true, or None."""
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, (ast.If, ast.IfExp, ast.While, ast.Assert)):
        return parent.test is node
    if isinstance(parent, ast.Compare):
        return all(isinstance(other, ast.Constant) and other.value is None for other in parent.comparators)
    if isinstance(parent, ast.BoolOp):
        return is_condition(parent, to)
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
