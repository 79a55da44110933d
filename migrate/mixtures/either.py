"""The client of an experiment that is that of the job, or one that the code makes where it runs on its own: a function
that gets either of them needs the workspace of the one that it got."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.experiments import experiments, is_either
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.inside import JOB_VARIABLE
from amlbridge.migrate.mixtures.new_clients import configured_client, new_client
from amlbridge.migrate.models.code.new_functions import add_above
from amlbridge.migrate.registry import Replace
from amlbridge.migrate.rewriter import Rewriter

_CONFIGURED = "outside of a job the client is that of the configuration file: say which workspace the experiment is in"
_MAKERS = ("Workspace", "Workspace.get", "Workspace.from_config")
#: What reads the settings of the process, wherever it is called.
_SETTINGS = ("os.environ.get", "os.getenv", "environ.get", "getenv")
_PLAIN = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.FormattedValue, ast.expr_context)


def either_client(use: Use, to: Rewriter) -> tuple[str, str] | None:
    """Code for the client of such an experiment's workspace, and what is assumed of it; None for any other."""
    if use.receiver is None or not is_either(use.receiver, to.evaluator):
        return None
    found = {_made_again(origin, to) for origin in _workspaces(use.receiver, to)}
    own = found.pop() if len(found) == 1 else None
    inside = f'"{JOB_VARIABLE}" in {to.need_module("os")}.environ'
    other, assumed = own or configured_client(to), "" if own else _CONFIGURED
    asking = [other for other in to.uses if _asks(other, to)]
    if len({to.evaluator.scopes.of(one.node) for one in asking}) < 2:
        return f"({new_client(to)} if {inside} else {other})", assumed
    key = "connecting function", other
    if key not in to.memory:
        to.memory[key] = to.fresh("connect")
        first = min(asking, key=lambda one: one.statement.lineno).statement
        code = _CONNECT.format(name=to.memory[key], inside=inside, job=new_client(to), other=other)
        add_above(first, code, (str(to.memory[key]),), to)
    return f"{to.memory[key]}()", assumed


_CONNECT = '''def {name}():
    """The client of the workspace that the job runs in; of the script's own where it runs on its own."""
    if {inside}:
        return {job}
    return {other}


'''


def _asks(use: Use, to: Rewriter) -> bool:
    named = use.symbol in ("Experiment.workspace", "ContextExperiment.workspace") and use.receiver is not None
    return named and is_either(use.receiver, to.evaluator)  # type: ignore[arg-type]


def _workspaces(experiment: ast.expr, to: Rewriter) -> list[Use | None]:
    """What makes the workspaces of the experiments that the code makes; None where that is not seen."""
    found = []
    for one in experiments(experiment, to.evaluator):
        made = to.use_of(one.origin) if one.type == "Experiment" and one.origin is not None else None
        if one.type == "Experiment":
            found.append(to.maker(made.argument("workspace", position=0)) if made is not None else None)
    return found


def _made_again(made: Use | None, to: Rewriter) -> str | None:
    """Code that makes the client of a workspace anywhere in the module; None where what it needs is not known there."""
    if made is None or made.symbol not in _MAKERS or made.call is None:
        return None
    outcome = to.outcome(made)
    if not isinstance(outcome, Replace):
        return None
    tree = ast.parse(outcome.text, mode="eval")
    known: dict[str, ast.expr] = {}
    for name in (node for node in ast.walk(made.call) if isinstance(node, ast.Name)):
        if _is_of_module(name, to):
            continue
        value = to.evaluator.scopes.only_value(name)
        if value is None or not _is_setting(value, to):
            return None
        known[name.id] = ast.parse(to.source(value), mode="eval").body
    return ast.unparse(_Replaced(known).visit(tree))


def _is_of_module(name: ast.Name, to: Rewriter) -> bool:
    found = to.evaluator.scopes.lookup(name.id, name)
    return bool(found) and all(binding.scope.is_module for binding in found)


def _is_setting(value: ast.expr, to: Rewriter) -> bool:
    """Whether an expression gives the same everywhere: texts, and what the environment says."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and (node.keywords or ast.unparse(node.func) not in _SETTINGS):
            return False
        if isinstance(node, ast.Name) and not _is_of_module(node, to):
            return False
        if not isinstance(node, (ast.Call, *_PLAIN)):
            return False
    return True


class _Replaced(ast.NodeTransformer):
    def __init__(self, known: dict[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The name, or what it stands for."""
        return self._known.get(node.id, node)
