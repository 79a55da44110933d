"""Attributes that a class declares with their types, as data classes, named tuples and models of pydantic do: what is
made of the class is given them in this order, or by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def declared(owner: ast.ClassDef) -> dict[str, ast.expr]:
    """The annotations of the attributes in the body of a class, in their order."""
    found = (node for node in owner.body if isinstance(node, ast.AnnAssign))
    return {node.target.id: node.annotation for node in found if isinstance(node.target, ast.Name)}


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
