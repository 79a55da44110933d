"""Values of which only the run knows whether they are texts, which MLflow's metrics are not."""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.functions import default_of
from amlbridge.migrate.analysis.kinds import called, destination, kind_of
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.trees import FUNCTIONS

#: What is called so is a text more often than not.
_OF_TEXTS = re.compile(
    r"(^|_)(name|path|file|filename|dir|folder|url|uri|type|kind|mode|method|algorithm|optimizer|activation|solver"
    r"|architecture|language|date|version)$"
)
#: Functions that read a configuration, in which numbers and texts stand side by side.
_READING = frozenset({"load", "loads", "safe_load", "full_load"})


def may_be_text(value: ast.expr, evaluator: Evaluator) -> bool:
    """Whether a variable gets the values of a dict (``for name, value in settings.items()``) and some are texts, or is
    a parameter that is a text by default; and whether a value is called what texts are called."""
    if _OF_TEXTS.search(_name_of(value)):
        return True
    bindings = evaluator.scopes.bindings_of(value)
    if len(bindings) == 1 and bindings[0].kind == "parameter":
        return _is_text_by_default(bindings[0])
    if len(bindings) != 1 or bindings[0].kind != "pair" or bindings[0].index != 1:
        return False
    pairs = bindings[0].value
    if not (isinstance(pairs, ast.Call) and isinstance(pairs.func, ast.Attribute) and pairs.func.attr == "items"):
        return False
    return any(_has_texts(node, by) for by, node in _given(pairs.func.value, evaluator))


def _name_of(value: ast.expr) -> str:
    """What a value is called that can be read twice: a variable, an attribute, or an entry of a dict."""
    if isinstance(value, ast.Call) and called(value) == "get" and len(value.args) == 1 and not value.keywords:
        key: ast.expr | None = value.args[0]
    else:
        key = value.slice if isinstance(value, ast.Subscript) else None
    if key is not None:
        return key.value.lower() if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return str(getattr(value, "id", getattr(value, "attr", ""))).lower()


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
    made = evaluator.scopes.only_value(node)
    if isinstance(made, ast.Call) and called(made) in _READING:
        return True
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
