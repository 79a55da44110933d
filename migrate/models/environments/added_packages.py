"""Packages that are added to those of an environment which is there already, one statement after the other."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.environments.conda import Conda
from amlbridge.migrate.module import CELL_MARK
from amlbridge.migrate.requirements import converted
from amlbridge.migrate.rewriter import Rewriter


def added_lines(package: str, use: Use, to: Rewriter) -> list[str]:
    """The packages of SDK v2 for one that is added, as code; an environment of the workspace may lack those that any
    environment gets which is made here."""
    made = use.receiver_value.origin if use.receiver_value is not None else None
    maker = to.use_of(made) if made is not None else None
    if maker is not None and maker.symbol in ("Environment.get", "Environment.clone", "Workspace.environments[]"):
        return [repr(line) for line in converted([package], tracking=False)]
    return Conda(pip=[repr(package)]).pip_added()


def is_added_to_below(use: Use, to: Rewriter) -> bool:
    """Whether the next statement, in the same cell of a notebook, adds another package to the same dependencies."""
    block = to.evaluator.scopes.block(use.statement) or []
    index = block.index(use.statement) + 1 if use.statement in block else len(block)
    below = block[index] if block[index:] else None
    added = to.use_of(below.value) if isinstance(below, ast.Expr) else None
    if added is None or added.receiver is None or use.receiver is None:
        return False
    same = ast.unparse(added.receiver) == ast.unparse(use.receiver)
    if not same or not added.symbol.startswith("CondaDependencies.add_") or not _adds_something(added, to):
        return False
    return CELL_MARK not in to.lines.text[to.lines.span(use.statement)[1] : to.lines.span(added.statement)[0]]


def _adds_something(use: Use, to: Rewriter) -> bool:
    """Whether a statement is left of a use that adds a package."""
    value = next(iter(use.arguments().values()), None)
    text = to.evaluator.text(value) if value is not None else None
    named = use.symbol.endswith("add_pip_package") and text is not None
    return not named or bool(added_lines(str(text), use, to))
