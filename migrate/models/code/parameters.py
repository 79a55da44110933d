"""Objects that a function gets as parameters: what the other functions of the module make of them."""

from __future__ import annotations

import ast
from typing import cast

from amlbridge.migrate.analysis.handed import Handed
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter


def parameter_of(origin: ast.AST | None, to: Rewriter) -> ast.arg | None:
    """The parameter that the node which stands for an object belongs to: the parameter itself, or its annotation."""
    at = origin
    while isinstance(at, ast.expr):
        at = to.evaluator.scopes.parents.get(at)
    inside = isinstance(at, ast.arg) and (at is origin or at.annotation is not None)
    return cast("ast.arg", at) if inside else None


def handed_with(origin: ast.AST, to: Rewriter) -> list[ast.AST]:
    """The nodes of this module that stand for the same object as ``origin`` in other functions, and itself."""
    found, waiting = {origin: None}, [origin]
    while waiting:
        at = waiting.pop()
        for link in Handed.of(to.evaluator).links:
            for one, other in ((link.giver, link.taker), (link.taker, link.giver)):
                if one is at and other not in found:
                    found[other] = None
                    waiting.append(other)
    return [node for node in found if node in to.evaluator.scopes.parents]


def makers(origin: ast.AST, kind: str, to: Rewriter) -> list[Use]:
    """The calls of a class that make the object which a node stands for."""
    uses = (to.use_of(node) for node in handed_with(origin, to))
    return [use for use in uses if use is not None and use.symbol == kind and use.call is not None]


def is_given_input(origin: ast.AST, to: Rewriter) -> bool:
    """Whether a parameter for data gets what says how a job reads it: an Input in SDK v2."""
    calls = [node for node in handed_with(origin, to) if isinstance(node, ast.Call)]
    return bool(calls) and all(to.evaluator.type_of(call) == "DatasetConsumptionConfig" for call in calls)
