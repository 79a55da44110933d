"""The model behind a proxy is loaded with MLflow; what takes a trial in SDK v1 gets it from there."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
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


def test_forecasts_are_not_evaluated() -> None:
    found = convert(HEAD.replace("TASK", "forecasting") + "p, m = ModelProxy(best).test(rows)\n")
    left = [finding for finding in found.findings if finding.status is Status.NO_EQUIVALENT]
    assert any("scikit-learn" in finding.message for finding in left)


def test_code_that_stays_gets_the_trial_from_the_workspace() -> None:
    found = convert(HEAD.replace("TASK", "regression") + "tests = best.get_children(type='automl.model_test')\n")
    assert "Run.get(ws, best.info.run_id).get_children(" in found.text
    assert "config = automl.regression(" in found.text and "mlflow.sklearn.load_model(" in found.text
