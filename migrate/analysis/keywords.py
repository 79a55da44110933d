"""The keywords behind ``**settings`` in a call: of dicts that are written out, and of a function's own ``**kwargs``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.implied import ImpliedItem
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator, Symbol

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.uses import Use

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_LITERAL = "keywords come from a dict that is not literal"


def keywords_behind(node: ast.expr, evaluator: Evaluator) -> dict[str, ast.expr]:
    """Keyword -> expression of what stands behind ``**``. Raises ValueError where that cannot be told."""
    items = items_of(node, evaluator)
    if items is None:
        return _of_function(node, evaluator)
    found: dict[str, ast.expr] = {}
    for key, item in items:
        if key is None:  # {**others, "a": 1}
            found.update(keywords_behind(item, evaluator))
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = item
        else:
            raise ValueError(_NOT_LITERAL)
    return found


def handed_on(node: ast.expr, evaluator: Evaluator) -> Binding | None:
    """The parameter ``**kwargs`` that an expression is, where its function does nothing with it but hand it on."""
    found = evaluator.scopes.lookup(node.id, node) if isinstance(node, ast.Name) else []
    function = found[0].scope.node if len(found) == 1 else None
    if not isinstance(function, _FUNCTIONS) or found[0].node is not function.args.kwarg:
        return None
    parents = evaluator.scopes.parents
    reads = [name for name in parents if isinstance(name, ast.Name) and name.id == found[0].name]
    reads = [name for name in reads if [one.node for one in evaluator.scopes.lookup(name.id, name)] == [found[0].node]]
    plain = all(isinstance(at := parents[name], ast.keyword) and at.arg is None for name in reads)
    return found[0] if plain else None


def not_handed_on(use: Use) -> list[str]:
    """What is told of a call that hands on a function's ``**kwargs``: only what callers are known to give stays."""
    spread = [keyword.value for keyword in use.call.keywords if keyword.arg is None] if use.call is not None else []
    names = [found.name for node in spread if (found := handed_on(node, use.evaluator)) is not None]
    return [f"what other code gives in **{name} goes nowhere any more: give it parameters" for name in names]


def _of_function(node: ast.expr, evaluator: Evaluator) -> dict[str, ast.expr]:
    """What the calls of a function give for its ``**kwargs``: SDK v1 gets what they say, and nothing else."""
    binding = handed_on(node, evaluator)
    if binding is None:
        raise ValueError(_NOT_LITERAL)
    function = binding.scope.node
    assert isinstance(function, _FUNCTIONS)
    plain = function.args
    own = {arg.arg for arg in (*plain.posonlyargs, *plain.args, *plain.kwonlyargs)}
    calls = [(by, call) for by, call in evaluator.callers(function) if not isinstance(by.value(call.func), Symbol)]
    names = dict.fromkeys(name for _by, call in calls for name in _given(call) if name not in own)
    return {name: ImpliedItem(node, name, f'{binding.name}.get("{name}")') for name in names}


def _given(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ValueError(_NOT_LITERAL)
        yield keyword.arg
