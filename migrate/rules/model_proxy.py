"""``ModelProxy`` of AutoML: a trial's model, downloaded with MLflow, predicts where the code runs.

In SDK v1 it predicted in a run of its own, on a cluster. ``test`` becomes a prediction and ``mlflow.models.evaluate``,
with the label column of the module's ``AutoMLConfig``; a forecast is one beside the rows.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.automl_runs import pickled
from amlbridge.migrate.rules.datasets import to_pandas

rule = Rule(
    "model-proxy",
    __doc__,
    cases=[
        Case(
            """\
import pandas as pd
from azureml.core import Dataset, Experiment, Workspace
from azureml.train.automl.model_proxy import ModelProxy
from azureml.train.automl.run import AutoMLRun

ws = Workspace.from_config()
best_run = AutoMLRun(Experiment(ws, "churn"), RUN_ID).get_best_child()
rows = Dataset.get_by_name(ws, "rows")
proxy = ModelProxy(best_run)
predicted = proxy.predict(rows).to_pandas_dataframe()
""",
            """\
import pandas as pd
import joblib
import mlflow
import mltable
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
best_run = mlflow.get_run(
    mlflow.get_run(ml_client.jobs.get(RUN_ID).name).data.tags[
        "automl_best_child_run_id"
    ]
)
rows = ml_client.data.get("rows", label="latest")
proxy = joblib.load(
    mlflow.artifacts.download_artifacts(
        run_id=best_run.info.run_id, artifact_path="outputs/model.pkl"
    )
)
predicted = pd.DataFrame(proxy.predict(mltable.load(rows.path).to_pandas_dataframe()))
""",
        ),
    ],
)

_HERE = "the model predicts in this process, in which the packages of the model have to be"
_ORDERED = "the forecasts come in the order of the rows, which are sorted by their series and by time"
#: Task of AutoML -> what MLflow calls it.
_KINDS = {"classification": "classifier", "regression": "regressor"}


@rule.converts("ModelProxy")
def proxy(use: Use, to: Rewriter) -> Outcome:
    """The model of the trial."""
    run = use.argument("child_run", position=0) if use.call is not None else None
    if run is None or to.evaluator.type_of(run) != "AutoMLChildRun":
        return Leave("load the model of the trial, outputs/model.pkl, with mlflow.artifacts and joblib")
    name = to.source(run)
    if '"' in name:
        name = to.fresh("best_run")
        to.before(use.statement, f"{name} = {to.source(run)}")
    return Replace(pickled(name, to, use), _HERE)


def _frame(use: Use, to: Rewriter) -> str:
    """The code of the rows that a call gets, as a data frame. Raises ValueError where it gets none."""
    rows = use.argument("values", "test_data", position=0) if use.call is not None else None
    if rows is None:
        raise ValueError("the rows to predict are needed")
    kind = to.evaluator.type_of(rows)
    if kind is None or "Dataset" not in lineage(kind):
        return to.source(rows)
    found = to_pandas(replace(use, receiver=rows), to)
    if not isinstance(found, Replace):
        raise ValueError("the rows to predict cannot be read here")
    return found.text


@rule.converts("ModelProxy.predict")
def predict(use: Use, to: Rewriter) -> Outcome:
    """What the model predicts, as a data frame."""
    assert use.receiver is not None
    frame = to.need_module("pandas")
    return Replace(f"{frame}.DataFrame({to.source(use.receiver)}.predict({_frame(use, to)}))", _HERE)


@rule.converts("ModelProxy.test")
def test(use: Use, to: Rewriter) -> Outcome:
    """Predictions and metrics of rows with labels."""
    config = [other for other in to.uses if other.symbol == "AutoMLConfig" and other.call is not None]
    label = config[0].argument("label_column_name") if len(config) == 1 else None
    task = to.evaluator.text(config[0].argument("task", position=0)) if len(config) == 1 else None
    if label is None or task not in (*_KINDS, "forecasting") or use.receiver is None:
        return Leave("predict, and compute the metrics with scikit-learn", Status.NO_EQUIVALENT)
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) and statement.value is use.node else None
    if not (isinstance(target, ast.Tuple) and len(target.elts) == 2):
        return Leave("keep the predictions and the metrics in two variables")
    mlflow = tracking(use, to)
    model, rows, column = to.source(use.receiver), to.fresh("test_rows"), to.source(label)
    predictions, metrics = map(to.source, target.elts)
    if task not in _KINDS:
        forecast = f"{model}.forecast({rows}.drop(columns=[{column}]))[0]"
        compared = f'{predictions}, targets={column}, predictions="predicted", model_type="regressor"'
        lines = [
            f"{rows} = {_frame(use, to)}",
            f"{predictions} = {rows}.assign(predicted={forecast})",
            f"{metrics} = {mlflow}.models.evaluate(data={compared}).metrics",
        ]
        return Statements("\n".join(lines), f"{_HERE}; {_ORDERED}; the metrics have MLflow's names")
    lines = [
        f"{rows} = {_frame(use, to)}",
        f"{predictions} = {to.need_module('pandas')}.DataFrame({model}.predict({rows}.drop(columns=[{column}])))",
        f"{metrics} = {mlflow}.models.evaluate("
        f'{model}.predict, {rows}, targets={column}, model_type="{_KINDS[task]}").metrics',
    ]
    return Statements("\n".join(lines), f"{_HERE}; the metrics have MLflow's names")


@rule.converts("ProxyPredictions.to_pandas_dataframe")
def predictions(use: Use, to: Rewriter) -> Outcome:
    """They are a data frame already."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver))
