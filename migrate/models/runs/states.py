"""States that code compares with: SDK v2 has other words for some of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: State of a run of a pipeline or of one of its steps -> that of a job. (Source: the constants of
#: ``azureml.pipeline.core.run``, and ``RunStatus``, whose names other runs and jobs have.)
OF_PIPELINES = {"Finished": "Completed"}


#: State of a trial of AutoML -> that of a run of MLflow, also in small letters: ``run.get_status().lower()``.
OF_MLFLOW = {"Completed": "FINISHED", "Canceled": "KILLED", "Failed": "FAILED", "Running": "RUNNING"}
OF_MLFLOW |= {old.lower(): new.lower() for old, new in OF_MLFLOW.items()}


def compare(use: Use, states: Mapping[str, str], to: Rewriter) -> None:
    """Writes the states that what ``use`` gives is compared with as SDK v2 calls them, also through a variable."""
    for value in _values(use, to):
        around = compared(value, to)
        for node in ast.walk(around) if isinstance(around, ast.Compare) else ():
            state = states.get(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
            if state is not None:
                to.rename(node, f'"{state}"')


def compared(value: ast.AST, to: Rewriter) -> ast.AST | None:
    """The comparison that a state is in, if it is in one, also in other letters: ``state.lower() == "completed"``."""
    around = to.evaluator.scopes.parents.get(value)
    if isinstance(around, ast.Attribute) and around.attr in ("lower", "upper"):
        call = to.evaluator.scopes.parents.get(around)
        around = to.evaluator.scopes.parents.get(call) if isinstance(call, ast.Call) else None
    return around


def _values(use: Use, to: Rewriter) -> Iterator[ast.AST]:
    """The expression of the use, and where the variable is read that alone has it."""
    yield use.node
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1):
        return
    target = statement.targets[0]
    if isinstance(target, ast.Name):
        scopes = to.evaluator.scopes
        scope = scopes.of(target)
        if len(scope.bindings.get(target.id, [])) == 1:
            yield from (name for name in Objects.of(to).reads(target.id) if scopes.of(name) is scope)
