"""The credential of a client that is made beside a workspace of SDK v1: the one that the workspace was made with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.registry import Replace, handlers
from amlbridge.migrate.text.fstrings import CannotWriteError

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

#: What is a credential in one expression.
_KINDS = frozenset(
    {
        "AzureCliAuthentication",
        "InteractiveLoginAuthentication",
        "MsiAuthentication",
        "ServicePrincipalAuthentication",
    }
)


def credential_beside(binding: Binding | None, to: Rewriter) -> str:
    """An expression for the credential of the workspace that a name is bound to; the default where the code does not
    say which one that is, or where it cannot be made there again."""
    made = _authentication(binding, to) if binding is not None else None
    use = to.use_of(made) if made is not None else None
    found = handlers().get(use.symbol) if use is not None else None
    if binding and made and use and found is not None and _means_the_same(made, binding, to):
        try:
            outcome = found[1](use, to)
        except (ValueError, CannotWriteError):  # it cannot be told what is given: as good as nothing is said
            outcome = None
        if isinstance(outcome, Replace):
            return outcome.text
    return f"{to.need('azure.identity', 'DefaultAzureCredential')}()"


def _authentication(binding: Binding, to: Rewriter) -> ast.Call | None:
    """The call that makes what the workspace is signed in with, where only one can be meant."""
    call = binding.value if binding.kind == "assign" and len(binding.scope.bindings[binding.name]) == 1 else None
    given = [keyword.value for keyword in call.keywords if keyword.arg == "auth"] if isinstance(call, ast.Call) else []
    value = to.evaluator.value(given[0]) if given else None
    several = [
        part for part in given if isinstance(part, ast.Name) and len(to.evaluator.scopes.lookup(part.id, part)) > 1
    ]
    known = isinstance(value, Instance) and value.type in _KINDS and not value.path and not several
    return value.origin if known and isinstance(value.origin, ast.Call) else None  # type: ignore[union-attr]


def _means_the_same(made: ast.Call, binding: Binding, to: Rewriter) -> bool:
    """Whether the names in a call mean the same where the workspace is made, one thing each, and nothing is asked of
    somebody a second time: ``getpass()``."""
    scopes = to.evaluator.scopes
    if made not in scopes.parents or binding.value is None:
        return False
    inner = [node.func for node in ast.walk(made) if isinstance(node, ast.Call) and node is not made]
    if any(getattr(called, "attr", getattr(called, "id", "")) not in ("get", "getenv") for called in inner):
        return False
    names = [node for node in ast.walk(made) if isinstance(node, ast.Name)]
    there = [(scopes.lookup(name.id, name), scopes.lookup(name.id, binding.value)) for name in names]
    return all(one == other and len(one) < 2 for one, other in there)
