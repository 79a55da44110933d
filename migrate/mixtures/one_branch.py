"""A client that only one branch of an ``if`` makes: outside of a job the script names a workspace, inside it asks the
run. What follows wants the client in both cases, and so may the other branch itself."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.text.above import once

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def complete(name: str, at: ast.AST, to: Rewriter, code: Callable[[], str]) -> None:
    """Makes a client at the end of the other branch, where all that makes the client ``name`` is in one branch of an
    ``if`` above a place; in the branch of the place, where all is in others. ``code``: what gives the client there."""
    scopes = to.evaluator.scopes
    scope = scopes.of(at)
    made = [binding for bindings in scope.bindings.values() for binding in bindings if _is_client(binding, name, to)]
    apart = [_apart(binding.node, at, to) for binding in made]
    if apart and all(apart):
        choice, first = apart[-1]  # type: ignore[misc]
        to.memory["client of", choice] = True
        once(first, to, f"client of {choice.lineno}", lambda: f"{name} = {code()}")
        return
    around = {node for node in scopes.ancestors(at) if isinstance(node, ast.stmt)} | {scopes.statement_of(at)}
    chosen = {_branch(binding.node, around, to) for binding in made}
    choice, taken = chosen.pop() if len(chosen) == 1 else (None, False)
    if choice is None or choice.lineno > getattr(at, "lineno", 0):
        return
    other = choice.orelse if taken else choice.body
    if not other or isinstance(other[-1], _ENDS) or _leaves(other[-1]) or ("client of", choice) in to.memory:
        return
    to.memory["client of", choice] = True
    to.after(other[-1], f"{name} = {code()}")


def _apart(node: ast.AST, at: ast.AST, to: Rewriter) -> tuple[ast.If, ast.stmt] | None:
    """The ``if`` that has a node in one branch and a place in another, and the statement of that with the place."""
    scopes = to.evaluator.scopes
    around, makes = [at, *scopes.ancestors(at)], {node, *scopes.ancestors(node)}
    for below, above in pairwise(around):
        if isinstance(above, ast.If) and above in makes and isinstance(below, ast.stmt):
            own = above.body if below in above.body else above.orelse
            return None if makes.intersection(own) else (above, below)
    return None


def _is_client(binding: Binding, name: str, to: Rewriter) -> bool:
    """Whether a binding sets the client: a workspace that has the name of the client in the new code."""
    value = to.evaluator.binding_value(binding)
    if binding.kind != "assign" or not isinstance(value, Instance) or value.type != "Workspace":
        return False
    return isinstance(binding.node, ast.expr) and to.source(binding.node) == name


def _branch(node: ast.AST, around: set[ast.stmt | None], to: Rewriter) -> tuple[ast.If | None, bool]:
    """The outermost ``if`` with two branches that has a node and not the place, and whether it is the first branch."""
    below: ast.AST = node
    found: tuple[ast.If | None, bool] = (None, False)
    for above in to.evaluator.scopes.ancestors(node):
        if above in around or isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
            return found
        if isinstance(above, ast.If):
            found = (above, below in above.body) if above.orelse else (None, False)
        elif isinstance(above, (ast.For, ast.While, ast.Try)):
            found = (None, False)  # the client need not be there at all
        below = above if isinstance(above, ast.stmt) else below
    return found


def _leaves(statement: ast.stmt) -> bool:
    """Whether a statement ends the program: ``sys.exit(1)``."""
    called = statement.value.func if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    return called is not None and ast.unparse(called).rpartition(".")[2] in ("exit", "quit")
