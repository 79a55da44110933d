"""What modules hand to each other: when one side has to stay SDK v1, the other does as well.

Each connected module is decided on its own; what it has to keep and shares with others is kept there as well, until
nothing more has to be. Objects are known by the nodes that made them, across modules.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.uses import Use, find_uses
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.convert import settled
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project.neighbours import Place, place
from amlbridge.migrate.rewriter import Attempt

if TYPE_CHECKING:
    from amlbridge.migrate.project.modules import Project

#: After so many rounds everything that could hang together hangs together.
_ROUNDS = 12


def kept_together(project: Project, options: Options) -> dict[Path, frozenset[Place]]:
    """By the path of a module: the places of the objects in it that have to stay v1 for the sake of any module."""
    modules: list[tuple[ModuleText, Evaluator, list[Use]]] = []
    for module in project.neighbours.connected():
        evaluator = project.neighbours.evaluator(module)
        if evaluator is not None:
            modules.append((module, evaluator, find_uses(evaluator)))
    kept: set[ast.AST] = set()
    around = [
        (evaluator, *project.neighbours.evaluators_around(module).values()) for module, evaluator, _uses in modules
    ]
    seen: list[set[ast.AST] | None] = [None] * len(modules)
    for _ in range(_ROUNDS):
        before = len(kept)
        for index, (module, evaluator, uses) in enumerate(modules):
            near = {node for node in kept if any(node in other.scopes.parents for other in around[index])}
            if near != seen[index]:  # else it has been decided with what is known now
                found = _kept_by(module, evaluator, uses, project, options, near)
                kept |= found
                seen[index] = near | found
        if len(kept) == before:
            break
    return {
        module.path: frozenset(place(node) for node in kept if node in evaluator.scopes.parents)
        for module, evaluator, _uses in modules
    }


def _kept_by(
    module: ModuleText, evaluator: Evaluator, uses: list[Use], project: Project, options: Options, kept: set[ast.AST]
) -> set[ast.AST]:
    attempt = Attempt()
    try:
        settled(module, evaluator, uses, project, options, attempt, kept)
    except Exception:  # noqa: BLE001 - the conversion of that module meets the error again, and reports it
        return set()
    return attempt.kept
