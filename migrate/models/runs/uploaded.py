"""What SDK v1 told of an upload: ``props = run.upload_file(...)`` and ``props.serialize()``. MLflow tells nothing."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.inside import of_other_run
from amlbridge.migrate.models.code.entries import variables
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter

_REVIEW = "MLflow tells nothing of an upload: this asks which files the run has"


def telling(use: Use, outcome: Outcome, to: Rewriter) -> Outcome:
    """The outcome of an upload. What is read of its answer asks MLflow which files the run has."""
    if not isinstance(outcome, Replace) or use.receiver is None:
        return outcome
    reads = list(variables(use, to))
    calls = [call for node in reads if (call := _serialized(node, to)) is not None]
    if not calls:
        return outcome
    mlflow = to.need_module("mlflow")
    run = of_other_run(use, to) or f"{mlflow}.active_run().info.run_id"  # which the upload has started
    files = f"{mlflow}.artifacts.list_artifacts(run_id={run})"
    for call in calls:
        to.rename(call, files)
    review = together([outcome.review, _REVIEW])
    return Statements(outcome.text, review) if len(calls) == len(reads) else Replace(outcome.text, review)


def _serialized(node: ast.Name, to: Rewriter) -> ast.Call | None:
    attribute = to.evaluator.scopes.parents.get(node)
    call = to.evaluator.scopes.parents.get(attribute) if isinstance(attribute, ast.Attribute) else None
    is_call = isinstance(call, ast.Call) and call.func is attribute
    return call if is_call and isinstance(attribute, ast.Attribute) and attribute.attr == "serialize" else None  # type: ignore[return-value]
