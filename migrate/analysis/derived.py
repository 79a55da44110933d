"""Classes of the user's own that derive from a class of SDK v1: they stay, and with them what is made of them.

The classes of SDK v2 take other arguments and have other methods, so that a class with another base is another class.
Exceptions are the exception: what is raised and caught keeps its meaning.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from amlbridge.migrate.analysis.scopes import Scopes
from amlbridge.migrate.analysis.uses import Use

_RAISED = ("Exception", "Error")


def bases(uses: Iterable[Use], scopes: Scopes) -> Iterator[Use]:
    """The uses that are bases of classes."""
    for use in uses:
        parent = scopes.parents.get(use.node)
        if isinstance(parent, ast.ClassDef) and use.node in parent.bases and not use.symbol.endswith(_RAISED):
            yield use


def derived_classes(uses: Iterable[Use], scopes: Scopes) -> frozenset[str]:
    """The names of the classes of a module with a base of SDK v1."""
    parents = (scopes.parents[use.node] for use in bases(uses, scopes))
    return frozenset(parent.name for parent in parents if isinstance(parent, ast.ClassDef))


def is_derived(node: ast.expr, classes: frozenset[str], scopes: Scopes) -> bool:
    """Whether an expression, or what its variable holds, is made of one of these classes."""
    made = scopes.only_value(node)
    return isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in classes
