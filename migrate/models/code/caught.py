"""Exceptions that are caught around code of which some stays SDK v1: that raises what it raised before."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Leave, Outcome, Replace
from amlbridge.migrate.rewriter import CONNECTED, Rewriter


def caught(use: Use, new: Replace, to: Rewriter) -> Outcome:
    """What becomes of an exception of SDK v1 where it is caught: ``new``; the class as it is where all that is tried
    stays SDK v1; both where some does."""
    handler = to.evaluator.scopes.parents.get(use.node)
    listed = isinstance(handler, ast.Tuple)
    if listed and handler is not None:
        handler = to.evaluator.scopes.parents.get(handler)
    if not isinstance(handler, ast.ExceptHandler):
        return new
    stays, goes = _tried(handler, to)
    if not stays:
        return new
    module, _, name = use.module.rpartition(".")
    if not goes or not (isinstance(use.node, ast.Name) and use.node.id == name):
        return CONNECTED
    local = to.need(module, name)
    to.attempt.names.add(local)
    both = f"{local}, {new.text.strip('()')}"
    return Replace(both if listed else f"({both})", new.review)


def tried_with(use: Use, to: Rewriter) -> list[Use]:
    """The other uses that are tried where an exception is caught; none where it is not caught here."""
    parents = to.evaluator.scopes.parents
    handler = parents.get(use.node)
    handler = parents.get(handler) if isinstance(handler, ast.Tuple) else handler
    tried = parents.get(handler) if isinstance(handler, ast.ExceptHandler) else None
    inside = {node for part in tried.body for node in ast.walk(part)} if isinstance(tried, ast.Try) else set()
    return [other for other in to.uses if other.node in inside]


def _tried(handler: ast.ExceptHandler, to: Rewriter) -> tuple[bool, bool]:
    """Whether some of the calls of SDK v1 that are tried stay, and whether some are converted."""
    tried = to.evaluator.scopes.parents.get(handler)
    inside = {node for part in tried.body for node in ast.walk(part)} if isinstance(tried, ast.Try) else set()
    calls = [use.node for use in to.uses if use.call is not None and use.node in inside]
    decided = [to.outcomes[node][1] for node in calls if node in to.outcomes]  # those inside of others are not asked
    left = [outcome for outcome in decided if isinstance(outcome, Leave)]
    both = any(node in to.attempt.both for node in calls)
    return bool(left) or both, len(left) < len(decided)


def key_errors(use: Use, to: Rewriter, *, of_assets: bool = False) -> None:
    """``except KeyError`` around ``ws.datasets["x"]``, which becomes a call: what is not there is another exception.
    ``of_assets``: whether the latest version of an asset is looked up, of which the client tells itself."""
    inner: ast.AST = use.node
    for around in to.evaluator.scopes.ancestors(use.node):
        if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(around, ast.Try) and inner in around.body:
            for handler in around.handlers:
                _also_missing(handler, to, alone=_only_key(use.node, around, to), of_assets=of_assets)
            return
        inner = around


def refused_requests(use: Use, to: Rewriter) -> None:
    """``except HttpOperationError`` around a request of SDK v1 whose clients were made with msrest: those of SDK v2
    raise the class of azure.core."""
    for handler in to.evaluator.scopes.ancestors(use.node):
        if not isinstance(handler, ast.Try):
            continue
        for name in [part for one in handler.handlers if one.type is not None for part in ast.walk(one.type)]:
            if isinstance(name, ast.Name) and _is_of_msrest(name, to):
                to.rename(name, to.need("azure.core.exceptions", "HttpResponseError"))
        return


def _is_of_msrest(name: ast.Name, to: Rewriter) -> bool:
    imported = [binding.statement for binding in to.evaluator.scopes.lookup(name.id, name)]
    return bool(imported) and all(
        isinstance(statement, ast.ImportFrom) and statement.module == "msrest.exceptions" and not statement.level
        for statement in imported
    )


_NOT_THERE = ("azure.core.exceptions", "ResourceNotFoundError")
_NO_VERSION = ("azure.ai.ml.exceptions", "MlException")
#: Calls that raise no KeyError.
_SAY = frozenset({"print", "debug", "info", "warning", "error"})


def _only_key(node: ast.AST, tried: ast.Try, to: Rewriter) -> bool:
    """Whether nothing else that is tried may raise a KeyError: no other item, and no call of other code."""
    inside = [part for statement in tried.body for part in ast.walk(statement) if part is not node]
    calls = [part for part in inside if isinstance(part, ast.Call) and to.use_of(part) is None]
    named = {getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls}
    return not any(isinstance(part, ast.Subscript) for part in inside) and named <= _SAY


def _also_missing(handler: ast.ExceptHandler, to: Rewriter, *, alone: bool, of_assets: bool) -> None:
    names: list[ast.expr | None] = [*handler.type.elts] if isinstance(handler.type, ast.Tuple) else [handler.type]
    for name in names:
        if isinstance(name, ast.Name) and name.id in ("KeyError", "LookupError"):
            missing = to.need(*(_NO_VERSION if of_assets else _NOT_THERE))
            both = f"{name.id}, {missing}"
            to.rename(name, missing if alone else both if isinstance(handler.type, ast.Tuple) else f"({both})")
