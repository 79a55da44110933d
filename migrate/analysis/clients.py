"""Parameters that are called like workspaces and hold clients of SDK v2: code of an earlier run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.known import CLIENT_MEMBERS, SHARED_MEMBERS
from amlbridge.migrate.analysis.scopes import Scopes
from amlbridge.migrate.text.trees import walk

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator


def is_client(function: ast.AST, name: str, scopes: Scopes) -> bool:
    """Whether a function reads members of a parameter that only clients of SDK v2 have, or its class does of the
    attribute that the function keeps it in."""
    members = [node for node in walk(function) if isinstance(node, ast.Attribute) and _is(node.value, name)]
    owner = scopes.parents.get(function)
    if isinstance(owner, ast.ClassDef):
        fields = set(_fields(function, name))
        attributes = (node for node in walk(owner) if isinstance(node, ast.Attribute))
        members += [node for node in attributes if isinstance(node.value, ast.Attribute) and node.value.attr in fields]
    return any(node.attr in CLIENT_MEMBERS or _is_operations(node, scopes) for node in members)


def passes_client(passed: Iterable[tuple[Evaluator, ast.expr]]) -> bool:
    """Whether a call passes what is a client of SDK v2."""
    for by, argument in passed:
        made = [binding.value for binding in by.scopes.bindings_of(argument)] or [argument]
        if any(isinstance(value, ast.Call) and _is_made(value) for value in made):
            return True
    return False


def _is_made(call: ast.Call) -> bool:
    """Whether a call makes a client: ``MLClient(...)``, ``MLClient.from_config(...)``."""
    named = [node.attr if isinstance(node, ast.Attribute) else node.id for node in _path(call.func)]
    return "MLClient" in named


def _path(node: ast.expr) -> Iterator[ast.Attribute | ast.Name]:
    while isinstance(node, ast.Attribute):
        yield node
        node = node.value
    if isinstance(node, ast.Name):
        yield node


def says_client(annotation: ast.expr | None) -> bool:
    """Whether an annotation in quotes is that of a client."""
    return isinstance(annotation, ast.Constant) and annotation.value == "MLClient"


def _fields(function: ast.AST, name: str) -> Iterator[str]:
    """The attributes that a function keeps a parameter in: ``self.workspace = workspace``."""
    for node in walk(function):
        if isinstance(node, ast.Assign) and _is(node.value, name) and isinstance(node.targets[0], ast.Attribute):
            yield node.targets[0].attr


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_operations(node: ast.Attribute, scopes: Scopes) -> bool:
    """Whether ``ws.datastores`` is used as the operations of a client: in SDK v1 it is a dict."""
    method = scopes.parents.get(node)
    if node.attr not in SHARED_MEMBERS or not isinstance(method, ast.Attribute):
        return False
    call = scopes.parents.get(method)
    named = isinstance(call, ast.Call) and call.func is method and bool(call.keywords)
    return not hasattr(dict, method.attr) or named
