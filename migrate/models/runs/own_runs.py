"""Runs that a script starts with MLflow itself, beside SDK v1's run of the job: in a job they are the same run.

SDK v1's run was no run of MLflow's. What it becomes is the active one, and MLflow refuses to start a second.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter

#: Arguments that ask for another run than that of the job.
_OTHERS = frozenset({"nested", "run_id", "parent_run_id"})


def take_active(at: ast.AST, to: Rewriter) -> None:
    """Makes the runs that are started below a place, where one may be active, that one."""
    for call in to.evaluator.calls().get("start_run", ()):
        others = call.args or any(keyword.arg in _OTHERS or keyword.arg is None for keyword in call.keywords)
        if others or ast.unparse(call.func) != "mlflow.start_run" or call.lineno < at.lineno:  # type: ignore[attr-defined]
            continue
        parent = to.evaluator.scopes.parents.get(call)
        if isinstance(parent, ast.BoolOp):
            continue
        code = f"mlflow.active_run() or {to.lines.source(call)}"
        to.rename(call, code if isinstance(parent, (ast.withitem, ast.Assign, ast.Expr)) else f"({code})")
