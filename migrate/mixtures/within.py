"""A workspace that no variable holds: ``Experiment(connect("a"), "name")``, or only one of another function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from amlbridge.migrate.registry import Replace

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

_TAKERS = ("Experiment", "Pipeline")
_MAKERS = ("Workspace", "Workspace.get", "Workspace.from_config")


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


def only_workspace(at: ast.AST, to: Rewriter) -> ast.Call | None:
    """The call that makes the only workspace of the module, where it can be made once more at a place: its arguments
    are known there. None for that of the configuration file."""
    uses = [use for use in to.uses if use.symbol in _MAKERS and use.call is not None]
    if len(uses) != 1 or not uses[0].arguments() or not isinstance(to.outcome(uses[0]), Replace):
        return None
    call = uses[0].call
    names = [node for node in ast.walk(call) if isinstance(node, ast.Name)] if call is not None else []
    line = getattr(at, "lineno", 0) if to.evaluator.scopes.of(at).is_module else None
    return call if all(_is_known(name, line, to) for name in names) else None


def names_others(to: Rewriter) -> bool:
    """Whether the module makes a workspace that is not that of the configuration file."""
    made = [use for use in to.uses if use.symbol in _MAKERS and use.call is not None]
    return any(use.symbol != "Workspace.from_config" or use.arguments() for use in made)


def _is_known(name: ast.Name, line: int | None, to: Rewriter) -> bool:
    found = to.evaluator.scopes.lookup(name.id, name)
    return bool(found) and all(one.scope.is_module and (line is None or one.position[0] < line) for one in found)
