"""Names that a module reads and nothing in it defines: those of a part of a script, of a notebook that another one runs
first, or of what ``import *`` brings."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.clients import is_client
from amlbridge.migrate.analysis.known import PARAMETER_NAMES

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator, Instance


@lru_cache(maxsize=8)
def unbound_names(evaluator: Evaluator) -> dict[str, ast.Name]:
    """The names that a module reads without a definition that they may mean, with the first place of each."""
    found: dict[str, ast.Name] = {}
    for node in evaluator.scopes.every(ast.Name):
        if not isinstance(node.ctx, ast.Load) or node.id in found:
            continue
        if not evaluator.scopes.is_bound(node.id, node):
            found[node.id] = node
    return found


@lru_cache(maxsize=32)
def unbound_workspace(name: str, evaluator: Evaluator) -> Instance | None:
    """The workspace that a name stands for which nothing defines, and which is called after one; None for what another
    module may bring that is not seen, and for what is used as a client of SDK v2."""
    from amlbridge.migrate.analysis.values import Instance

    kind = PARAMETER_NAMES.get(name)
    if kind is None or evaluator.scopes.starred or not evaluator.uses_v1():
        return None
    first = unbound_names(evaluator).get(name)
    if first is None or is_client(evaluator.tree, name, evaluator.scopes):
        return None
    return Instance(kind, first)
