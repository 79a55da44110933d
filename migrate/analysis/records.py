"""Objects of several kinds that code keeps together: under the keys of a dict that functions hand on, or in the
attributes of a data class that says no type of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.chosen import additions_of, is_same, literal_of
from amlbridge.migrate.analysis.declared import declared, given_to

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator, Instance

#: So many functions hand a dict on.
_DEPTH = 3


def of_record(node: ast.Subscript | ast.Call, evaluator: Evaluator) -> Instance | None:
    """The object that ``made["ws"]``, or ``made.get("ws")``, takes out of a dict of this module: one of several, where
    they are of one type."""
    found = objects_of(node, evaluator)
    return found[0] if len({one.type for one in found}) == 1 else None


def objects_of(node: ast.Subscript | ast.Call, evaluator: Evaluator) -> list[Instance]:
    """All objects that such an expression may stand for."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        owner, key = node.value, node.slice
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        owner, key = node.func.value, node.args[0]
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return []
    return _held(owner, key.value, evaluator, _DEPTH)


def _held(owner: ast.expr, key: str, evaluator: Evaluator, depth: int) -> list[Instance]:
    """The objects that a dict may have under a key: as it is written out, put into it, or passed."""
    from amlbridge.migrate.analysis.values import Instance

    literal = literal_of(owner, evaluator)
    items = zip(literal.keys, literal.values, strict=True) if isinstance(literal, ast.Dict) else ()
    held = [value for name, value in items if _is(name, key)]
    bindings = evaluator.scopes.bindings_of(owner)
    held += [word.value for binding in bindings[:1] for word in _words(binding.value) if word.arg == key]
    held += [value for place, value in _below(key, evaluator) if is_same(place, literal, bindings, evaluator)]
    values = [evaluator.value(value) for value in held]
    found = [value for value in values if isinstance(value, Instance)]
    if found or not depth or len(bindings) != 1 or bindings[0].kind != "parameter":
        return found
    given = evaluator.given(bindings[0].scope.node, bindings[0].name)
    if any(other is not evaluator for other, _ in given):
        return []
    return [one for _, argument in given for one in _held(argument, key, evaluator, depth - 1)]


def _below(key: str, evaluator: Evaluator) -> list[tuple[ast.expr, ast.expr]]:
    """What the module puts into dicts below a key: the dict, and the value."""
    if evaluator.keyed is None:
        evaluator.keyed = {}
        for place, value in additions_of(evaluator):
            parent = evaluator.scopes.parents.get(place)
            name = parent.slice if isinstance(parent, ast.Subscript) else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                evaluator.keyed.setdefault(name.value, []).append((place, value))
        for word, place, value in _updates(evaluator):
            evaluator.keyed.setdefault(word, []).append((place, value))
    return evaluator.keyed.get(key, [])


def _words(made: ast.expr | None) -> list[ast.keyword]:
    """What ``dict(a=..., b=...)`` has."""
    plain = isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "dict"
    return made.keywords if plain else []  # type: ignore[union-attr]


def _updates(evaluator: Evaluator) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """What ``made.update(a=...)`` and ``made.update({"a": ...})`` put into dicts: the key, the dict, and the value."""
    for call in evaluator.calls().get("update", ()):
        if not isinstance(call.func, ast.Attribute):
            continue
        for word in call.keywords:
            if word.arg is not None:
                yield word.arg, call.func.value, word.value
        given = call.args[0] if call.args else None
        for key, value in zip(given.keys, given.values, strict=True) if isinstance(given, ast.Dict) else ():
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, call.func.value, value


def _is(node: ast.expr | None, key: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == key


def untyped_field(owner: ast.ClassDef, name: str, evaluator: Evaluator) -> Instance | None:
    """The object that an attribute holds which a data class declares with a type that says nothing: what its calls
    pass says it."""
    from amlbridge.migrate.analysis.values import Instance, LocalClass

    said = declared(owner).get(name)
    if said is None:
        return None
    for call in evaluator.calls().get(owner.name, ()):
        made = evaluator.value(call.func)
        if not isinstance(made, LocalClass) or made.node is not owner:
            continue
        values = [evaluator.value(value) for field, value in given_to(owner, call) if field == name]
        found = next((value for value in values if isinstance(value, Instance)), None)
        if found is not None:
            return Instance(found.type, said)
    return None
