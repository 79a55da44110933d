"""The model behind a proxy is loaded with MLflow; what takes a trial in SDK v1 gets it from there."""

from __future__ import annotations

import pytest

from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.train.automl import AutoMLConfig
from azureml.train.automl.model_proxy import ModelProxy
ws = Workspace.from_config()
rows = Dataset.get_by_name(ws, "rows")
config = AutoMLConfig(task="TASK", training_data=rows, label_column_name="left", compute_target="c")
run = Experiment(ws, "e").submit(config)
best, model = run.get_output()
"""


@pytest.mark.parametrize(("task", "kind"), [("classification", "classifier"), ("regression", "regressor")])
def test_rows_with_labels_are_evaluated(task: str, kind: str) -> None:
    found = convert(
        HEAD.replace("TASK", task)
        + "proxy = ModelProxy(best)\npredicted, metrics = proxy.test(rows)\npredicted.to_pandas_dataframe().head()\n"
    )
    assert not check_generated(found.text) and "azureml" not in found.text
    assert f'targets="left", model_type="{kind}"' in " ".join(found.text.split())
    assert 'proxy.predict(test_rows.drop(columns=["left"]))' in found.text and "predicted.head()" in found.text


def test_a_data_frame_is_predicted_as_it_is() -> None:
    found = convert(HEAD.replace("TASK", "regression") + "y = ModelProxy(best).predict(frame)\n")
    assert "outputs/model.pkl" in found.text and ").predict(frame)" in "".join(found.text.split())


def test_forecasts_are_compared_with_the_rows() -> None:
    found = convert(
        HEAD.replace("TASK", "forecasting") + "proxy = ModelProxy(best)\np, m = proxy.test(rows)\nprint(m)\n"
    )
    assert not check_generated(found.text) and "azureml" not in found.text
    assert 'p = test_rows.assign(predicted=proxy.forecast(test_rows.drop(columns=["left"]))[0])' in found.text
    assert 'data=p, targets="left", predictions="predicted", model_type="regressor"' in found.text


def test_the_run_of_a_test_is_below_the_trial() -> None:
    found = convert(
        HEAD.replace("TASK", "regression")
        + "test = next(best.get_children(type='automl.model_test'))\n"
        + "test.wait_for_completion(show_output=False)\nprint(test.get_metrics())\n"
    )
    assert not check_generated(found.text) and "azureml" not in found.text
    flat = " ".join(found.text.split())
    assert """test = next( iter( mlflow.search_runs( [best.info.experiment_id],""" in flat
    assert "tags.mlflow.parentRunId = '{best.info.run_id}'" in flat
    assert flat.endswith(
        "ml_client.jobs.stream(test.info.run_id) test = mlflow.get_run(test.info.run_id) print(test.data.metrics)"
    )


def test_code_that_stays_gets_the_trial_from_the_workspace() -> None:
    found = convert(HEAD.replace("TASK", "regression") + "tests = best.get_guardrails()\n")
    assert "Run.get(ws, best.info.run_id).get_guardrails(" in found.text
    assert "config = automl.regression(" in found.text and "mlflow.sklearn.load_model(" in found.text
