"""Objects of SDK v1 that leave what is seen: functions, methods and callbacks of other code get them, or an attribute
of what other code has made."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from amlbridge.migrate.analysis.foreign import is_unseen
from amlbridge.migrate.analysis.values import Evaluator, Instance
from amlbridge.migrate.text.trees import called_name, root_of

#: What is looked into: ``use([run])``, ``use({"run": run})``.
_HOLDING = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.IfExp)
#: What collections do, which keep what they get.
_COLLECTING = frozenset(
    {"append", "add", "insert", "extend", "update", "setdefault", "put", "appendleft", "index", "get"}
)
#: Functions of Python that look into an object; modules that write it down as it is, or copy it to be changed.
_LOOKING = frozenset({"vars", "getattr", "setattr"})
_WRITING = frozenset({"copy", "pickle", "joblib", "dill", "cloudpickle"})
#: Other packages that take anything: they show it, or go through it.
_TAKING_ANYTHING = frozenset(
    {"tqdm", "IPython", "rich", "loguru", "mlflow", "pytest", "azure", "msrest", "msrestazure", "easydict"}
)
#: What a function gets that is no callback: its own object, and what tests put mocks in place with.
_NO_CALLBACKS = frozenset({"self", "cls", "mocker", "monkeypatch"})


@dataclass(frozen=True)
class HandedOut:
    """``given``: the expression of the object; ``taker``: the function that takes it, or the attribute that holds it;
    ``type``: the type of the object, or of what is in the collection."""

    given: ast.expr
    taker: ast.expr
    type: str


@lru_cache(maxsize=8)
def handed_out(evaluator: Evaluator) -> tuple[HandedOut, ...]:
    """All objects of a module but workspaces that leave what is seen."""
    found = [part for calls in evaluator.calls().values() for call in calls for part in _given(call, evaluator)]
    for statement in evaluator.scopes.every(ast.Assign):
        for target in statement.targets:
            place = target.value if isinstance(target, (ast.Attribute, ast.Subscript)) else None
            apart = place is not None and is_unseen(place, evaluator) and not _is_of_python(place, evaluator)
            if apart and evaluator.value(target) is None:
                found += _objects(statement.value, target, evaluator)
    return tuple(sorted(found, key=lambda one: (one.given.lineno, one.given.col_offset)))


def _given(call: ast.Call, evaluator: Evaluator) -> Iterator[HandedOut]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    objects = [part for node in given for part in _objects(node, call.func, evaluator)]
    if objects and evaluator.value(call.func) is None and evaluator.value(call) is None and _is_apart(call, evaluator):
        yield from objects


def _is_apart(call: ast.Call, evaluator: Evaluator) -> bool:
    """Whether a call is one of other code: it comes from an import, or is a callback or a method of what was passed.
    Python's own take anything, but for those that look into it."""
    if isinstance(call.func, ast.Name) and call.func.id in _LOOKING and not evaluator.scopes.bindings_of(call.func):
        return True
    if called_name(call) == "partial" and call.args:
        return is_unseen(call.args[0], evaluator)
    if is_unseen(call, evaluator):
        return not _is_of_python(call.func, evaluator)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _COLLECTING:
        return False
    bound = evaluator.scopes.bindings_of(root_of(call.func))
    passed = len(bound) == 1 and bound[0].kind == "parameter" and bound[0].name not in _NO_CALLBACKS
    return passed and called_name(call) not in evaluator.scopes.methods


def _is_of_python(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether something comes from the standard library, or from a package that takes anything."""
    at: ast.expr = node
    while isinstance(at, (ast.Call, ast.Attribute, ast.Subscript)):
        at = at.func if isinstance(at, ast.Call) else at.value
    for binding in evaluator.scopes.bindings_of(at):
        if isinstance(binding.value, ast.Call):
            return _is_of_python(binding.value.func, evaluator)
        if isinstance(binding.statement, ast.ImportFrom):
            package = "" if binding.statement.level else binding.statement.module or ""
        else:
            package = getattr(binding.node, "name", "")
        first = package.split(".")[0]
        if first in _TAKING_ANYTHING or (first in sys.stdlib_module_names and first not in _WRITING):
            return True
    return False


def _objects(node: ast.expr, taker: ast.expr, evaluator: Evaluator) -> Iterator[HandedOut]:
    if isinstance(node, _HOLDING):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _objects(child, taker, evaluator)
        return
    value = evaluator.value(node) if isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)) else None
    known = isinstance(value, Instance) and value.type != "Workspace" and not value.type.endswith("Authentication")
    if known and isinstance(value, Instance):
        yield HandedOut(node, taker, value.type)
