"""``try: ws = run.experiment.workspace`` with ``except AttributeError``: how code finds out that it is in no job.

Outside of jobs a run of SDK v1 has no experiment. The new code reads a variable that only jobs have: KeyError.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.inside import JOB_VARIABLE
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

#: What a handler catches that waits for an attribute to be missing.
_MISSING = "AttributeError"
_ANYTHING = frozenset({"Exception", "BaseException"})


def probe(use: Use, to: Rewriter) -> str:
    """Code that raises outside of a job, "" where nothing waits for that or an earlier use in the same block tells.
    Handlers that wait for a missing attribute wait for a missing variable now."""
    tried = _tried(use.node, to)
    handlers = [handler for handler in tried.handlers if _waits(handler)] if tried is not None else []
    if tried is None or not handlers:
        return ""
    inside = {node for statement in tried.body for node in ast.walk(statement)}
    for handler in handlers:
        _rename(handler, inside, to)
    asking = [other.node for other in to.uses if other.node in inside and other.symbol == "RunContext.experiment"]
    first = min(asking, key=lambda node: (node.lineno, node.col_offset), default=use.node)
    if first not in ast.walk(use.node):
        return ""
    return f'{to.need_module("os")}.environ["{JOB_VARIABLE}"]'


def _tried(node: ast.AST, to: Rewriter) -> ast.Try | None:
    """The nearest block that tries an expression, in the same function."""
    below = node
    for around in to.evaluator.scopes.ancestors(node):
        if isinstance(around, (*FUNCTIONS, ast.Lambda)):
            return None
        if isinstance(around, ast.Try) and below in around.body:
            return around
        below = around
    return None


def _names(handler: ast.ExceptHandler) -> list[ast.expr]:
    """The classes that a handler catches."""
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []


def _waits(handler: ast.ExceptHandler) -> bool:
    caught = {name.id for name in _names(handler) if isinstance(name, ast.Name)}
    last = handler.body[-1]
    hands_on = isinstance(last, ast.Raise) and last.exc is None  # it tells of any error, and goes on with none
    return _MISSING in caught or (not hands_on and (handler.type is None or not _ANYTHING.isdisjoint(caught)))


def _rename(handler: ast.ExceptHandler, inside: set[ast.AST], to: Rewriter) -> None:
    """KeyError for AttributeError: both where something else that is tried may have no attribute."""
    others = any(isinstance(node, ast.Attribute) and _may_be_missing(node, to) for node in inside)
    for name in _names(handler):
        if isinstance(name, ast.Name) and name.id == _MISSING:
            both = f"{_MISSING}, KeyError" if isinstance(handler.type, ast.Tuple) else f"({_MISSING}, KeyError)"
            to.rename(name, both if others else "KeyError")


def _may_be_missing(node: ast.Attribute, to: Rewriter) -> bool:
    """Whether an attribute that is read is none of SDK v1, and none that the object has been given."""
    call = to.evaluator.scopes.parents.get(node)
    called = isinstance(call, ast.Call) and call.func is node and to.use_of(call) is not None
    own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return isinstance(node.ctx, ast.Load) and not own and not called and to.use_of(node) is None
