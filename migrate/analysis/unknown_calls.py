"""Calls of what nobody knows that take a workspace: ``part.register(ws, "name")``, ``tools.prepare(ws)``. And those of
``mlflow.azureml``, which MLflow had until its version 2: they take one of SDK v1 only."""

from __future__ import annotations

import ast
from functools import lru_cache

from amlbridge.migrate.analysis.foreign import is_unseen
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.trees import root_of


def registering(evaluator: Evaluator) -> list[ast.Name]:
    """The workspaces with which something is registered of which nobody knows what it is: a data set out of a list of a
    list, a model that unseen code gives. Only objects of SDK v1 are registered so."""
    found = []
    for call in evaluator.calls().get("register", ()):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or evaluator.value(call.func) is not None or evaluator.value(owner) is not None:
            continue
        named = [keyword.value for keyword in call.keywords if keyword.arg == "workspace"]
        for given in named or call.args[:1]:
            if isinstance(given, ast.Name) and evaluator.type_of(given) == "Workspace":
                found.append(given)
    return found


@lru_cache(maxsize=8)  # asked in each attempt to convert a module
def unseen_takers(evaluator: Evaluator) -> list[tuple[ast.Name | ast.Attribute, ast.Call]]:
    """The workspaces that functions of modules which are not seen are given, and the calls."""
    found = []
    for call in (call for calls in evaluator.calls().values() for call in calls):
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        named = [node for node in given if isinstance(node, (ast.Name, ast.Attribute))]
        taken = [node for node in named if evaluator.type_of(node) == "Workspace"]
        if taken and evaluator.value(call.func) is None and is_unseen(call, evaluator):
            found.append((taken[0], call))
    return found


def deployed_by_mlflow(evaluator: Evaluator) -> list[ast.Name | ast.Attribute]:
    """The workspaces that functions of ``mlflow.azureml`` are given."""
    return [
        given for given, call in unseen_takers(evaluator) if _full_name(call.func, evaluator).startswith(_OLD_MLFLOW)
    ]


_OLD_MLFLOW = "mlflow.azureml."


def _full_name(function: ast.expr, evaluator: Evaluator) -> str:
    """The name of a function with the module that it is imported from: ``mlflow.azureml.deploy``."""
    first, _, rest = ast.unparse(function).partition(".")
    for binding in evaluator.scopes.bindings_of(root_of(function)):
        if isinstance(binding.node, ast.alias) and isinstance(binding.statement, (ast.Import, ast.ImportFrom)):
            module = f"{binding.statement.module}." if isinstance(binding.statement, ast.ImportFrom) else ""
            first = f"{module}{binding.node.name}" if binding.node.asname or module else first
    return f"{first}.{rest}" if rest else first
