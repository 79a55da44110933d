"""Variables that hold an object of SDK v1 in one place and something else in another.

``model`` is a network in the cell that trains, and a registered model in the one that deploys. What is read of it that
no class of SDK v1 has is read of the other: ``model.predict(rows)``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.no_equivalent import is_member
from amlbridge.migrate.registry import handlers


def of_sdk_v1(uses: Iterable[Use]) -> list[Use]:
    """The uses without those that are of such another value."""
    return [use for use in uses if not _is_of_another(use)]


def _is_of_another(use: Use) -> bool:
    if not isinstance(use.receiver, ast.Name) or any(symbol in handlers() for symbol in use.symbols):
        return False
    owner, _, member = use.symbol.removesuffix("=").removesuffix("[]").partition(".")
    if not member or is_member(owner, member):
        return False
    found = use.evaluator.scopes.lookup(use.receiver.id, use.receiver)
    everywhere = found[0].scope.bindings[use.receiver.id] if found else []
    values = [binding for binding in everywhere if binding.value is None or not is_none(binding.value)]
    return any(not isinstance(use.evaluator.binding_value(binding), Instance) for binding in values)
