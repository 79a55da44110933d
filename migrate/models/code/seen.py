"""Whether what an object was made of can be read where the object is used."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import root_of


def is_seen_at(node: ast.expr, at: ast.AST, to: Rewriter) -> bool:
    """Whether a name, or an attribute of one, means the same at another place: a variable of another function does not,
    nor does ``self.run`` outside of the class."""
    scopes, root = to.evaluator.scopes, root_of(node)
    bound = scopes.bindings_of(root)
    if not bound or not isinstance(root, ast.Name):
        return not isinstance(root, ast.Name)
    if is_of_self(node, to):
        return class_around(node, to) in set(scopes.ancestors(at))
    return scopes.lookup(root.id, at)[:1] == bound[:1]


def may_be_set(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether the code around may set a variable again: not a function that only reads one of the module, or of the
    function around it, which a statement that sets it would hide."""
    if not isinstance(node, ast.Name):
        return True
    bound = to.evaluator.scopes.bindings_of(node)
    return not bound or bound[0].scope is to.evaluator.scopes.home(node)


def is_of_self(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is an attribute of the object that a method is called of."""
    root = root_of(node)
    bound = to.evaluator.scopes.bindings_of(root)
    return isinstance(root, ast.Name) and root.id in ("self", "cls") and bool(bound) and bound[0].kind == "parameter"


def class_around(node: ast.AST, to: Rewriter) -> ast.AST | None:
    """The class that a place is in."""
    return next((part for part in to.evaluator.scopes.ancestors(node) if isinstance(part, ast.ClassDef)), None)
