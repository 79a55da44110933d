"""Workspaces that code gives which is not seen: ``ws = helpers.connect()`` with ``helpers`` of another repository.

What it gives is not known, but what the module does with it tells: SDK v1 takes it for a workspace. It stays one, as
the code that makes it is not converted.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.known import PARAMETER_NAMES
from amlbridge.migrate.text.trees import root_of

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.scopes import Binding
    from amlbridge.migrate.analysis.values import Evaluator

#: So many variables may lie between a call and the import that it starts from.
_DEPTH = 4


def is_foreign_workspace(binding: Binding, evaluator: Evaluator) -> bool:
    """Whether a variable holds a workspace of SDK v1 that code outside of the project has made."""
    if PARAMETER_NAMES.get(binding.name) != "Workspace" or binding.kind != "assign":
        return False
    made = binding.value
    return isinstance(made, ast.Call) and is_unseen(made, evaluator) and _is_handed_to_v1(binding, evaluator)


def foreign_workspaces(evaluator: Evaluator) -> set[ast.AST]:
    """The calls that give such workspaces."""
    bound = [
        binding
        for scope in evaluator.scopes.all
        for name in PARAMETER_NAMES
        for binding in scope.bindings.get(name, ())
        if binding.value is not None and evaluator.value(binding.value) is None
    ]
    return {binding.value for binding in bound if binding.value and is_foreign_workspace(binding, evaluator)}


def is_unseen(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether what is called comes from an import of a module that is not seen."""
    at: ast.expr | None = node
    for _ in range(_DEPTH):
        while isinstance(at, (ast.Call, ast.Attribute)):
            at = at.func if isinstance(at, ast.Call) else at.value
        found = evaluator.scopes.bindings_of(at)
        if len(found) != 1:
            return False
        if found[0].kind == "import":
            return evaluator.binding_value(found[0]) is None
        if found[0].kind != "assign" or not isinstance(found[0].value, ast.Call):
            return False
        at = found[0].value
    return False


def _is_handed_to_v1(binding: Binding, evaluator: Evaluator) -> bool:
    """Whether a variable is given to a class of SDK v1 as the workspace: first, or by that name."""
    for calls in evaluator.calls().values():
        for call in calls:
            given = [*call.args[:1], *(key.value for key in call.keywords if key.arg == "workspace")]
            named = any(isinstance(value, ast.Name) and value.id == binding.name for value in given)
            if named and _is_of_v1(call.func, evaluator):
                return True
    return False


def _is_of_v1(function: ast.expr, evaluator: Evaluator) -> bool:
    found = evaluator.scopes.bindings_of(root_of(function))
    statement = found[0].statement if found else None
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and evaluator.is_v1(statement.module or "")
    return isinstance(statement, ast.Import) and evaluator.is_v1(statement.names[0].name)
