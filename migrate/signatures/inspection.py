"""What the classes and functions of an installed package take and have: names only, no text of the package."""

from __future__ import annotations

import ast
import enum
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from amlbridge.migrate.text.trees import FUNCTIONS

_DOCUMENTED = re.compile(r"^\s*:(?:keyword|param|ivar)(?:\s+[^:]*?)?\s*\*{0,2}(\w+)\s*:", re.MULTILINE)
_DEEPEST = 5


def takes(function: Any) -> list[str] | None:
    """The parameters of a function or class, as ``table`` writes them; None when Python cannot tell."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if inspect.isfunction(function) and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    found: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            found.append("**")
        elif parameter.kind is parameter.VAR_POSITIONAL:
            found.append(f"*{parameter.name}")
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and not any(name.startswith("*") for name in found):
                found.append("*")
            found.append(parameter.name if parameter.default is parameter.empty else f"{parameter.name}=")
    return found


def more_keywords(function: Any, depth: int = 0) -> set[str]:
    """The keywords that a function or class takes by ``**kwargs``, as far as its code and its documentation say it."""
    if depth > _DEEPEST:
        return set()
    if inspect.isclass(function):
        found: set[str] = set()
        for cls in function.__mro__:
            init = vars(cls).get("__init__")
            if inspect.isfunction(init):
                found |= _named(init) | _documented(cls) | _by_code(init, depth)
                if "**" not in (takes(init) or ()):
                    break
        return found
    return _documented(function) | _by_code(function, depth)


def _named(function: Any) -> set[str]:
    return {name.rstrip("=") for name in takes(function) or () if not name.startswith("*")}


def _documented(thing: Any) -> set[str]:
    texts = [thing.__doc__ or ""]
    if inspect.isclass(thing):
        texts.append(thing.__init__.__doc__ or "")
    return {name for text in texts for name in _DOCUMENTED.findall(text) if name != "kwargs"}


def _by_code(function: Any, depth: int) -> set[str]:
    """What it reads from its kwargs, and what those functions take that it hands them on to."""
    function = inspect.unwrap(function)
    found: set[str] = set()
    for node in ast.walk(tree_of(function) or ast.Pass()):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "kwargs" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found.add(name.value)
        elif any(keyword.arg is None and ast.unparse(keyword.value) == "kwargs" for keyword in node.keywords):
            target = _resolved(node.func, getattr(function, "__globals__", {}))
            if target is not None and target is not function:
                found |= _named(target.__init__ if inspect.isclass(target) else target)
                found |= more_keywords(target, depth + 1)
            # What a helper makes of them is a class that it is handed: ``_create(job_cls=ImageJob, **kwargs)``.
            for given in (_resolved(keyword.value, function.__globals__) for keyword in node.keywords if keyword.arg):
                if inspect.isclass(given):
                    found |= more_keywords(given, depth + 1)
    return found


def _resolved(node: ast.expr, names: dict[str, Any]) -> Any:
    found = names.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, names)
        found = getattr(owner, node.attr, None) if owner is not None else None
    return found if inspect.isclass(found) or inspect.isfunction(found) else None


def tree_of(thing: Any) -> ast.AST | None:
    """The definition of a class or function as a tree; None when there is none."""
    try:
        path = inspect.getsourcefile(thing)
    except TypeError:
        return None
    return _definitions(path).get(thing.__qualname__) if path else None


@cache
def _definitions(path: str) -> dict[str, ast.AST]:
    """The classes and functions of a file by their qualified names. Far quicker than a search for each of them."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError):
        return {}
    found: dict[str, ast.AST] = {}
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, prefix = pending.pop()
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if named:
                found[prefix + child.name] = child  # type: ignore[attr-defined]  # mypy loses what `named` tells
            inner = f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix
            if not isinstance(child, FUNCTIONS):
                pending.append((child, inner))
    return found


def instance_attributes(cls: type) -> set[str]:
    """The public attributes that the methods of a class set on ``self``."""
    found: set[str] = set()
    for node in ast.walk(tree_of(cls) or ast.Pass()):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                found.add(target.attr)
    return {name for name in found if not name.startswith("_")}


def own_members(cls: type) -> Iterator[tuple[str, str, Any]]:
    """Name, kind and what it is, of the public members that a class defines itself."""
    seen: set[str] = set()
    for name, value in vars(cls).items():
        if name.startswith("_"):
            continue
        seen.add(name)
        if isinstance(value, (staticmethod, classmethod)):
            yield name, "method", value.__func__
        elif isinstance(value, property):
            yield name, "property", value.fget
        elif inspect.isfunction(value):
            yield name, "method", value
        else:
            yield name, "attribute", value
    for name in sorted(instance_attributes(cls) - seen):
        yield name, "attribute", None


def is_open(cls: type) -> bool:
    """Whether objects of a class have attributes that the class does not tell: mappings, and what answers any name."""
    return any("__getattr__" in vars(base) for base in cls.__mro__) or issubclass(cls, dict)


def is_enum(cls: type) -> bool:
    """Whether a class is an enumeration."""
    return issubclass(cls, enum.Enum)


def public_names(module: Any, roots: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The public classes and functions of a module that come from packages below ``roots``."""
    names = {*getattr(module, "__all__", ()), *vars(module)}
    for name in sorted(name for name in names if not name.startswith("_")):
        value = getattr(module, name, None)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        home = getattr(value, "__module__", "") or ""
        if home.startswith(roots):
            yield name, value
