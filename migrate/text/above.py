"""Statements above others: what several uses of a block need, such as a client, stands there once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS


def shared(at: ast.AST, to: Rewriter, name: str, code: Callable[[], str], key: str = "") -> str:
    """A variable that the block of a use makes once, above the first statement that needs it. Not further out: an
    ``if`` around may tell apart whether the script runs in a job. ``code`` gives its value. Where the use itself
    depends on a condition, it is the value itself. ``key`` tells apart values that want the same name."""
    key = key or name
    statement = to.evaluator.scopes.statement_of(at)
    if statement is None:
        return code()
    if any(isinstance(node, (ast.IfExp, ast.BoolOp)) for node in _within_statement(at, to)):
        return str(to.memory["variable", key]) if _is_above(statement, to, key) else code()
    if ("variable", key) not in to.memory:
        to.memory["variable", key] = to.fresh(name)
    variable = to.memory["variable", key]
    once(statement, to, key, lambda: f"{variable} = {code()}")
    return str(variable)


def once(statement: ast.stmt, to: Rewriter, key: str, code: Callable[[], str]) -> None:
    """Puts a line above a statement, unless the blocks around have it already. One that is further down in them moves
    up: what needs it first need not be converted first."""
    made = _made(to, key)
    target = _placeable(statement, to)
    around = list(_blocks_around(target, to))
    for block, at in around:
        if block in made:
            place, line = made[block]
            if at.lineno < place.lineno:
                to.inserted[place].remove(line)
                made[block] = _put(_placeable(at, to), line, to)
            return
    made[around[0][0]] = _put(target, code(), to)


def _put(target: ast.stmt, line: str, to: Rewriter) -> tuple[ast.stmt, str]:
    to.before(target, line)
    return target, to.inserted[target][-1]


def _made(to: Rewriter, key: str) -> dict[int, tuple[ast.stmt, str]]:
    """The blocks that have a line already, with the statement that it is above."""
    made = to.memory.setdefault(("shared", key), {})
    assert isinstance(made, dict)
    return made


def _is_above(statement: ast.stmt, to: Rewriter, key: str) -> bool:
    """Whether there is a line above a statement, in the blocks around."""
    made = _made(to, key)
    around = _blocks_around(_placeable(statement, to), to)
    return any(block in made and made[block][0].lineno <= at.lineno for block, at in around)


def above(use: Use, to: Rewriter, code: str) -> None:
    """Puts statements above the statement of a use."""
    to.before(_placeable(use.statement, to), code)


def _within_statement(at: ast.AST, to: Rewriter) -> Iterator[ast.AST]:
    for node in to.evaluator.scopes.ancestors(at):
        if isinstance(node, ast.stmt):
            return
        yield node


def _placeable(statement: ast.stmt, to: Rewriter) -> ast.stmt:
    """The statement itself, or for an ``elif`` the ``if`` that it belongs to: nothing can stand in between."""
    while isinstance(statement, ast.If) and to.lines.source(statement).startswith("elif"):
        above = to.evaluator.scopes.parents[statement]
        assert isinstance(above, ast.stmt)
        statement = above
    return statement


def _blocks_around(statement: ast.stmt, to: Rewriter) -> Iterator[tuple[int, ast.stmt]]:
    """The identities of the blocks that a statement is in, innermost first, up to the function's, each with the
    statement of it."""
    scopes = to.evaluator.scopes
    parents = scopes.parents
    node: ast.AST = statement
    while node in parents:
        parent = parents[node]
        block = scopes.block(node) if isinstance(node, ast.stmt) else None
        if block is not None and isinstance(node, ast.stmt):
            yield id(block), node
        if isinstance(parent, FUNCTIONS):
            return
        node = parent
