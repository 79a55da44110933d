"""Statements in branches of which one runs: ``try`` and ``except``, ``if`` and ``else``."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from amlbridge.migrate.analysis.scopes import Scopes

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_HOMES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_EXITS = ("exit", "quit", "sys.exit", "os._exit")


def behind_all(made: ast.stmt, others: Sequence[ast.stmt], use: ast.AST, scopes: Scopes) -> list[ast.stmt]:
    """The statements behind which something has to stand that belongs behind ``made``, and behind those of ``others``
    that run in its place before ``use``: the ``try`` or ``if`` around them, where one of them runs in any case."""
    inside = _around(made, use, scopes)
    if not inside:
        return [made]
    home = _home(made, scopes)
    in_its_place = [
        other
        for other in sorted({made, *others}, key=lambda statement: statement.lineno)
        if _home(other, scopes) is home and _around(other, use, scopes) and _is_above(other, use, home, scopes)
    ]
    if len(in_its_place) < 2:
        return [made]
    for whole in inside:
        if all(whole in scopes.ancestors(other) for other in in_its_place):
            return [whole] if _runs_one(whole, in_its_place) else in_its_place
    return in_its_place


def _around(statement: ast.stmt, use: ast.AST, scopes: Scopes) -> list[ast.stmt]:
    """The statements around one within its function that are not around a use, the innermost first."""
    of_use = set(scopes.ancestors(use))
    found = []
    for node in scopes.ancestors(statement):
        if isinstance(node, _HOMES):
            break
        if isinstance(node, ast.stmt) and node not in of_use:
            found.append(node)
    return found


def _home(statement: ast.stmt, scopes: Scopes) -> ast.AST | None:
    return next((node for node in scopes.ancestors(statement) if isinstance(node, _HOMES)), None)


def _is_above(statement: ast.stmt, use: ast.AST, home: ast.AST | None, scopes: Scopes) -> bool:
    """Whether a statement runs before a use, as far as lines tell: a function is called later."""
    at_home = next((node for node in scopes.ancestors(use) if isinstance(node, _HOMES)), None) is home
    return not at_home or statement.lineno < getattr(use, "lineno", 0)


def _runs_one(statement: ast.stmt, wanted: Collection[ast.stmt]) -> bool:
    """Whether a statement is a wanted one, or whatever branch of it runs, it has one or goes no further."""
    if statement in wanted:
        return True
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return _has_one(statement.body, wanted)
    branches = list(_branches(statement))
    return bool(branches) and all(_has_one(branch, wanted) for branch in branches)


def _branches(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.If):
        yield from (statement.body, statement.orelse)
    elif isinstance(statement, ast.Try):
        yield [*statement.body, *statement.orelse]
        yield from (handler.body for handler in statement.handlers)


def _has_one(branch: Sequence[ast.stmt], wanted: Collection[ast.stmt]) -> bool:
    return any(_leaves(statement) or _runs_one(statement, wanted) for statement in branch)


def _leaves(statement: ast.stmt) -> bool:
    exits = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return isinstance(statement, _LEAVING) or (exits and ast.unparse(statement.value.func) in _EXITS)  # type: ignore[attr-defined]
