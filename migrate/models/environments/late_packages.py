"""Packages that come to conda dependencies when an environment has them already:
``env.python.conda_dependencies = packages``, and then ``env.python.conda_dependencies.add_pip_package("x")``."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter


def late_additions(made: ast.AST | None, to: Rewriter) -> list[Use]:
    """The packages that belong into the dict of conda dependencies, as nothing but one environment has it: those that
    are added there, as far as they are written out."""
    if made is None:
        return []
    objects, scopes = Objects.of(to), to.evaluator.scopes
    reads = [name for name in objects.names(made) if not isinstance(scopes.parents.get(name), ast.Attribute)]
    statement = scopes.statement_of(reads[0]) if len(reads) == 1 else None
    given = next((use for use in to.uses if use.statement is statement and use.symbol.endswith(_GIVEN)), None)
    owner = given.receiver_value if given is not None else None
    if owner is None or owner.origin is None or statement is None:
        return []
    added = [use for use in objects.members(owner.origin) if _adds(use, owner)]
    late = all(use.statement.lineno > statement.lineno for use in added)
    return added if late and all(_is_plain(use) for use in added) else []


_GIVEN = "PythonSection.conda_dependencies="


def _adds(use: Use, owner: Instance) -> bool:
    held = use.receiver_value
    same = held is not None and held.path == (*owner.path, "conda_dependencies")
    return same and use.symbol.startswith("CondaDependencies.add_")


def _is_plain(use: Use) -> bool:
    return use.call is not None and all(isinstance(value, ast.Constant) for value in use.arguments().values())
