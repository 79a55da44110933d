"""What is in a dict that a variable holds: what is written out, and what the lines below put into it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Code, Evaluator

#: Methods that change a dict.
_CHANGING = frozenset({"update", "pop", "popitem", "setdefault", "clear"})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_CHANGED = "it comes from a dict that is changed where it cannot be followed: write it out"


def items_of(node: ast.expr, evaluator: Evaluator) -> list[tuple[ast.expr | None, ast.expr]] | None:
    """The keys and values of a dict, as ``{"a": 1}``, ``dict(a=1)``, and with ``settings["b"] = 2`` or
    ``settings.update({"b": 2})`` below it; None as a key stands for ``**other``. None where it is not written out in
    this module. Raises ValueError where it is changed in a way that cannot be followed."""
    written = _written(node, evaluator)
    if written is None:
        return None
    found = written_pairs(written)
    if found is None or not isinstance(node, ast.Name):
        return found
    for statement, more in changes_of(node, evaluator):
        if more is None or not _follows(statement, evaluator.scopes.statement_of(written), node, evaluator):
            raise ValueError(_CHANGED)
        for key, value in more:
            at = next((index for index, (known, _value) in enumerate(found) if _same(known, key)), len(found))
            found[at : at + 1] = [(key, value)]
    return found


def _written(node: ast.expr, evaluator: Evaluator) -> ast.expr | None:
    value = evaluator.value(node)
    if value is None and isinstance(node, ast.Name):  # settings = dict(a=1)
        return evaluator.scopes.only_value(node)
    return value.node if isinstance(value, Code) and value.evaluator is evaluator else None


def written_pairs(written: ast.expr) -> list[tuple[ast.expr | None, ast.expr]] | None:
    """The keys and values of ``{"a": 1}`` or ``dict(a=1)``; None for another expression."""
    if isinstance(written, ast.Dict):
        return list(zip(written.keys, written.values, strict=True))
    named = isinstance(written, ast.Call) and isinstance(written.func, ast.Name) and written.func.id == "dict"
    if not named or not isinstance(written, ast.Call) or written.args:
        return None
    return [(ast.Constant(key.arg) if key.arg else None, key.value) for key in written.keywords]


def changes_of(
    node: ast.Name, evaluator: Evaluator
) -> Iterator[tuple[ast.stmt, list[tuple[ast.expr | None, ast.expr]] | None]]:
    """The statements above a place that change the dict of a variable, and what they put into it; None for what cannot
    be told."""
    scopes = evaluator.scopes
    home = scopes.lookup(node.id, node)[:1]
    loops = {around for around in scopes.ancestors(node) if isinstance(around, _LOOPS)}
    for name in [n for n in scopes.named(node.id) if n is not node]:
        parent, statement = scopes.parents.get(name), scopes.statement_of(name)
        if statement is None or not home or home[0].scope not in [b.scope for b in scopes.lookup(name.id, name)[:1]]:
            continue
        if statement.lineno > node.lineno and loops.isdisjoint(scopes.ancestors(statement)):
            continue
        if isinstance(parent, ast.Subscript) and parent.value is name and not isinstance(parent.ctx, ast.Load):
            plain = isinstance(statement, ast.Assign) and statement.targets == [parent]
            yield statement, [(parent.slice, statement.value)] if plain else None  # type: ignore[attr-defined]
        elif isinstance(parent, ast.Attribute) and parent.attr in _CHANGING:
            call = scopes.parents.get(parent)
            if isinstance(call, ast.Call) and call.func is parent:
                yield statement, _updated(call, statement) if parent.attr == "update" else None


def _updated(call: ast.Call, statement: ast.stmt) -> list[tuple[ast.expr | None, ast.expr]] | None:
    """What ``settings.update(...)`` puts into a dict, in a statement of its own."""
    if not (isinstance(statement, ast.Expr) and statement.value is call) or len(call.args) > 1:
        return None
    found = (written_pairs(call.args[0]) or [(None, call.args[0])]) if call.args else []
    named: list[tuple[ast.expr | None, ast.expr]] = [
        (ast.Constant(key.arg) if key.arg else None, key.value) for key in call.keywords
    ]
    return [*found, *named] if found is not None else None


def follows(statement: ast.stmt, binding: Binding, node: ast.Name, evaluator: Evaluator) -> bool:
    """Whether a change stands below what a binding gives its name, in the same block, and above a place that reads."""
    return _follows(statement, binding.statement, node, evaluator)


def _follows(statement: ast.stmt, made: ast.stmt | None, node: ast.Name, evaluator: Evaluator) -> bool:
    scopes = evaluator.scopes
    return (
        made is not None
        and scopes.block(statement) is scopes.block(made)
        and made.lineno < statement.lineno <= node.lineno
    )


def _same(one: ast.expr | None, other: ast.expr | None) -> bool:
    return isinstance(one, ast.Constant) and isinstance(other, ast.Constant) and one.value == other.value
