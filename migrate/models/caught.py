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


def _tried(handler: ast.ExceptHandler, to: Rewriter) -> tuple[bool, bool]:
    """Whether some of the calls of SDK v1 that are tried stay, and whether some are converted."""
    tried = to.evaluator.scopes.parents.get(handler)
    inside = {node for part in tried.body for node in ast.walk(part)} if isinstance(tried, ast.Try) else set()
    calls = [use.node for use in to.uses if use.call is not None and use.node in inside]
    decided = [to.outcomes[node][1] for node in calls if node in to.outcomes]  # those inside of others are not asked
    left = [outcome for outcome in decided if isinstance(outcome, Leave)]
    both = any(node in to.attempt.both for node in calls)
    return bool(left) or both, len(left) < len(decided)
