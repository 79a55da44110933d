"""Attributes that a class declares with their types, as data classes, named tuples and models of pydantic do: what is
made of the class is given them in this order, or by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.implied import ImpliedItem
from amlbridge.migrate.analysis.scopes import entered


def declared(owner: ast.ClassDef) -> dict[str, ast.expr]:
    """The annotations of the attributes in the body of a class, in their order."""
    found = (node for node in owner.body if isinstance(node, ast.AnnAssign))
    return {node.target.id: node.annotation for node in found if isinstance(node.target, ast.Name)}


def assignments(owner: ast.ClassDef) -> Iterator[tuple[ast.expr, ast.expr, ast.stmt]]:
    """What is assigned in a class: the target, its value and the statement; ``self.a, self.b = x, y`` are two. So are
    the values of ``for self.a in (x, y)``, and ``with x as self.a`` is one."""
    for node in ast.walk(owner):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for part, value in _paired(target, node.value):
                    yield part, value, node
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if isinstance(item.optional_vars, ast.Attribute):
                    yield item.optional_vars, entered(item), node
        elif isinstance(node, (ast.For, ast.AsyncFor)) and not isinstance(node.target, ast.Name):
            for value in _items(node.iter, node.target):
                for part, given in _paired(node.target, value):
                    yield part, given, node


def _items(iterated: ast.expr, target: ast.expr) -> list[ast.expr]:
    """What a loop takes of what it runs over: what is written out, or any item of it."""
    if isinstance(iterated, (ast.List, ast.Tuple)):
        return iterated.elts
    counted = isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "enumerate"
    if counted and iterated.args:  # type: ignore[attr-defined]
        inner = iterated.args[0]  # type: ignore[attr-defined]
        return [ast.Tuple([ast.Constant(0), item], ast.Load()) for item in _items(inner, target)]
    return [_item(iterated, 0, target)]


def _item(owner: ast.expr, index: int, target: ast.expr) -> ImpliedItem:
    """What code takes of a list or a tuple; the new code reads it as what it is put into."""
    item = ImpliedItem(owner, "", ast.unparse(target))
    item.slice = ast.copy_location(ast.Constant(index), owner)
    return item


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The parts of a target with what each gets: as the code writes it out, or of what a call gives."""
    several = (ast.Tuple, ast.List)
    if not isinstance(target, several):
        yield target, value
    elif isinstance(value, several):
        if len(target.elts) == len(value.elts) and not _is_starred([*target.elts, *value.elts]):
            for part, given in zip(target.elts, value.elts, strict=True):
                yield from _paired(part, given)
    elif not _is_starred(target.elts):
        each = value.elt if isinstance(value, (ast.ListComp, ast.GeneratorExp)) else None  # the same code makes each
        for index, part in enumerate(target.elts):
            yield from _paired(part, each if each is not None else _item(value, index, part))


def _is_starred(parts: list[ast.expr]) -> bool:
    return any(isinstance(part, ast.Starred) for part in parts)


def given_to(owner: ast.ClassDef, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """The attributes that a call of a class without an ``__init__`` of its own sets, and what it passes for them."""
    names = list(declared(owner))
    plain = call.args[: next((n for n, arg in enumerate(call.args) if isinstance(arg, ast.Starred)), None)]
    yield from zip(names, plain, strict=False)
    yield from ((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg in names)


def without_none(node: ast.expr | None) -> ast.expr | None:
    """The type of an annotation that allows None beside it: ``Optional[Run]``, ``Union[Run, None]``, ``Run | None``."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Subscript) and isinstance(node.value, (ast.Name, ast.Attribute)):
        outer = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        if outer in ("Optional", "Union"):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    real = [part for part in parts if not (isinstance(part, ast.Constant) and part.value is None)]
    return without_none(real[0]) if len(real) == 1 else node
