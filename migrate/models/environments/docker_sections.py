"""A ``DockerSection`` that a variable holds before an environment gets it: what it says is the environment's."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

_OTHERWISE = "the section of Docker is used in another way: describe it with Environment(image=...)"


def docker_section(value: ast.expr, to: Rewriter) -> list[Use]:
    """The changes of the section that an environment is given. Raises ValueError where they cannot be told."""
    held = to.evaluator.value(value)
    made = to.maker(value)
    if made is None or made.symbol != "DockerSection" or not isinstance(held, Instance) or held.path:
        raise ValueError(_OTHERWISE)
    return section_of(made, to)


def section_of(made: Use, to: Rewriter) -> list[Use]:
    """The changes of a section, if it does nothing but go to environments. Raises ValueError for another one."""
    if made.call is None or made.call.args or made.call.keywords:
        raise ValueError(_OTHERWISE)
    changes = Objects.of(to).members(made.node)
    scopes = to.evaluator.scopes
    given = [scopes.statement_of(name) for name in Objects.of(to).names(made.node) if not _is_owner(name, to)]
    if any(not use.symbol.endswith("=") for use in changes):
        raise ValueError(_OTHERWISE)
    for statement in given:
        use = next((use for use in to.uses if use.statement is statement and use.symbol == "Environment.docker="), None)
        if use is None or any(change.statement.lineno > use.statement.lineno for change in changes):
            raise ValueError(_OTHERWISE)
    return changes


def is_apart(use: Use, to: Rewriter) -> bool:
    """Whether an assignment changes a section that a variable holds, and not that of an environment."""
    held = use.receiver_value
    made = to.maker(use.receiver)
    return made is not None and made.symbol == "DockerSection" and held is not None and not held.path


def is_given(use: Use, to: Rewriter) -> bool:
    """Whether a section is made where an environment gets it: ``env.docker = DockerSection()``."""
    same = [other for other in to.uses if other.statement is use.statement and other.symbol == "Environment.docker="]
    return bool(same) and use.is_assigned


def _is_owner(name: ast.Name, to: Rewriter) -> bool:
    around = to.evaluator.scopes.parents.get(name)
    return isinstance(around, ast.Attribute) and around.value is name
