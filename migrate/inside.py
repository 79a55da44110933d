"""What the rules for code inside of a job share: which run is meant, and how MLflow names it.

MLflow's functions log to the active run, and start it when there is none: inside of a job that is the job's own run
(``MLFLOW_RUN_ID``), elsewhere a new local one, as SDK v1's offline run was. So most uses need no object of the run.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.run_kinds import is_job
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance, Symbol
from amlbridge.migrate.rewriter import Rewriter

#: Set in every job; not set where the script runs on its own.
JOB_VARIABLE = "AZUREML_RUN_ID"
PARENT_TAG = "mlflow.parentRunId"
#: Runs that the rules look up with MLflow, although the code is not inside of them.
_OF_MLFLOW = frozenset({"AutoMLChildRun"})


def is_inside(kind: str | None) -> bool:
    """Whether a type is that of a run that the code is in, or of its parent or child."""
    return kind in ("RunContext", "InteractiveRun", "ParentRun", "ChildRun", "PassedRun")


def active_run(to: Rewriter) -> str:
    """Code for the run that the script is in."""
    mlflow = to.need_module("mlflow")
    return f"{mlflow}.active_run() or {mlflow}.start_run()"


def run_object(node: ast.expr, to: Rewriter) -> str:
    """Code for MLflow's run that stands for a run of SDK v1."""
    if isinstance(node, ast.Call) and _is_context(node, to):
        return f"({active_run(to)})"
    value = to.evaluator.value(node)
    if isinstance(value, Instance) and value.origin in to.attempt.kept:  # the variable stays an object of SDK v1
        if value.type == "ParentRun":
            return f"{to.need_module('mlflow')}.get_parent_run(({active_run(to)}).info.run_id)"
        return f"({active_run(to)})"
    return to.source(node)


def _is_context(node: ast.Call, to: Rewriter) -> bool:
    value = to.evaluator.value(node.func)
    return isinstance(value, Symbol) and value.name in ("Run.get_context", "Run.get_submitted_run")


def run_id(node: ast.expr, to: Rewriter) -> str:
    """Code for the id of a run."""
    kind = to.evaluator.type_of(node)
    if kind == "ParentRun" and isinstance(node, ast.Attribute) and node.attr == "parent":
        below = run_object(node.value, to)
        if to.evaluator.type_of(node.value) in ("RunContext", "ChildRun"):
            return f'{below}.data.tags["{PARENT_TAG}"]'
    if kind is not None and not is_inside(kind) and kind not in _OF_MLFLOW and is_submitted(node, to):
        return f"{to.source(node)}.name"
    return f"{run_object(node, to)}.info.run_id"


def is_submitted(node: ast.expr, to: Rewriter) -> bool:
    """Whether a plain run is one that this module has submitted or looked up, or that its functions are only given as
    such, so that it is a job of SDK v2."""
    value = to.evaluator.value(node)
    origin = value.origin if isinstance(value, Instance) else None
    parents = to.evaluator.scopes.parents
    named: ast.AST | None = (
        origin if isinstance(origin, ast.arg) else parents.get(origin) if origin is not None else None
    )
    if not isinstance(named, ast.arg):
        return isinstance(origin, ast.Call)
    function = parents.get(parents[named])
    given = [other.type_of(argument) for other, argument in to.evaluator.given(function, named.arg)] if function else []
    return bool(given) and all(kind is not None and is_job(kind) for kind in given)


def of_other_run(use: Use, to: Rewriter) -> str:
    """ "" when a use is about the active run, else code for the id of its run."""
    receiver = use.receiver
    kind = to.evaluator.type_of(receiver)
    if receiver is None or kind is None:
        return ""
    if kind in ("ParentRun", "PassedRun") or (not is_inside(kind) and is_submitted(receiver, to)):
        return run_id(receiver, to)
    if kind in ("RunContext", "InteractiveRun") and _inside_child(use, to):
        return run_id(receiver, to)  # the active run is the child
    return run_id(receiver, to) if is_created(receiver, to) else ""


def is_created(node: ast.expr, to: Rewriter) -> bool:
    """Whether a run is one of ``run.create_children()``, or one that MLflow has found: it is never the active one."""
    made = to.maker(node)
    return made is not None and made.symbol.endswith((".create_children", ".get_runs", "Run.list"))


def _inside_child(use: Use, to: Rewriter) -> bool:
    around = to.evaluator.scopes.ancestors(use.node)
    items = (item.context_expr for node in around if isinstance(node, ast.With) for item in node.items)
    return any(to.evaluator.type_of(item) == "ChildRun" for item in items)


def log_call(use: Use, to: Rewriter, function: str, *arguments: str) -> str:
    """A call of one of mlflow's functions that take ``run_id=``, for the run of the use."""
    other = of_other_run(use, to)
    given = [*arguments, f"run_id={other}"] if other else list(arguments)
    return f"{to.need_module('mlflow')}.{function}({', '.join(given)})"


def client_call(use: Use, to: Rewriter, function: str, *arguments: str) -> str:
    """The same for functions without ``run_id=``: those of MlflowClient take it first."""
    other = of_other_run(use, to)
    if not other:
        return f"{to.need_module('mlflow')}.{function}({', '.join(arguments)})"
    return f"{to.need('mlflow', 'MlflowClient')}().{function}({', '.join([other, *arguments])})"
