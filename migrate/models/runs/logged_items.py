"""Values of which only the run knows whether they are texts, which MLflow's metrics are not."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.functions import default_of
from amlbridge.migrate.analysis.kinds import called, destination, kind_of
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.trees import FUNCTIONS


def may_be_text(value: ast.expr, evaluator: Evaluator) -> bool:
    """Whether a variable gets the values of a dict (``for name, value in settings.items()``) and some are texts, or is
    a parameter that is a text by default."""
    bindings = evaluator.scopes.bindings_of(value)
    if len(bindings) == 1 and bindings[0].kind == "parameter":
        return _is_text_by_default(bindings[0])
    if len(bindings) != 1 or bindings[0].kind != "pair" or bindings[0].index != 1:
        return False
    pairs = bindings[0].value
    if not (isinstance(pairs, ast.Call) and isinstance(pairs.func, ast.Attribute) and pairs.func.attr == "items"):
        return False
    return any(_has_texts(node, by) for by, node in _given(pairs.func.value, evaluator))


def _is_text_by_default(parameter: Binding) -> bool:
    function = parameter.scope.node
    if not isinstance(function, FUNCTIONS):
        return False
    default = default_of(function.args, parameter.name)
    return isinstance(default, ast.Constant) and isinstance(default.value, str)


def _given(node: ast.expr, evaluator: Evaluator) -> list[tuple[Evaluator, ast.expr]]:
    """The dict, or what the callers of the function pass as such."""
    bindings = evaluator.scopes.bindings_of(node)
    if len(bindings) == 1 and bindings[0].kind == "parameter":
        return evaluator.given(bindings[0].scope.node, bindings[0].name)
    return [(evaluator, node)]


def _has_texts(node: ast.expr, evaluator: Evaluator) -> bool:
    if (isinstance(node, ast.Call) and called(node) == "vars") or getattr(node, "attr", "") == "__dict__":
        declared = evaluator.calls().get("add_argument", ())
        return any(_is_text_argument(call) for call in declared)
    try:
        items = items_of(node, evaluator)
    except ValueError:
        return False
    return any(kind_of(evaluator, value) == "text" for _key, value in items or ())


def _is_text_argument(call: ast.Call) -> bool:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    kind = given.get("type")
    text = "action" not in given and kind is None
    return bool(destination(call)) and (text or (isinstance(kind, ast.Name) and kind.id == "str"))
