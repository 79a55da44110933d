"""Bridges to settings: v1 code gets an environment of the workspace again, or what no workspace knows made anew.

Code that stays SDK v1 may take settings that other code, which becomes v2, takes as well: ``Model.package(ws, [model],
inference_config)`` beside ``Model.deploy(...)``. What made them from plain values makes them once more, where the code
that stays takes them. Objects that only such code takes stay v1 themselves.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.mixtures.beside import v1_workspace

if TYPE_CHECKING:
    from amlbridge.migrate.models.code.objects import Objects
    from amlbridge.migrate.rewriter import Rewriter

#: Calls that make settings of nothing but their arguments.
_RECIPES = frozenset(
    {
        "InferenceConfig",
        "Environment.from_conda_specification",
        "Environment.from_pip_requirements",
        "Environment.from_docker_image",
    }
)
#: What gives an environment that the workspace has.
_REGISTERED = "Environment.get"
_TYPES = frozenset({"InferenceConfig", "Environment"})


def settings_type(node: ast.AST, to: Rewriter) -> str | None:
    """The type of the settings that a name stands for, if v1 code can have them although they have become v2; or
    None."""
    value = to.evaluator.value(node) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else None
    if not isinstance(value, Instance) or value.type not in _TYPES or value.path or value.origin in to.attempt.kept:
        return None
    made = _maker(value, to)
    if made is None or not _is_read_by_v2(made, to):
        return None
    if made.symbol == _REGISTERED:
        return value.type
    return value.type if made.symbol in _RECIPES and _is_plain(made, node, to) else None


def settings_code(node: ast.AST, to: Rewriter) -> str:
    """The v1 code of the settings that a name stands for, of which ``settings_type`` knows the type."""
    value = to.evaluator.value(node) if isinstance(node, ast.Name) else None
    made = _maker(value, to) if isinstance(value, Instance) else None
    assert made is not None and isinstance(node, ast.Name)
    if made.symbol != _REGISTERED:
        for name in _names(made.node):
            to.imports.reused.add(name.id)
            to.attempt.names.add(name.id)
        return to.left(made.node)
    environment = to.imports.need("azureml.core", "Environment")
    to.attempt.names.add(environment)
    version = made.argument("version", position=2) if made.call is not None else None
    known = not is_none(version)
    found = to.source(node)
    which = f", version={found}.version" if known else ""
    return f"{environment}.get({v1_workspace(node, to)}, {found}.name{which})"


def _objects(to: Rewriter) -> Objects:
    from amlbridge.migrate.models.code.objects import Objects  # which builds on the rewriter, as this module's caller

    return Objects.of(to)


def _maker(value: Instance, to: Rewriter) -> Use | None:
    return to.use_of(value.origin) if value.origin is not None else None


def _is_read_by_v2(made: Use, to: Rewriter) -> bool:
    """Whether anything takes the object but code that stays v1, as far as it is known by now."""
    parents = to.evaluator.scopes
    return any(
        not any(around in to.attempt.reasons for around in parents.ancestors(name) if isinstance(around, ast.expr))
        for name in _objects(to).names(made.node)
    )


def _is_plain(made: Use, at: ast.AST, to: Rewriter) -> bool:
    """Whether a call can be repeated at another place: nothing changes what it makes, and it takes the same there."""
    from amlbridge.migrate.models.environments.environment import is_change

    if any(is_change(member) for member in _objects(to).members(made.node)):
        return False
    call, scopes = made.call, to.evaluator.scopes
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)] if call is not None else []
    for name in (part for argument in arguments for part in _names(argument)):
        value = to.evaluator.value(name)
        if isinstance(value, Instance):
            if to.bridge(name) is None:
                return False
            continue
        here, there = scopes.lookup(name.id, name), scopes.lookup(name.id, at)
        if len(here) > 1 or here != there:
            return False
    return call is not None


def _names(node: ast.AST) -> list[ast.Name]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)]
