"""The workspace that an object holds: ``self.workspace``, ``aml.ws``, ``made["ws"]``. Its client is that of the code
around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from amlbridge.migrate.analysis.known import PARAMETER_NAMES
from amlbridge.migrate.analysis.records import of_record
from amlbridge.migrate.text.trees import FUNCTIONS, root_of

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

_KEY = "workspaces in attributes"
_Place = ast.Attribute | ast.Subscript
_PLACES = (ast.Attribute, ast.Subscript)


def held_client(at: ast.AST, to: Rewriter) -> str | None:
    """The client of a workspace in an attribute that the function around a place reads, or that the object has which
    the function is a method of; None where there is none."""
    node = _held(at, to)
    return to.client(at, node) if node is not None else None


def held_workspace(at: ast.AST, to: Rewriter) -> str | None:
    """The attribute with such a workspace, which stays SDK v1 where nobody sees what puts it there."""
    node = _held(at, to)
    if node is None:
        return None
    value = to.evaluator.value(node)
    kept = value is None or getattr(value, "origin", None) in to.attempt.kept
    return to.lines.source(node) if kept else None


def _held(at: ast.AST, to: Rewriter) -> _Place | None:
    scopes = to.evaluator.scopes
    function = next((node for node in scopes.ancestors(at) if isinstance(node, FUNCTIONS)), None)
    owner = scopes.parents.get(function) if function is not None else None
    for node in _attributes(to):
        around = list(scopes.ancestors(node))
        home = next((other for other in around if isinstance(other, FUNCTIONS)), None)
        read = home is function and _is_there(node, at, to)
        if read or (isinstance(owner, ast.ClassDef) and owner in around and _is_of_self(node, function)):
            return node
    return None


def _attributes(to: Rewriter) -> list[_Place]:
    """The attributes and keys of the module that hold a workspace, in the order of the text."""
    if _KEY not in to.memory:
        places = [node for node in to.evaluator.scopes.parents if isinstance(node, _PLACES)]
        found = [node for node in places if _is_workspace(node, to)]
        to.memory[_KEY] = sorted(found, key=lambda node: (node.lineno, node.col_offset))
    return cast("list[_Place]", to.memory[_KEY])


def _is_workspace(node: _Place, to: Rewriter) -> bool:
    """Whether an attribute of the user's holds one, as its value says, or as SDK v1 takes it for one."""
    if to.use_of(node) is not None:
        return False
    if isinstance(node, ast.Subscript):
        kept = of_record(node, to.evaluator)
        return kept is not None and kept.type == "Workspace"
    if to.evaluator.value(node) is not None:
        return to.evaluator.type_of(node) == "Workspace"
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, ast.keyword):
        return PARAMETER_NAMES.get(parent.arg or "") == "Workspace" and _is_used(parent, to)
    first = isinstance(parent, ast.Call) and bool(parent.args) and parent.args[0] is node
    return first and PARAMETER_NAMES.get(node.attr) == "Workspace" and to.use_of(cast("ast.Call", parent)) is not None


def _is_used(keyword: ast.keyword, to: Rewriter) -> bool:
    call = to.evaluator.scopes.parents.get(keyword)
    return call is not None and to.use_of(call) is not None


def _is_there(node: _Place, at: ast.AST, to: Rewriter) -> bool:
    """Whether what an attribute is read of is known at a place: a parameter, or a variable that was set before."""
    root = root_of(node.value)
    found = to.evaluator.scopes.lookup(root.id, at) if isinstance(root, ast.Name) else []
    place = (getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
    return bool(found) and all(b.scope is not to.evaluator.scopes.of(at) or b.position <= place for b in found)


def _is_of_self(node: _Place, function: ast.AST | None) -> bool:
    """Whether an attribute is one of the object that a function is a method of."""
    assert isinstance(function, FUNCTIONS)
    parameters = [*function.args.posonlyargs, *function.args.args]
    is_self = isinstance(node.value, ast.Name) and node.value.id == "self"
    return is_self and bool(parameters) and parameters[0].arg == "self"
