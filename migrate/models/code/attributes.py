"""Objects that a class of the module keeps in an attribute of its own: ``self.data = PipelineData("data")``."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS, only_target


def attribute_of(made: ast.AST, to: Rewriter) -> ast.Attribute | None:
    """The attribute of ``self`` that an object is assigned to where a method makes it, if it never holds another one;
    else None."""
    scopes = to.evaluator.scopes
    statement = scopes.parents.get(made)
    target = only_target(statement)
    if not isinstance(target, ast.Attribute) or not _is_self(target):
        return None
    owner, method = class_of(made, to), scopes.parents.get(statement) if statement is not None else None
    if owner is None or not isinstance(method, FUNCTIONS):
        return None
    stores = [node for node in _named(target.attr, to) if not isinstance(node.ctx, ast.Load)]
    return target if stores == [target] and owner.name not in to.read_elsewhere() else None


def class_of(node: ast.AST, to: Rewriter) -> ast.ClassDef | None:
    """The class whose method a node is in, itself not in a function inside of that."""
    around = [at for at in to.evaluator.scopes.ancestors(node) if isinstance(at, (*FUNCTIONS, ast.ClassDef))]
    return around[1] if len(around) > 1 and isinstance(around[1], ast.ClassDef) else None


def reads_of(attribute: ast.Attribute, made: ast.AST, to: Rewriter) -> list[ast.Attribute] | None:
    """The places where an attribute is read; None where one of them may be of another object."""
    reads = [node for node in _named(attribute.attr, to) if isinstance(node.ctx, ast.Load)]
    values = [to.evaluator.value(node) for node in reads]
    same = all(isinstance(value, Instance) and value.origin is made for value in values)
    return reads if same else None


def _named(name: str, to: Rewriter) -> list[ast.Attribute]:
    nodes = to.evaluator.scopes.parents
    return [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == name]


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"
