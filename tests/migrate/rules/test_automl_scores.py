"""Scores and constants of AutoML's own packages."""

from __future__ import annotations

from operator import attrgetter

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.rules.automl_scores import CONSTANTS

from .support import check_transformed, convert


def test_what_is_scored_is_computed_once() -> None:
    check_transformed(
        """\
        from azureml.automl.core.shared import constants
        from azureml.automl.runtime.shared.score import scoring

        wanted = list(constants.Metric.SCALAR_REGRESSION_SET)
        scores = scoring.score_regression(table["y"], table["predicted"], wanted)
        """,
        """\
        from sklearn.metrics import (
            explained_variance_score,
            mean_absolute_error,
            mean_squared_error,
            median_absolute_error,
            r2_score,
        )

        wanted = list(
            {
                "explained_variance",
                "mean_absolute_error",
                "median_absolute_error",
                "r2_score",
                "root_mean_squared_error",
            }
        )
        actual = table["y"]
        predicted = table["predicted"]
        scores = {
            "explained_variance": explained_variance_score(actual, predicted),
            "mean_absolute_error": mean_absolute_error(actual, predicted),
            "median_absolute_error": median_absolute_error(actual, predicted),
            "r2_score": r2_score(actual, predicted),
            "root_mean_squared_error": mean_squared_error(actual, predicted) ** 0.5,
        }
        """,
        status=Status.REVIEW,
    )


def test_chosen_scores_are_chosen() -> None:
    conversion = convert("""\
        from azureml.automl.runtime.shared.score import scoring

        scores = scoring.score_regression(y, predicted, wanted)
        """)
    assert [finding.status for finding in conversion.findings] == [Status.REVIEW]
    names: dict[str, object] = {"y": [1.0, 2.0], "predicted": [1.0, 4.0], "wanted": ["r2_score", "mean_absolute_error"]}
    exec(conversion.text, names)
    assert names["scores"] == {"mean_absolute_error": 1.0, "r2_score": -7.0}


@pytest.mark.slow
def test_the_constants_are_those_of_sdk_v1() -> None:
    constants = pytest.importorskip("azureml.automl.core.shared.constants")
    for name, text in CONSTANTS.items():
        assert attrgetter(name)(constants) == text, name
