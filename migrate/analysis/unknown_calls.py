"""Calls of what nobody knows that take a workspace as SDK v1's do: ``part.register(ws, "name")``."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Evaluator


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
