"""Which modules that do not name SDK v1 get objects of it: what is handed one, and what imports a module that has one.

Words alone let whole libraries in: a script of SDK v1 that imports one of their modules would have all of them looked
at use by use.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from amlbridge.migrate.analysis.values import (
    Code,
    Evaluator,
    Function,
    Instance,
    LocalClass,
    LocalObject,
    Module,
    Symbol,
    Value,
)
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.helpers import V1, key_of
from amlbridge.migrate.text.trees import FUNCTIONS


class Importing(Protocol):
    """Modules that import one another."""

    def evaluator(self, module: ModuleText) -> Evaluator | None:
        """The evaluator of a module, the same for all who ask."""

    def home(self, evaluator: Evaluator) -> ModuleText | None:
        """The module of an evaluator, None for one of elsewhere."""

    def importers(self, key: str) -> list[ModuleText]:
        """The modules that import the one at a path without ending."""


def reached(importing: Importing, modules: Iterable[ModuleText]) -> set[Path]:
    """The paths of the modules that get objects of SDK v1, from ``modules`` which have them, and of these."""
    waiting = list(modules)
    found: set[Path] = set()
    while waiting:
        module = waiting.pop()
        evaluator = importing.evaluator(module) if module.path not in found else None
        found.add(module.path)
        if evaluator is not None:
            waiting += filter(None, map(importing.home, handed_to(evaluator)))
            if V1 in module.text or module.path.name == "__init__.py" or gives_v1(evaluator):
                waiting += importing.importers(key_of(module.path))
    return found


def handed_to(evaluator: Evaluator) -> Iterator[Evaluator]:
    """The evaluators of the modules that the code of one hands objects of SDK v1, or derives classes from; may name one
    twice, and itself."""
    known: dict[ast.AST, bool] = {}
    for calls in evaluator.calls().values():
        for call in calls:
            home = _home(evaluator.value(call.func))
            given = (*call.args, *(keyword.value for keyword in call.keywords))
            if home is not None and home is not evaluator and any(_has_v1(item, evaluator, known) for item in given):
                yield home
    for node in evaluator.scopes.parents:
        if isinstance(node, ast.ClassDef):
            yield from filter(None, (_home(evaluator.value(base)) for base in node.bases))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            holders = [evaluator.value(target.value) for target in targets if isinstance(target, ast.Attribute)]
            homes = [home for holder in holders if (home := _home(holder)) is not None]
            if homes and _has_v1(node.value, evaluator, known):
                yield from homes


def _home(value: Value | None) -> Evaluator | None:
    if isinstance(value, LocalObject):
        value = value.cls
    return value.evaluator if isinstance(value, (Function, LocalClass)) else None


def _has_v1(expression: ast.expr, evaluator: Evaluator, known: dict[ast.AST, bool]) -> bool:
    """Whether a part of an expression is, holds or gives an object of SDK v1. ``known``: what was asked before."""
    if expression not in known:
        known[expression] = False  # until it is known: an object that holds itself
        parts = [node for node in ast.walk(expression) if isinstance(node, (ast.Name, ast.Attribute, ast.Call))]
        known[expression] = any(_is_v1(evaluator.value(node), known) for node in parts)
    return known[expression]


def _is_v1(value: Value | None, known: dict[ast.AST, bool]) -> bool:
    if isinstance(value, (Instance, Symbol, Module)):
        return True
    if isinstance(value, Code):
        return _has_v1(value.node, value.evaluator, known)
    if isinstance(value, LocalObject):
        value = value.cls
    if isinstance(value, LocalClass):
        return _holds_v1(value, known)
    if not isinstance(value, Function) or value.node in known:
        return isinstance(value, Function) and known[value.node]
    known[value.node] = False
    known[value.node] = _is_v1(value.evaluator.returned(value.node), known)
    return known[value.node]


def _holds_v1(cls: LocalClass, known: dict[ast.AST, bool]) -> bool:
    """Whether an object of a class has, or gives, one of SDK v1; of it, or of what it is derived from."""
    if cls.node not in known:
        known[cls.node] = False
        held = [item for items in cls.evaluator.assigned(cls.node).values() for item in items]
        methods = [Function(node, cls.evaluator) for node in cls.node.body if isinstance(node, FUNCTIONS)]
        known[cls.node] = any(_has_v1(item, cls.evaluator, known) for item in (*held, *cls.node.bases)) or any(
            _is_v1(method, known) for method in methods
        )
    return known[cls.node]


def gives_v1(evaluator: Evaluator) -> bool:
    """Whether a module has something for those that import it which is, holds or gives an object of SDK v1."""
    known: dict[ast.AST, bool] = {}
    return any(_is_v1(evaluator.global_value(name), known) for name in evaluator.scopes.module.bindings)
