"""The paths that a dataset is made from: one, a list of them that the code spells out, or one that is put together at
run time (a comprehension, a list that a loop adds to)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.models.code.additions import Addition, additions, base
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

#: Why a dataset stays whose list of paths cannot be followed.
AT_RUN_TIME = "the addresses are listed at run time: make an MLTable of them with mltable.from_paths"
_LISTS = (ast.List, ast.ListComp)
#: So many lists may lie between a list and what its paths come from.
_DEPTH = 6


def paths_of(path: ast.expr | None, to: Rewriter) -> list[ast.expr]:
    """The paths that a dataset is made from: one, or a list of them. None of a list that is made at run time."""
    if path is None or at_run_time(path, to):
        return []
    node = to.evaluator.behind(path)
    return [path] if is_listed_elsewhere(path, to) else node.elts if isinstance(node, ast.List) else [node]


def at_run_time(path: ast.expr | None, to: Rewriter) -> bool:
    """Whether a list of paths is put together when the code runs."""
    if path is None or is_listed_elsewhere(path, to):
        return False
    made = _made(path, to)
    changed = isinstance(path, ast.Name) and isinstance(made, ast.List) and additions(path, to)
    return bool(changed) or isinstance(made, ast.ListComp) or any(_is_list(part, to) for part in _parts(made))


def is_listed_elsewhere(path: ast.expr, to: Rewriter) -> bool:
    """Whether a list of paths is made in a function that does not run here: its variables mean nothing here."""
    node, scopes = to.evaluator.behind(path), to.evaluator.scopes
    around = set(scopes.ancestors(path))
    functions = FUNCTIONS
    hidden = (above for above in scopes.ancestors(node) if isinstance(above, functions) and above not in around)
    return isinstance(node, _LISTS) and any(hidden)


def _made(node: ast.expr, to: Rewriter) -> ast.expr:
    """The same; also a part of a list, or a sum of lists, that a variable holds."""
    found = to.evaluator.behind(node)
    bound = base(found, to) if isinstance(found, ast.Name) else None
    return bound.value if bound is not None and bound.value is not None and _parts(bound.value) else found


def _parts(node: ast.expr) -> list[ast.expr]:
    """The lists that an expression takes a part of, or is the sum of; none of any other."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return [node.value]
    return [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else []


def _is_list(node: ast.expr, to: Rewriter, depth: int = 0) -> bool:
    made = _made(node, to)
    further = (_is_list(part, to, depth + 1) for part in _parts(made) if depth < _DEPTH)
    return isinstance(made, _LISTS) or any(further)


def elements(path: ast.expr, to: Rewriter, depth: int = 0) -> Iterator[ast.expr]:
    """The expressions of all paths that a list may have. Raises ValueError where they cannot be told."""
    made = _made(path, to)
    parts = _parts(made)
    if depth > _DEPTH or not (isinstance(made, _LISTS) or parts):
        raise ValueError(AT_RUN_TIME)
    for part in parts:
        yield from elements(part, to, depth + 1)
    if isinstance(made, ast.ListComp):
        yield made.elt
    if isinstance(made, ast.List):
        if any(isinstance(element, ast.Starred) for element in made.elts):
            raise ValueError(AT_RUN_TIME)
        yield from made.elts
    if isinstance(path, ast.Name):
        if base(path, to) is None:
            raise ValueError(AT_RUN_TIME)
        for addition in additions(path, to):
            yield from _added(addition, to, depth)


def _added(addition: Addition, to: Rewriter, depth: int) -> Iterator[ast.expr]:
    added = addition.added or _inserted(addition.statement)
    if added is not None:
        yield added
    elif addition.more is None:
        raise ValueError(AT_RUN_TIME)
    else:
        yield from elements(addition.more, to, depth + 1)


def _inserted(statement: ast.stmt) -> ast.expr | None:
    """What ``paths.insert(0, path)`` adds."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)) or call.keywords:
        return None
    return call.args[1] if call.func.attr == "insert" and len(call.args) == 2 else None
