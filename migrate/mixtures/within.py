"""A workspace that no variable holds: ``Experiment(connect("a"), "name")``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

_TAKERS = ("Experiment", "Pipeline")


def workspace_within(at: ast.AST, to: Rewriter) -> ast.Call | None:
    """The call that gives the experiments and pipelines above a place, in the same function, their workspace; None
    where there is none, where they have several, and for that of the configuration file."""
    home, line = to.evaluator.scopes.of(at), getattr(at, "lineno", 0)
    above = [call for call in _given(to) if to.evaluator.scopes.of(call) is home and call.lineno <= line]
    found = above[0] if len({ast.unparse(call) for call in above}) == 1 else None
    made = to.use_of(found) if found is not None else None
    configured = made is not None and made.symbol == "Workspace.from_config" and not made.arguments()
    return None if configured else found


def _given(to: Rewriter) -> list[ast.Call]:
    """The calls that stand where a workspace is asked for."""
    if "workspaces within" not in to.memory:
        takers = [use for use in to.uses if use.symbol in _TAKERS and use.call is not None]
        given = [use.argument("workspace", position=0) for use in takers]
        to.memory["workspaces within"] = [node for node in given if isinstance(node, ast.Call)]
    return cast("list[ast.Call]", to.memory["workspaces within"])
