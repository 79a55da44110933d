"""Calls and functions: what a call passes for a parameter, what a function returns."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from amlbridge.migrate.analysis.scopes import Scopes
from amlbridge.migrate.text.trees import children


def may_call(call: ast.Call, scopes: Scopes, *, bound: bool) -> bool:
    """Whether a call by the name of a function, or of a method if it is ``bound``, may be one of it. ``Model.deploy()``
    calls neither a function ``deploy`` nor a method of a class of the module, when ``Model`` is imported."""
    if not isinstance(call.func, ast.Attribute):
        return not bound
    base = call.func.value
    found = scopes.bindings_of(base)
    return bound and not any(binding.kind == "import" for binding in found)


def calls_of_heirs(init: ast.AST, calls: Mapping[str, list[ast.Call]], scopes: Scopes) -> list[ast.Call]:
    """The calls of a class's ``__init__`` by the classes of the module that derive from it: where they are made, or
    their own ``__init__`` asks for it. ``calls``: those of the module, by name."""
    owner = scopes.parents[init]
    found: list[ast.Call] = []
    for heir in scopes.every(ast.ClassDef):
        if not any(binding.node is owner for base in heir.bases for binding in scopes.bindings_of(base)):
            continue
        own = next((part for part in heir.body if getattr(part, "name", "") == "__init__"), None)
        if own is None:
            found += [call for call in calls.get(heir.name, ()) if may_call(call, scopes, bound=False)]
        else:
            inside = (call for call in calls.get("__init__", ()) if _is_of_super(call))
            found += [call for call in inside if own in scopes.ancestors(call)]
    return found


def _is_of_super(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"


def argument_of(call: ast.Call, parameters: ast.arguments, name: str, *, bound: bool) -> ast.expr | None:
    """What a call passes for a parameter of a function of the project, or None."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
    if bound and names and names[0] in ("self", "cls"):
        names = names[1:]
    index = names.index(name) if name in names else -1
    if 0 <= index < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args[: index + 1]):
        return call.args[index]
    return None


def default_of(arguments: ast.arguments, name: str) -> ast.expr | None:
    """The default of a parameter; None where it has none."""
    plain = [*arguments.posonlyargs, *arguments.args]
    found = dict(zip([arg.arg for arg in plain[::-1]], arguments.defaults[::-1], strict=False))
    found |= {arg.arg: value for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value}
    return found.get(name)


def returns(function: ast.AST) -> list[ast.expr]:
    """The expressions that a function returns."""
    found = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    return [value for value in found if value is not None]


def yields(function: ast.AST) -> list[ast.expr]:
    """The expressions that a function yields."""
    found = [node.value for node in _own_nodes(function) if isinstance(node, ast.Yield)]
    return [value for value in found if value is not None]


@lru_cache(maxsize=1024)  # each call of a function asks what it returns
def _own_nodes(function: ast.AST) -> list[ast.AST]:
    """The nodes of a function without those of functions and classes inside."""
    found: list[ast.AST] = []
    waiting = children(function)[::-1]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += reversed(children(node))
    return found
