"""MLflow in code that submits jobs: it has to be told which workspace it tracks to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import cast

from amlbridge.migrate.analysis.branches import behind_all
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.scopes import Binding, Scope
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import LocalObject
from amlbridge.migrate.mixtures.beside import statements_beside
from amlbridge.migrate.mixtures.new_clients import is_run_script
from amlbridge.migrate.models.code.seen import class_around, is_of_self, is_seen_at
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.above import once
from amlbridge.migrate.text.trees import FUNCTIONS, root_of


def tracking(use: Use, to: Rewriter) -> str:
    """The module mlflow. Where the client is made, or comes into a function, it is told which workspace it tracks to;
    a job knows that."""
    mlflow = to.need_module("mlflow")
    if is_run_script(to) or _is_told(use, to):
        return mlflow
    client = _client(use, to)
    made = _maker(use, client, to)
    beside = made in statements_beside(client, to)
    if isinstance(made, ast.Assign) and not beside and made is not _holder(use, client, to):
        client = to.source(made.targets[0])
    inside = made is not None and made in to.evaluator.scopes.ancestors(use.node)  # if (ws := ...) is not None:
    if inside or (made is None and client == to.memory.get(("variable", "ml_client"))):  # below what makes the client
        once(use.statement, to, "tracking", lambda: _line(mlflow, client))
        return mlflow
    if made is None:
        _tell(_start(use, to), to.before, client, to)
        return mlflow
    for place in behind_all(made, _makers_of(use, client, to), use.node, to.evaluator.scopes):
        _tell(place, to.after, client, to)
    return mlflow


def _tell(place: ast.stmt, insert: Callable[[ast.stmt, str], None], client: str, to: Rewriter) -> None:
    """Inserts the call that tells MLflow, once."""
    if ("tracking", place) in to.memory:
        return
    to.memory["tracking", place] = True
    lines = []
    if not _is_name(client):
        client, code = to.fresh("ml_client"), client
        lines.append(f"{client} = {code}")
    lines.append(_line(to.need_module("mlflow"), client))
    insert(place, "\n".join(lines))


def _makers_of(use: Use, client: str, to: Rewriter) -> list[ast.stmt]:
    """All statements that give a variable its client: one of several may run."""
    bindings = to.evaluator.scopes.lookup(client, use.node) if client.isidentifier() else []
    bound = [one.statement for one in bindings if one.kind == "assign" and not is_none(one.value)]
    named = [other.statement for other in _makers(to) if to.source(other.statement.targets[0]) == client]  # type: ignore[attr-defined]
    return [one for one in (*named, *statements_beside(client, to), *bound) if one is not None]


def tracks_from_the_client_on(use: Use, to: Rewriter) -> bool:
    """Whether MLflow is told above a use in any case: by the code itself, or where the module makes the client."""
    return not is_run_script(to) and (_is_told(use, to) or _maker(use, _client(use, to), to) is not None)


def _is_told(use: Use, to: Rewriter) -> bool:
    """Whether the code tells MLflow itself: above the use, or in a function, which may be called before."""
    scopes = to.evaluator.scopes
    calls = to.evaluator.calls().get("set_tracking_uri", [])
    return any(call.lineno < use.node.lineno or not scopes.of(call).is_module for call in calls)


def _line(mlflow: str, client: str) -> str:
    return f"{mlflow}.set_tracking_uri({client}.workspaces.get({client}.workspace_name).mlflow_tracking_uri)"


def _client(use: Use, to: Rewriter) -> str:
    """The client that a use sees; where none is known, the one that its run was found with."""
    client = to.client(use.node)
    made = to.maker(use.receiver)
    workspace = made.argument("workspace", position=0) if made is not None and made.call is not None else None
    known = _is_name(client) and client != to.memory.get(("variable", "ml_client"))
    if known or not isinstance(workspace, (ast.Name, ast.Attribute)):
        return client
    return _seen_at(use, workspace, to) or client


def _seen_at(use: Use, workspace: ast.Name | ast.Attribute, to: Rewriter) -> str:
    """The client of a workspace that an object was made with, where a use of the object stands: ``work.ws`` outside of
    the class that says ``self.ws``. "" where it cannot be read there."""
    client, root = to.client(use.node, workspace), root_of(workspace)
    if is_seen_at(workspace, use.node, to):
        return client
    holder = use.receiver.value if isinstance(use.receiver, ast.Attribute) else None
    held = to.evaluator.value(holder)
    if not is_of_self(workspace, to) or not isinstance(root, ast.Name) or not client.startswith(f"{root.id}."):
        return ""
    if not isinstance(held, LocalObject) or held.cls.node is not class_around(workspace, to) or holder is None:
        return ""
    return to.source(holder) + client.removeprefix(root.id)


def _is_around(statement: ast.stmt, use: Use, to: Rewriter) -> bool:
    """Whether a statement is of the function that a use is in, or of the module."""
    scope = to.evaluator.scopes.of(statement)
    return scope.is_module or scope.node in set(to.evaluator.scopes.ancestors(use.node))


def _holder(use: Use, client: str, to: Rewriter) -> ast.stmt | None:
    """The statement of the same function that makes the object which holds the client, or its workspace."""
    names = [node.id for node in ast.walk(ast.parse(client, mode="eval")) if isinstance(node, ast.Name)]
    bound = [found for name in names if (found := _binding(use, name, to)) is not None]
    home = to.evaluator.scopes.of(use.node)
    made = [found.statement for found in bound if found.kind == "assign" and found.scope is home and found.statement]
    return max(made, key=lambda statement: statement.lineno) if made else None


def _is_name(client: str) -> bool:
    return client.replace(".", "").isidentifier()


def _maker(use: Use, client: str, to: Rewriter) -> ast.stmt | None:
    """The statement that makes the client which a use sees; of a parameter, the one that a call in this module
    passes."""
    scopes = to.evaluator.scopes
    around = set(scopes.ancestors(use.node))
    makers = _makers(to)
    named = [other for other in makers if to.source(other.statement.targets[0]) == client]  # type: ignore[attr-defined]
    homes = {other.node: _home(other, to) for other in named}
    inner = [other for other in named if homes[other.node] in around or homes[other.node] is to.evaluator.tree]
    if inner:
        return max(inner, key=lambda other: len(list(scopes.ancestors(other.node)))).statement
    below = [statement for statement in statements_beside(client, to) if _is_around(statement, use, to)]
    if below:
        above = [one for one in below if scopes.of(one) is scopes.of(use.node) and one.lineno < use.node.lineno]
        return (above or below)[-1]
    binding = _binding(use, client, to)
    if binding is not None and binding.kind == "assign":
        return binding.statement or scopes.statement_of(binding.node)
    if binding is None and (holder := _holder(use, client, to)) is not None:
        return holder
    if binding is None or binding.kind != "parameter":
        return None
    passed = [value for evaluator, value in to.evaluator.given(binding.scope.node, client) if evaluator is to.evaluator]
    origins = {getattr(to.evaluator.value(value), "origin", None) for value in passed}
    return next((other.statement for other in makers if other.node in origins), None)


def _makers(to: Rewriter) -> list[Use]:
    """The uses that give variables a workspace."""
    if "makers of workspaces" not in to.memory:
        found = [use for use in to.uses if use.symbol.startswith("Workspace") and _assigns(use)]
        to.memory["makers of workspaces"] = found
    return cast("list[Use]", to.memory["makers of workspaces"])


def _assigns(use: Use) -> bool:
    statement = use.statement
    return isinstance(statement, ast.Assign) and statement.value is use.node


def _home(use: Use, to: Rewriter) -> ast.AST:
    """What the code has to be in to see what a use makes: its function, the class for ``self.ws``, else the module."""
    assert isinstance(use.statement, ast.Assign)
    of_self = isinstance(use.statement.targets[0], ast.Attribute)
    kinds = (ast.ClassDef,) if of_self else FUNCTIONS
    around = to.evaluator.scopes.ancestors(use.node)
    return next((node for node in around if isinstance(node, kinds)), to.evaluator.tree)


def _binding(use: Use, client: str, to: Rewriter) -> Binding | None:
    """What gives the client its value: the variable may be called otherwise in the old code."""
    found = to.evaluator.scopes.lookup(client, use.node) if client.isidentifier() else []
    return found[0] if found else _renamed(use, client, to)


def _renamed(use: Use, client: str, to: Rewriter) -> Binding | None:
    scope: Scope | None = to.evaluator.scopes.of(use.node)
    while scope is not None:
        for bindings in scope.bindings.values():
            first = bindings[0]
            if first.kind == "assign" and isinstance(first.node, ast.Name) and to.source(first.node) == client:
                return first
        scope = scope.parent
    return None


def _start(use: Use, to: Rewriter) -> ast.stmt:
    """The first statement of the function that a use is in, or its own, with all around it, outside of functions."""
    around = list(to.evaluator.scopes.ancestors(use.node))
    function = next((node for node in around if isinstance(node, FUNCTIONS)), None)
    if function is None:
        return next((node for node in reversed(around) if isinstance(node, ast.stmt)), use.statement)
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1] if documented and len(function.body) > 1 else first
