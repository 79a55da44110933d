"""Dashboards of fairness: the dictionary that was uploaded becomes a JSON artifact of the run.

``upload_dashboard_dictionary`` becomes ``mlflow.log_dict``, ``download_dashboard_by_upload_id`` reads it back. The
metrics are fairlearn's, as before; SDK v2 shows fairness on the Responsible AI dashboard, not from such a file.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.inside import client_call, is_inside, is_submitted, run_id
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "fairness",
    __doc__,
    cases=[
        Case(
            """\
from azureml.contrib.fairness import (
    download_dashboard_by_upload_id,
    upload_dashboard_dictionary,
)
from azureml.core import Run

run = Run.get_context()
upload_id = upload_dashboard_dictionary(run, metrics, dashboard_name="Fairness by age")
dashboard = download_dashboard_by_upload_id(run, upload_id)
""",
            """\
import mlflow

run = mlflow.active_run() or mlflow.start_run()
upload_id = "fairness/fairness_by_age.json"
mlflow.log_dict(metrics, upload_id)
dashboard = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/{upload_id}")
""",
        ),
    ],
)

_REVIEW = "the dashboard's data is a JSON artifact of the run: the studio shows it as a file"


def _run(use: Use, to: Rewriter) -> ast.expr:
    """The run of a dashboard. Raises ValueError where it cannot be told."""
    run = use.argument("run", position=0) if use.call is not None else None
    kind = to.evaluator.type_of(run) if run is not None else None
    if run is None or kind is None or not (is_inside(kind) or is_submitted(run, to)):
        raise ValueError("the run of the dashboard cannot be told")
    return run


@rule.converts("upload_dashboard_dictionary")
def upload(use: Use, to: Rewriter) -> Outcome:
    """Keeps the data of a dashboard with the run; what was its id is the path of the artifact."""
    run, data = _run(use, to), use.argument("dashboard_dictionary", position=1)
    if data is None:
        return Leave("the dictionary of the dashboard is needed")
    name = use.argument("dashboard_title", "dashboard_name", position=2)
    text = (to.evaluator.text(name) if name is not None else None) or "dashboard"
    path = f'"fairness/{_slug(text)}.json"'
    here = replace(use, receiver=run)
    statement = use.statement
    if isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1:
        target = to.source(statement.targets[0])
        return Statements(f"{target} = {path}\n{client_call(here, to, 'log_dict', to.source(data), target)}", _REVIEW)
    code = client_call(here, to, "log_dict", to.source(data), path)
    if isinstance(statement, ast.Expr) and statement.value is use.node:
        return Replace(code, _REVIEW)
    to.before(statement, code)
    return Replace(path, _REVIEW)


def _slug(text: str) -> str:
    words = "".join(letter.lower() if letter.isalnum() else " " for letter in text).split()
    return "_".join(words) or "dashboard"


@rule.converts("download_dashboard_by_upload_id")
def download(use: Use, to: Rewriter) -> Outcome:
    """Reads the data of a dashboard."""
    run, path = _run(use, to), use.argument("upload_id", position=1)
    if path is None:
        return Leave("the path of the dashboard's artifact is needed")
    code, mlflow = to.source(path), to.need_module("mlflow")
    name = f"{{{code}}}" if '"' not in code else ""
    if not name:
        return Leave("keep the path of the dashboard's artifact in a variable")
    return Replace(f'{mlflow}.artifacts.load_dict(f"runs:/{{{run_id(run, to)}}}/{name}")', _REVIEW)
