"""The keywords behind ``**settings`` in a call: of dicts that are written out, of those whose keys are known, and of a
function's own ``**kwargs``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.dicts import changes_of, items_of, written_pairs
from amlbridge.migrate.analysis.implied import ImpliedItem
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.shapes import Shape, shape_of
from amlbridge.migrate.analysis.values import Code, Evaluator, Instance, Symbol
from amlbridge.migrate.text.trees import FUNCTIONS

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.uses import Use

_PLAIN = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.expr_context)
_NOT_LITERAL = "keywords come from a dict that is not literal"


def keywords_behind(node: ast.expr, evaluator: Evaluator) -> dict[str, ast.expr]:
    """Keyword -> expression of what stands behind ``**``. Raises ValueError where that cannot be told."""
    try:
        items = items_of(node, evaluator)
    except ValueError:
        if shape_behind(node, evaluator) is None:
            raise
        items = None
    if items is None:
        return _of_shape(node, evaluator) or _of_function(node, evaluator)
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
    found = evaluator.scopes.bindings_of(node)
    function = found[0].scope.node if len(found) == 1 else None
    if not isinstance(function, FUNCTIONS) or found[0].node is not function.args.kwarg:
        return None
    parents = evaluator.scopes.parents
    reads = [name for name in parents if isinstance(name, ast.Name) and name.id == found[0].name]
    reads = [name for name in reads if [one.node for one in evaluator.scopes.lookup(name.id, name)] == [found[0].node]]
    plain = all(isinstance(at := parents[name], ast.keyword) and at.arg is None for name in reads)
    return found[0] if plain else None


def assumed_of(use: Use) -> list[str]:
    """What is assumed of the keywords of a call: of a function's ``**kwargs`` only what callers are known to give
    stays, and a dict has the keys that it seems to have."""
    spread = [keyword.value for keyword in use.call.keywords if keyword.arg is None] if use.call is not None else []
    names = [found.name for node in spread if (found := handed_on(node, use.evaluator)) is not None]
    told = [f"what other code gives in **{name} goes nowhere any more: give it parameters" for name in names]
    for node in spread:
        shape = shape_behind(node, use.evaluator) if not is_written_out(node, use.evaluator) else None
        if shape is not None:
            told.append(f"the keys of {ast.unparse(node)} are assumed to be {', '.join(sorted(shape.parts))}")
    return told


def opened_dict(use: Use) -> ast.expr | None:
    """The variable, attribute or item that a call opens for its keywords, and nothing else, where only the running code
    knows what is in it; None for a dict that is written out, and for a function's own ``**kwargs``."""
    call = use.call
    if call is None or call.args or len(call.keywords) != 1 or call.keywords[0].arg is not None:
        return None
    given = call.keywords[0].value
    plain = isinstance(given, (ast.Name, ast.Attribute, ast.Subscript))
    if not plain or not all(isinstance(part, _PLAIN) for part in ast.walk(given)):
        return None
    known = isinstance(use.evaluator.value(given), Code) or handed_on(given, use.evaluator) is not None
    return None if known else given


def shape_behind(node: ast.expr, evaluator: Evaluator) -> Shape | None:
    """The shape of a dict that the new code can read item by item, where it is not written out; else None."""
    plain = all(isinstance(part, _PLAIN) for part in ast.walk(node))
    of_v1 = any(isinstance(evaluator.value(part), Instance) for part in ast.walk(node) if isinstance(part, ast.Name))
    shape = shape_of(node, evaluator) if plain and not of_v1 else None
    if shape is None or shape.objects & shape.optional:
        return None  # what an object becomes depends on what it is
    known = all(evaluator.type_of(ImpliedItem(node, key, "")) is not None for key in shape.objects)
    return shape if known else None


def is_written_out(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether the code of a call can say what is in a dict, without reading it."""
    try:
        return items_of(node, evaluator) is not None
    except ValueError:
        return False


def values_behind(node: ast.expr, evaluator: Evaluator) -> Iterator[ast.expr]:
    """The values that a dict of this module may have: where it is made, and where it is changed."""
    found = evaluator.scopes.bindings_of(node)
    made = [binding.value for binding in found if binding.kind == "assign"] if found else [node]
    pairs = [pair for one in made if one is not None for pair in written_pairs(one) or ()]
    if isinstance(node, ast.Name):
        pairs += [pair for _statement, more in changes_of(node, evaluator) for pair in more or ()]
    for key, value in pairs:
        if key is not None:
            yield value
        elif value is not node:
            yield from values_behind(value, evaluator)


def _of_shape(node: ast.expr, evaluator: Evaluator) -> dict[str, ast.expr]:
    shape, code = shape_behind(node, evaluator), ast.unparse(node)
    if shape is None:
        return {}
    reads = {key: _read(code, key) if key in shape.optional else f'{code}["{key}"]' for key in shape.parts}
    return {key: ImpliedItem(node, key, read) for key, read in reads.items()}


#: Keywords of SDK v1 that take lists and dicts: what stands for nothing in one.
_EMPTY = {
    **dict.fromkeys(("arguments", "inputs", "outputs", "pip_packages", "conda_packages"), "[]"),
    **dict.fromkeys(("tags", "properties", "script_params", "environment_variables"), "{}"),
}


def _read(code: str, key: str) -> str:
    """How a key is read that a dict may not have."""
    return f'{code}.get("{key}", {_EMPTY[key]})' if key in _EMPTY else f'{code}.get("{key}")'


def _of_function(node: ast.expr, evaluator: Evaluator) -> dict[str, ast.expr]:
    """What the calls of a function give for its ``**kwargs``: SDK v1 gets what they say, and nothing else."""
    binding = handed_on(node, evaluator)
    if binding is None:
        raise ValueError(_NOT_LITERAL)
    function = binding.scope.node
    assert isinstance(function, FUNCTIONS)
    plain = function.args
    own = {arg.arg for arg in (*plain.posonlyargs, *plain.args, *plain.kwonlyargs)}
    calls = [(by, call) for by, call in evaluator.callers(function) if not isinstance(by.value(call.func), Symbol)]
    names = dict.fromkeys(name for _by, call in calls for name in _given(call) if name not in own)
    return {name: ImpliedItem(node, name, _read(binding.name, name)) for name in names}


def _given(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ValueError(_NOT_LITERAL)
        yield keyword.arg
