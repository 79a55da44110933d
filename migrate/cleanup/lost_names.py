"""Names that the old code defines and the new code reads, but nothing defines any more: a conversion went too far."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from amlbridge.migrate.analysis.scopes import Scopes, scopes_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.trees import parsed, walk

_BUILT_IN = frozenset({*dir(builtins), "__file__", "__name__", "__doc__", "__class__"})


def lost_names(old: Evaluator, text: str) -> set[str]:
    """The names that ``text``, the new code, reads without a definition, where the old code has none without one."""
    new = parsed(text)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in new.nodes):
        return set()
    found = _undefined(new.nodes, scopes_of(new.tree))
    return found - _undefined(walk(old.tree), old.scopes) if found else found


def undefined_names(text: str) -> set[str]:
    """The names that code reads and nothing in it defines, except perhaps ``import *``."""
    new = parsed(text)
    return _undefined(new.nodes, scopes_of(new.tree))


def _undefined(nodes: Iterable[ast.AST], scopes: Scopes) -> set[str]:
    reads = (node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return {node.id for node in reads if node.id not in _BUILT_IN and not scopes.is_bound(node.id, node)}


def makers(names: set[str], uses: list[Use]) -> list[Use]:
    """The uses that gave names their values."""
    return [
        use
        for use in uses
        if isinstance(use.statement, ast.Assign)
        and use.statement.value is use.node
        and any(isinstance(target, ast.Name) and target.id in names for target in use.statement.targets)
    ]
