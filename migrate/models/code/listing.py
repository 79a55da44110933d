"""Lists of SDK v1 that SDK v2 gives page by page: only a loop takes them as they are."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.rewriter import Rewriter

#: Functions that take anything that can be run over.
_TAKERS = ("all", "any", "dict", "enumerate", "filter", "iter", "list", "map", "max", "min", "set", "sorted", "tuple")


def listing(code: str, use: Use, to: Rewriter) -> str:
    """The code of what is run over, as a list where it is anything else than run over."""
    around = to.evaluator.scopes.parents.get(use.node)
    if isinstance(around, (ast.For, ast.comprehension)) and around.iter is use.node:
        return code
    if isinstance(around, ast.Call) and isinstance(around.func, ast.Name) and around.func.id in _TAKERS:
        return code
    return f"list({code})"
