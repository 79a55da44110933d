"""The client beside a workspace that has to stay SDK v1: a variable made once, below the workspace."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, cast

from amlbridge.migrate.analysis.functions import default_of, returns
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.scopes import Binding, Scope
from amlbridge.migrate.analysis.unbound import unbound_names
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance, Symbol
from amlbridge.migrate.attempt import NEW
from amlbridge.migrate.mixtures.credentials import credential_beside
from amlbridge.migrate.mixtures.held import held_workspace
from amlbridge.migrate.text.trees import FUNCTIONS, walk

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

_MADE = "clients beside"
_UNBOUND = "unbound workspaces"
#: What gives a workspace.
_WORKSPACES = frozenset(
    [
        "Workspace",
        "Workspace.from_config",
        "Workspace.get",
        "Workspace.create",
        "Workspace.setup",
        "Experiment.workspace",
    ]
)
_ALONE = "workspaces alone"
#: The kinds of bindings that give a variable its workspace.
_NAMED = ("assign", "parameter", "import")
_DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


def client_of(workspace: str, to: Rewriter, binding: Binding | None = None) -> str:
    """An expression for the client of a v1 workspace. ``binding``: what gives it its name, if that is known."""
    client = to.need("azure.ai.ml", "MLClient")
    credential = credential_beside(binding, to)
    where = f"{workspace}.subscription_id, {workspace}.resource_group, {workspace}.name"
    return f"{client}({credential}, {where})"


def workspaces_in(scope: Scope, client: str, to: Rewriter) -> list[tuple[Binding, Instance | None]]:
    """The bindings of a scope that hold a workspace, with it, and those of the client's name, with None."""
    if ("workspaces in", scope) not in to.memory:
        found: list[tuple[Binding, Instance | None]] = []
        for binding in (binding for bindings in scope.bindings.values() for binding in bindings):
            value = to.evaluator.binding_value(binding)
            if isinstance(value, Instance) and value.type == "Workspace":
                found.append((binding, value))
            elif binding.name == client:
                found.append((binding, None))
        to.memory["workspaces in", scope] = found
    return cast("list[tuple[Binding, Instance | None]]", to.memory["workspaces in", scope])


def unbound_client(at: ast.AST, to: Rewriter) -> str | None:
    """The client in a name that only another module, or a part of the script that is not seen, gives its value; None
    where no such name stands for a workspace at a place, and where the module has one that is known."""
    for name, value in _unbound_workspaces(to):
        if not to.evaluator.scopes.is_bound(name, at):
            return client_of(name, to) if value.origin in to.attempt.kept else name
    return None


def _unbound_workspaces(to: Rewriter) -> list[tuple[str, Instance]]:
    """Those names, with their workspaces."""
    if _UNBOUND not in to.memory:
        found: list[tuple[str, Instance]] = []
        if not any(use.symbols[-1] in _WORKSPACES for use in to.uses):
            values = ((name, to.evaluator.value(first)) for name, first in unbound_names(to.evaluator).items())
            found = [(name, one) for name, one in values if isinstance(one, Instance) and one.type == "Workspace"]
        to.memory[_UNBOUND] = found
    return cast("list[tuple[str, Instance]]", to.memory[_UNBOUND])


def client_of_unknown(workspace: ast.expr, to: Rewriter) -> tuple[str, bool]:
    """The client of what has to be a workspace, as SDK v1 takes it for one, and whether that is assumed to be a client
    already. What a module gives that is not seen stays SDK v1; a parameter is what the converted callers pass."""
    root = workspace
    while isinstance(root, (ast.Attribute, ast.Call)):
        root = root.func if isinstance(root, ast.Call) else root.value
    found = to.evaluator.scopes.bindings_of(root)
    code = to.source(workspace)
    if found and all(binding.kind == "import" or _is_made_by_v1(binding, to) for binding in found):
        return client_of(code, to), False
    return code, True


def _is_made_by_v1(binding: Binding, to: Rewriter) -> bool:
    """Whether a variable holds what something of SDK v1 gives that no rule knows."""
    made = binding.value if binding.kind == "assign" else None
    return isinstance(made, ast.Call) and isinstance(to.evaluator.value(made.func), Symbol)


def workspace_of(client: str | None, to: Rewriter) -> str:
    """An expression for the v1 workspace of a client, or of the configuration file when there is none."""
    made = to.imports.need("azureml.core", "Workspace")
    if client is None or not client.replace(".", "").isidentifier():
        return f"{made}.from_config()"
    where = f"subscription_id={client}.subscription_id, resource_group={client}.resource_group_name"
    return f"{made}.get({client}.workspace_name, {where})"


def v1_workspace(at: ast.AST, to: Rewriter) -> str:
    """The name of a workspace that is there as a v1 object, too; else code for one."""
    scopes = to.evaluator.scopes
    for scope in scopes.all:
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                value = to.evaluator.binding_value(binding) if binding.kind in _NAMED else None
                made = value.origin if isinstance(value, Instance) and value.type == "Workspace" else None
                if made is None or not any(found.scope is scope for found in scopes.lookup(name, at)):
                    continue
                if to.use_of(made) and isinstance(binding.node, ast.Name):
                    to.keep_workspace(binding.node)
                    return name
                if binding.kind != "assign" and made in to.attempt.kept:
                    return name
    held, stays = _of_object(at, to)
    if held is not None and stays:
        return held
    client = to.visible_client(at)
    other = held_workspace(at, to) if client is None else None
    return other if other is not None else workspace_of(client, to)


def client_near(workspace: ast.expr, to: Rewriter) -> str:
    """The client of a v1 workspace that has no variable of its own: one that the statements around share."""
    from amlbridge.migrate.text.above import shared

    return shared(workspace, to, "ml_client", lambda: client_of(to.source(workspace), to))


def client_of_object(at: ast.AST, to: Rewriter) -> str | None:
    """The client, or that of the workspace, in an attribute of the object whose method a place is in, or None."""
    held, stays = _of_object(at, to)
    if held is None or not stays:
        return held
    from amlbridge.migrate.text.above import shared

    return shared(at, to, "ml_client", lambda: client_of(held, to))


def _of_object(at: ast.AST, to: Rewriter) -> tuple[str | None, bool]:
    """The attribute with the workspace of the object whose method a place is in, and whether that stays SDK v1."""
    method: ast.AST | None = None
    for node in to.evaluator.scopes.ancestors(at):
        if isinstance(node, ast.ClassDef):
            if isinstance(method, FUNCTIONS) and method.args.args and not _is_of_class(method):
                return _attribute(node, method, at, to)
            return None, False
        method = node
    return None, False


def _is_of_class(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [node.id for node in method.decorator_list if isinstance(node, ast.Name)]
    return not {"classmethod", "staticmethod"}.isdisjoint(names)


def _attribute(
    owner: ast.ClassDef, method: ast.FunctionDef | ast.AsyncFunctionDef, at: ast.AST, to: Rewriter
) -> tuple[str | None, bool]:
    for name, given in to.evaluator.assigned(owner).items():
        held = to.evaluator.field(owner, name)
        if not isinstance(held, Instance) or held.type != "Workspace":
            continue
        inside = [node for node in given if any(around is method for around in to.evaluator.scopes.ancestors(node))]
        if inside and min(node.lineno for node in inside) >= at.lineno:  # type: ignore[attr-defined]
            continue  # it is not there yet
        lazy = not inside and any(is_none(node) for node in given)
        asked = next((part for part in _properties(owner, to) if part[0] != method.name), None) if lazy else None
        name, held = asked or (name, held)
        return f"{method.args.args[0].arg}.{name}", held.origin in to.attempt.kept
    for name, made in _properties(owner, to):
        if name != method.name:
            return f"{method.args.args[0].arg}.{name}", made.origin in to.attempt.kept
    return None, False


def _properties(owner: ast.ClassDef, to: Rewriter) -> Iterator[tuple[str, Instance]]:
    """The properties of a class that give a workspace: what they keep it in may not be there yet."""
    for part in owner.body:
        named = [node for decorator in getattr(part, "decorator_list", ()) for node in ast.walk(decorator)]
        is_property = any("property" in getattr(node, "id", getattr(node, "attr", "")) for node in named)
        value = to.evaluator.returned(part) if is_property and isinstance(part, FUNCTIONS) else None
        if isinstance(part, FUNCTIONS) and isinstance(value, Instance) and value.type == "Workspace":
            yield part.name, value


def client_beside(binding: Binding, variable: str, to: Rewriter) -> str:
    """The client of the workspace that a name is bound to: ``variable``, which is made below each place that gives the
    name its value. An expression where there is no room for that, or where the module has such a variable already."""
    code = client_of(binding.name, to, binding)
    if variable in to.evaluator.scopes.names:
        return code
    bindings = binding.scope.bindings[binding.name]
    places = [(other, place) for other in bindings if (place := _place(other, to)) is not None]
    if len(places) < len(bindings) or any(map(to.evaluator.scopes.is_set_elsewhere, bindings)):
        return code
    made = to.memory.setdefault(_MADE, {})
    assert isinstance(made, dict)
    for other, (statement, above) in places:
        if statement not in made:
            may_lack = above and _may_be_none(binding)
            given = code if above or not is_none(other.value) else "None"
            made[statement] = f"{variable} = {given}{f' if {binding.name} is not None else None' if may_lack else ''}"
            if isinstance(statement, _DEFINITIONS):  # blank lines above it
                to.memory[NEW] = (*cast("tuple[str, ...]", to.memory.get(NEW, ())), statement.name)
            (to.before if above else to.after)(statement, made[statement])
    return variable


def _may_be_none(binding: Binding) -> bool:
    """Whether a function may be called without the workspace."""
    function = binding.scope.node
    if binding.kind != "parameter" or not isinstance(function, FUNCTIONS):
        return False
    default = default_of(function.args, binding.name)
    return default is not None and is_none(default)


def statements_beside(variable: str, to: Rewriter) -> list[ast.stmt]:
    """The statements that such a variable is made below."""
    made = to.memory.get(_MADE, {})
    assert isinstance(made, dict)
    below = (statement for statement in made if made[statement] in to.appended.get(statement, ()))
    return [statement for statement in below if made[statement].startswith(f"{variable} = ")]


def is_from_elsewhere(made: ast.AST, to: Rewriter) -> bool:
    """Whether a variable holds what a function of another module gives."""
    called = to.evaluator.value(made.func) if isinstance(made, ast.Call) else None
    statement = to.evaluator.scopes.parents.get(made)
    alone = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    return alone and isinstance(called, Function) and called.evaluator is not to.evaluator


def returned_by(calls: Collection[ast.AST], to: Rewriter) -> list[ast.AST]:
    """What the functions of the module that are called make the workspaces with that they return."""
    found: list[ast.AST] = []
    waiting = list(calls)
    while waiting:
        made = waiting.pop()
        called = to.evaluator.value(made.func) if isinstance(made, ast.Call) else None
        if not isinstance(called, Function) or called.evaluator is not to.evaluator:
            continue
        values = [to.evaluator.value(node) for node in returns(called.node)]
        origins = [value.origin for value in values if isinstance(value, Instance) and value.origin is not None]
        new = [origin for origin in origins if origin not in found]
        found += new
        waiting += new
    return found


def gives_kept(made: ast.AST, to: Rewriter) -> bool:
    """Whether a call of a function of another module gives an object that stays SDK v1 there, too."""
    called = to.evaluator.value(made.func) if isinstance(made, ast.Call) else None
    found = called.evaluator.returned(called.node) if isinstance(called, Function) else None
    return isinstance(found, Instance) and found.origin in to.attempt.kept


def both_written(statement: ast.Assign, client: str, to: Rewriter) -> str:
    """A workspace as a v1 object, and its client; ``client`` is the statement that makes that."""
    before = to.lines.source(statement)
    if statement.value in forgotten(to):
        return before
    if not is_from_elsewhere(statement.value, to):
        return f"{before}\n{client}"
    name, made = to.lines.source(statement.targets[0]), client.partition(" = ")[0]
    return f"{client}\n{name} = {workspace_of(made, to)}"


def forgotten(to: Rewriter) -> set[ast.expr]:
    """The v1 workspaces that have no client beside them: nothing reads that."""
    found = to.memory.setdefault(_ALONE, set())
    assert isinstance(found, set)
    return found


def is_second(name: str, scope: Scope, names: Collection[str], to: Rewriter) -> bool:
    """Whether a scope has another workspace under another name before: only one can be called ``ml_client``."""
    first = min(binding.position for binding in scope.bindings[name])
    for other in names:
        if other != name and other in scope.bindings:
            values = [(binding, to.evaluator.binding_value(binding)) for binding in scope.bindings[other]]
            made = [b.position for b, v in values if b.kind == "assign" and getattr(v, "type", "") == "Workspace"]
            if made and min(made) < first:
                return True
    return False


def stays_with_others(binding: Binding, kept: Collection[ast.AST]) -> bool:
    """Whether a statement assigns a workspace together with what stays SDK v1: ``ws, runs = from_config(), ...``."""
    statement = binding.statement
    alone = not isinstance(statement, ast.Assign) or binding.node in statement.targets
    return not alone and any(node in kept for node in walk(statement))  # type: ignore[arg-type]


def forget_clients_beside(to: Rewriter) -> bool:
    """Takes the variables back: what asked for them was not converted in the end. Whether there are any."""
    made = to.memory.pop(_MADE, {})
    assert isinstance(made, dict)
    for statement, code in made.items():
        for added in (to.inserted, to.appended):
            if code in added.get(statement, ()):
                added[statement].remove(code)
    return bool(made)


def _place(binding: Binding, to: Rewriter) -> tuple[ast.stmt, bool] | None:
    """The statement that the variable goes next to, and whether above it; None when there is none."""
    if binding.kind == "import":
        return _below_imports(binding, to)
    if binding.kind == "assign" and isinstance(binding.statement, ast.Assign) and len(binding.statement.targets) == 1:
        return binding.statement, False
    function = binding.scope.node
    if binding.kind != "parameter" or not isinstance(function, FUNCTIONS):
        return None
    body = function.body
    docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[1] if docstring and len(body) > 1 else body[0]
    if first.lineno == function.lineno or isinstance(first, FUNCTIONS):
        return None
    return first, True


def _below_imports(binding: Binding, to: Rewriter) -> tuple[ast.stmt, bool] | None:
    """The first statement below an import, and those that follow it, in the module or a function."""
    block = to.evaluator.scopes.block(binding.statement) if binding.statement is not None else None
    if block is None or block is not getattr(binding.scope.node, "body", None):
        return None
    below = block[block.index(binding.statement) + 1 :]  # type: ignore[arg-type]
    first = next((statement for statement in below if not isinstance(statement, (ast.Import, ast.ImportFrom))), None)
    if first is None or (isinstance(first, _DEFINITIONS) and _has_comment(first, to)):
        return None  # the comment belongs to the definition
    return first, True


def _has_comment(statement: ast.stmt, to: Rewriter) -> bool:
    return bool(to.lines.comments_above(to.lines.line_start(to.lines.span(statement)[0])))


def annotate_client(workspace: object, to: Rewriter) -> None:
    """Names the class of the client where an annotation in quotes says that of the workspace."""
    said = workspace.origin if isinstance(workspace, Instance) else None
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        to.rename(said, f'"{to.need("azure.ai.ml", "MLClient")}"')


def makers(node: ast.expr, evaluator: Evaluator) -> list[ast.expr]:
    """The expressions that give a variable its workspace, in all branches."""
    if not isinstance(node, ast.Name):
        return []
    found = []
    for binding in evaluator.scopes.lookup(node.id, node)[:1]:
        for other in binding.scope.bindings[node.id]:
            if other.kind == "assign" and other.value is not None:
                found.append(other.value)
    return [made for made in found if evaluator.type_of(made) == "Workspace"]


def makers_beside(use: Use, evaluator: Evaluator) -> list[ast.expr]:
    """What else gives the variable its workspace that a use makes: the other branches."""
    targets = use.statement.targets if isinstance(use.statement, ast.Assign) else []
    if evaluator.type_of(use.node) != "Workspace" or not targets:
        return []
    return [made for made in makers(targets[0], evaluator) if made is not use.node]
