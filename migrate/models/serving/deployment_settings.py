"""Deployment configurations of services: whether one deployment alone says what is in one, or whether it goes through
variables and functions of the project. Then it becomes a dict of keywords of ``ManagedOnlineDeployment``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.functions import default_of
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.passed import parameter_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Instance, Symbol
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

#: The types of deployment configurations whose settings may change after they were made.
CONFIGURATIONS = ("AciServiceDeploymentConfiguration", "AksServiceDeploymentConfiguration")
#: The settings that may.
CHANGED = (
    *("cpu_cores", "memory_gb", "num_replicas", "tags", "description", "enable_app_insights", "auth_enabled"),
    *("collect_model_data", "autoscale_enabled", "autoscale_min_replicas", "autoscale_max_replicas"),
    *("autoscale_target_utilization", "autoscale_refresh_seconds"),
)
#: Calls that a deployment configuration is given to.
DEPLOYING = frozenset({"deploy", "deploy_from_model", "deploy_from_image"})
#: Methods of loggers.
_LOGGED = frozenset({"debug", "info", "log", "warning"})
#: How many functions a configuration is followed through.
_DEPTH = 4


def is_inlined(use: Use, to: Rewriter) -> bool:
    """Whether each deployment that gets a configuration can say itself what is in it: it is made in the call, or in a
    variable that holds nothing else."""
    evaluator = use.evaluator
    parent = evaluator.scopes.parents.get(use.node)
    if _is_given(use.node, evaluator):
        return True
    if not (isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name)):
        return False
    binding = next(iter(evaluator.scopes.lookup(parent.targets[0].id, parent.targets[0])), None)
    for node in readers(use.node, evaluator):
        if logging(node, evaluator) is not None or _is_validated(node, evaluator):
            continue
        found = evaluator.scopes.bindings_of(node)
        bound = [one.value for one in found] == [use.node] and binding is not None
        if not (bound and _is_given(node, evaluator)):
            return False
    return True


def is_followed(origin: ast.AST, evaluator: Evaluator, depth: int = _DEPTH) -> bool:
    """Whether everything that happens to a configuration is known: it is kept, handed on, returned, shown, deployed."""
    nodes = [*([origin] if isinstance(origin, ast.expr) else []), *readers(origin, evaluator)]
    return depth > 0 and all(_is_known(node, evaluator, depth) for node in nodes)


def is_handed_on(use: Use) -> bool:
    """Whether functions hand on a configuration, or a variable has it in one branch only: the code of a deployment
    cannot say what is in it."""
    evaluator = use.evaluator
    return any(_is_handed(node, evaluator) for node in [use.node, *readers(use.node, evaluator)])


def _is_handed(node: ast.expr, evaluator: Evaluator) -> bool:
    parent = evaluator.scopes.parents.get(node)
    call = evaluator.scopes.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    if isinstance(parent, (ast.Return, ast.IfExp)) or isinstance(node, ast.Attribute):
        return True
    if isinstance(node, ast.Name) and len(evaluator.scopes.lookup(node.id, node)) > 1:
        return True
    return isinstance(call, ast.Call) and call.func is not node and parameter_of(call, node, evaluator) is not None


def spread(node: ast.expr, default: str, to: Rewriter) -> tuple[str, str]:
    """The keyword of a dict of settings that code hands on, and what is assumed of it. ``default``: code of the
    settings where nothing is given."""
    code, known = to.source(node), to.evaluator.type_of(node) is not None
    found = to.evaluator.scopes.bindings_of(node)
    binding = found[0] if len(found) == 1 and found[0].kind == "parameter" else None
    optional = binding is not None and _is_optional(binding.node, binding.scope.node)
    review = f"{code} has to be a dict of keywords of ManagedOnlineDeployment"
    return f"**({code} or {default})" if optional else f"**{code}", "" if known else review


def is_parameter(node: ast.expr | None, to: Rewriter) -> bool:
    """Whether an expression is a parameter of the function that it is in."""
    found = to.evaluator.scopes.bindings_of(node)
    return bool(found) and found[0].kind == "parameter"


def _is_optional(parameter: ast.AST, function: ast.AST) -> bool:
    if not isinstance(function, FUNCTIONS) or not isinstance(parameter, ast.arg):
        return False
    default = default_of(function.args, parameter.arg)
    return default is not None and is_none(default)


def _is_known(node: ast.expr, evaluator: Evaluator, depth: int) -> bool:
    parents = evaluator.scopes.parents
    parent = parents.get(node)
    if isinstance(parent, (ast.IfExp, ast.BoolOp)):
        return _is_known(parent, evaluator, depth)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return all(isinstance(target, (ast.Name, ast.Attribute)) for target in targets)
    if isinstance(parent, (ast.Return, ast.Expr)) or _is_validated(node, evaluator) or _is_changed(node, evaluator):
        return True
    if logging(node, evaluator) is not None or _is_given(node, evaluator):
        return True
    call = parents.get(parent) if isinstance(parent, ast.keyword) else parent
    taken = parameter_of(call, node, evaluator) if isinstance(call, ast.Call) else None
    return taken is not None and is_followed(taken[0], taken[1], depth - 1)


def given_nodes(origin: ast.AST, evaluator: Evaluator, depth: int = _DEPTH) -> Iterator[tuple[ast.expr, Evaluator]]:
    """The arguments of calls that deploy which a configuration becomes, also through functions."""
    for node in [*([origin] if isinstance(origin, ast.expr) else []), *readers(origin, evaluator)]:
        parent = evaluator.scopes.parents.get(node)
        call = evaluator.scopes.parents.get(parent) if isinstance(parent, ast.keyword) else parent
        taken = parameter_of(call, node, evaluator) if isinstance(call, ast.Call) else None
        if _is_given(node, evaluator):
            yield node, evaluator
        elif taken is not None and depth > 1:
            yield from given_nodes(*taken, depth - 1)


def readers(origin: ast.AST, evaluator: Evaluator) -> Iterator[ast.expr]:
    """The expressions that stand for what is made at a place."""
    for node in evaluator.scopes.parents:
        if isinstance(node, (ast.Name, ast.Attribute, ast.Call)) and node is not origin:
            loaded = isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load)
            value = evaluator.value(node) if loaded else None
            held = isinstance(value, Instance) and value.origin is origin and not value.path
            if held or (loaded and isinstance(node, ast.Name) and _may_hold(node, origin, evaluator)):
                yield node


def _may_hold(node: ast.Name, origin: ast.AST, evaluator: Evaluator) -> bool:
    """Whether a variable holds what is made at a place in one branch, and something else in another."""
    return any(binding.value is origin for binding in evaluator.scopes.lookup(node.id, node))


def logging(node: ast.AST, evaluator: Evaluator) -> ast.stmt | None:
    """The statement that prints or logs a configuration as a whole and does nothing else, or None."""
    statement = evaluator.scopes.statement_of(node)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return None
    prints = isinstance(call.func, ast.Name) and call.func.id == "print"
    logs = isinstance(call.func, ast.Attribute) and call.func.attr in _LOGGED
    calls = [part for part in ast.walk(call) if isinstance(part, ast.Call) and part is not call]
    return statement if (prints or logs) and not calls else None


def _is_validated(node: ast.AST, evaluator: Evaluator) -> bool:
    parent = evaluator.scopes.parents.get(node)
    return isinstance(parent, ast.Attribute) and parent.attr == "validate_configuration"


def _is_changed(node: ast.AST, evaluator: Evaluator) -> bool:
    """Whether an expression is what a setting is assigned to."""
    parent = evaluator.scopes.parents.get(node)
    return isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Store) and parent.attr in CHANGED


def _is_given(node: ast.AST, evaluator: Evaluator) -> bool:
    """Whether an expression is an argument of a call that deploys, or that changes what is deployed."""
    parent = evaluator.scopes.parents.get(node)
    call = evaluator.scopes.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    called = evaluator.value(call.func) if isinstance(call, ast.Call) and call.func is not node else None
    if isinstance(called, Symbol) and called.name.endswith("Webservice.update"):
        return isinstance(parent, ast.keyword) and parent.arg in ("deployment_config", "inference_config")
    return isinstance(called, Symbol) and called.name.rsplit(".", 1)[-1] in DEPLOYING
