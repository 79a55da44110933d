"""The paths that a dataset is made from: one, a list of them that the code spells out, or one that is put together at
run time (a comprehension, a list that a loop adds to)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.models.additions import additions, base
from amlbridge.migrate.rewriter import Rewriter

#: Why a dataset stays whose list of paths cannot be followed.
AT_RUN_TIME = "the addresses are listed at run time: make an MLTable of them with mltable.from_paths"
_LISTS = (ast.List, ast.ListComp)


def paths_of(path: ast.expr | None, to: Rewriter) -> list[ast.expr]:
    """The paths that a dataset is made from: one, or a list of them. None of a list that is made at run time."""
    if path is None or at_run_time(path, to):
        return []
    node = written_out(path, to)
    return [path] if is_listed_elsewhere(path, to) else node.elts if isinstance(node, ast.List) else [node]


def at_run_time(path: ast.expr | None, to: Rewriter) -> bool:
    """Whether a list of paths is put together when the code runs."""
    if path is None or is_listed_elsewhere(path, to):
        return False
    changed = isinstance(path, ast.Name) and isinstance(written_out(path, to), ast.List) and additions(path, to)
    return bool(changed) or isinstance(written_out(path, to), ast.ListComp)


def is_listed_elsewhere(path: ast.expr, to: Rewriter) -> bool:
    """Whether a list of paths is made in a function that does not run here: its variables mean nothing here."""
    node, scopes = written_out(path, to), to.evaluator.scopes
    around = set(scopes.ancestors(path))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    hidden = (above for above in scopes.ancestors(node) if isinstance(above, functions) and above not in around)
    return isinstance(node, _LISTS) and any(hidden)


def written_out(node: ast.expr, to: Rewriter) -> ast.expr:
    """The expression that a name stands for."""
    value = to.evaluator.value(node)
    return value.node if isinstance(value, Code) and value.evaluator is to.evaluator else node


def elements(path: ast.expr, to: Rewriter) -> Iterator[ast.expr]:
    """The expressions of all paths that a list may have."""
    made = written_out(path, to)
    if isinstance(made, ast.ListComp):
        yield made.elt
        return
    assert isinstance(path, ast.Name) and isinstance(made, ast.List)
    if base(path, to) is None or any(isinstance(element, ast.Starred) for element in made.elts):
        raise ValueError(AT_RUN_TIME)
    yield from made.elts
    for addition in additions(path, to):
        added = addition.added or _inserted(addition.statement)
        if added is not None:
            yield added
        elif isinstance(addition.more, (ast.List, ast.ListComp)):
            yield from addition.more.elts if isinstance(addition.more, ast.List) else [addition.more.elt]
        else:
            raise ValueError(AT_RUN_TIME)


def _inserted(statement: ast.stmt) -> ast.expr | None:
    """What ``paths.insert(0, path)`` adds."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)) or call.keywords:
        return None
    return call.args[1] if call.func.attr == "insert" and len(call.args) == 2 else None
