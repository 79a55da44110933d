"""Settings of AutoML that SDK v2 has nothing for."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_SEARCH = """\
from azureml.automl.core.featurization import FeaturizationConfig
from azureml.automl.core.forecasting_parameters import ForecastingParameters
from azureml.core import Dataset, Workspace
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
rows = Dataset.get_by_name(ws, "rows")
settings = {{{settings}}}
config = AutoMLConfig(
    task="{task}", training_data=rows, label_column_name="y", compute_target="cpu", **settings
)
"""


@pytest.mark.parametrize(
    ("task", "settings", "told"),
    [
        ("regression", '"drop_column_names": ["id"]', 'drop_column_names=["id"] is lost: drop these columns'),
        ("classification", '"positive_label": 1', "positive_label=1 is lost: set it with set_training"),
        ("regression", '"model_zoo": True', "model_zoo=True is lost: SDK v2 has no setting for it"),
        ("regression", '"featurization": FeaturizationConfig(drop_columns=["id"])', 'drop_columns=["id"] is lost'),
        (
            "forecasting",
            '"forecasting_parameters": ForecastingParameters(time_column_name="t", drop_column_names="id")',
            'drop_column_names="id" is lost',
        ),
    ],
)
def test_a_setting_that_is_lost_is_told_of_at_its_place(task: str, settings: str, told: str) -> None:
    found = convert(_SEARCH.format(task=task, settings=settings))
    assert f"# TODO(amlbridge automl): {told}" in found.text and "AutoMLConfig" not in found.text
    assert any(told in finding.message and finding.status is Status.NO_EQUIVALENT for finding in found.findings)


@pytest.mark.parametrize("settings", ['"debug_log": "a.log"', '"drop_column_names": None'])
def test_a_setting_that_changes_nothing_is_not(settings: str) -> None:
    found = convert(_SEARCH.format(task="regression", settings=settings))
    assert "TODO" not in found.text


def test_the_old_name_of_a_setting_of_a_forecast() -> None:
    given = '"forecasting_parameters": ForecastingParameters(time_column_name="t", holiday_country="DE")'
    assert 'country_or_region_for_holidays="DE"' in convert(_SEARCH.format(task="forecasting", settings=given)).text


def test_a_setting_that_is_lost_in_a_pipeline() -> None:
    step = """\
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import AutoMLStep

pipeline = Pipeline(ws, steps=[AutoMLStep(name="search", automl_config=config)])
"""
    text = convert(_SEARCH.format(task="regression", settings='"drop_column_names": ["id"]') + step).text
    assert text.count('# TODO(amlbridge automl): drop_column_names=["id"] is lost') == 1 and "AutoMLStep" not in text
