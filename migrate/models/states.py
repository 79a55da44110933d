"""States that code compares with: SDK v2 has other words for some of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: State of a run of a pipeline or of one of its steps -> that of a job. (Source: the constants of
#: ``azureml.pipeline.core.run``, and ``RunStatus``, whose names other runs and jobs have.)
OF_PIPELINES = {"Finished": "Completed"}


def compare(use: Use, states: Mapping[str, str], to: Rewriter) -> None:
    """Writes the states that what ``use`` gives is compared with as SDK v2 calls them, also through a variable."""
    for value in _values(use, to):
        around = to.evaluator.scopes.parents.get(value)
        for node in ast.walk(around) if isinstance(around, ast.Compare) else ():
            state = states.get(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
            if state is not None:
                to.rename(node, f'"{state}"')


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
