"""Folders for the MLTables that are saved on the way to a data asset: each table has one of its own.

A statement that runs several times, in a loop or in a function, would write every table over the one before: where the
assets of those are still wanted, each gets a folder that nothing else has.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.models.datasets.only_read import OPENED, is_only_read
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: What is done with an asset before the next table takes its folder.
_DONE_AT_ONCE = OPENED | {"Dataset.register"}
#: The functions that are called once, though not by code.
_STARTING = ("main", "init")
IN_EXPRESSION = Leave("each table is saved in a folder of its own: make the tables in a loop of statements")


def saves_in_expression(use: Use, to: Rewriter) -> bool:
    """Whether a table is made several times inside an expression, as a comprehension, where no statement can save
    it."""
    inside: ast.AST = use.node
    for node in to.evaluator.scopes.ancestors(use.node):
        if isinstance(node, ast.stmt):
            return False
        first = node.generators[0] if isinstance(node, _COMPREHENSIONS) else None
        if isinstance(node, (*_COMPREHENSIONS, ast.Lambda)) and first is not inside:
            return True
        inside = node
    return False


def new_folder(name: str, use: Use, to: Rewriter) -> str:
    """Code of a folder for the MLTable of a dataset: one that no other table has."""
    if _runs_again(use.node, to.evaluator) and not is_only_read(use, to, reading=_DONE_AT_ONCE):
        folder = to.fresh(f"{name}_folder")
        to.before(use.statement, f"{folder} = {to.need_module('tempfile')}.mkdtemp()")
        return folder
    taken = to.memory.setdefault("table folders", set())
    assert isinstance(taken, set)
    folder, number = f"{name}_mltable", 2
    while folder in taken:
        folder, number = f"{name}_{number}_mltable", number + 1
    taken.add(folder)
    return f'"{folder}"'


def _runs_again(node: ast.AST, evaluator: Evaluator, seen: tuple[ast.AST, ...] = ()) -> bool:
    """Whether a node may be reached several times: in a loop, or in a function that is not called exactly once."""
    inside = node
    for around in evaluator.scopes.ancestors(node):
        if isinstance(around, _LOOPS) and inside is not getattr(around, "iter", None):
            return True
        if isinstance(around, FUNCTIONS):
            calls = evaluator.callers(around)
            if len(calls) != 1:
                return bool(calls) or around.name not in _STARTING
            home, call = calls[0]
            return call in seen or _runs_again(call, home, (*seen, call))
        inside = around
    return False
