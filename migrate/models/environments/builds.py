"""Builds of environments: what SDK v2 builds when an environment is registered needs no registration of its own."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter


def is_registered(build: Use, to: Rewriter) -> bool:
    """Whether the statements around a build register the same environment: another registration is another version."""
    block = to.evaluator.scopes.block(build.statement) or ()
    made = _environment(build)
    registered = (use for use in to.uses if use.symbol == "Environment.register" and use.statement in block)
    return bool(made) and any(_environment(use) == made for use in registered)


def _environment(use: Use) -> str:
    return ast.dump(use.receiver) if isinstance(use.receiver, (ast.Name, ast.Attribute)) else ""


def is_only_waited_for(build: Use, to: Rewriter) -> bool:
    """Whether nothing else is done with what a build gives."""
    scopes = to.evaluator.scopes
    statement = build.statement
    if isinstance(statement, ast.Expr):
        around = scopes.parents.get(build.node)
        waits = isinstance(around, ast.Attribute) and around.attr == "wait_for_completion"
        return statement.value is build.node or waits
    target = statement.targets[0] if isinstance(statement, ast.Assign) and statement.value is build.node else None
    if not isinstance(target, ast.Name):
        return False
    reads = scopes.named(target.id)
    return all(node is target or _is_waited_for(node, to) for node in reads)


def _is_waited_for(node: ast.Name, to: Rewriter) -> bool:
    """Whether a statement only waits for the build that a variable holds."""
    parents = to.evaluator.scopes.parents
    member = parents.get(node)
    call = parents.get(member) if isinstance(member, ast.Attribute) and member.attr == "wait_for_completion" else None
    return isinstance(call, ast.Call) and isinstance(parents.get(call), ast.Expr)
