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
    conversion = convert(
        """\
        from azureml.automl.runtime.shared.score import scoring

        scores = scoring.score_regression(y, predicted, wanted)
        """
    )
    assert [finding.status for finding in conversion.findings] == [Status.REVIEW]
    names: dict[str, object] = {"y": [1.0, 2.0], "predicted": [1.0, 4.0], "wanted": ["r2_score", "mean_absolute_error"]}
    exec(conversion.text, names)
    assert names["scores"] == {"mean_absolute_error": 1.0, "r2_score": -7.0}


@pytest.mark.slow
def test_the_constants_are_those_of_sdk_v1() -> None:
    constants = pytest.importorskip("azureml.automl.core.shared.constants")
    for name, text in CONSTANTS.items():
        assert attrgetter(name)(constants) == text, name


def test_scores_of_classes_are_those_of_scikit_learn() -> None:
    found = convert(
        """\
        from azureml.automl.runtime.shared.score import constants, scoring

        scores = scoring.score_classification(
            y, probabilities, list(constants.CLASSIFICATION_SCALAR_SET), labels, labels
        )
        """
    )
    assert "azureml" not in found.text
    names: dict[str, object] = {
        "y": [["a"], ["b"], ["b"], ["a"]],
        "probabilities": [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]],
        "labels": ["a", "b"],
    }
    exec(found.text, names)
    scores = names["scores"]
    assert isinstance(scores, dict)
    assert scores["accuracy"] == 0.75 and scores["AUC_weighted"] == 1.0
    assert scores["recall_score_macro"] == 0.75 == scores["balanced_accuracy"]


def test_chosen_scores_of_classes_and_more_settings() -> None:
    head = "from azureml.automl.runtime.shared.score.scoring import score_classification\n"
    found = convert(head + "scores = score_classification(y, p, ['accuracy'], labels, labels)\n")
    assert 'if name in ["accuracy"]' in found.text
    found = convert(head + "scores = score_classification(y, p, ['accuracy'], labels, labels, positive_label=1)\n")
    assert [finding.status for finding in found.findings] == [Status.MANUAL]


def test_the_state_of_a_trial_is_one_of_mlflow() -> None:
    found = convert(
        """\
        from azureml.automl.core.shared import constants
        from azureml.core import Experiment, Workspace
        from azureml.train.automl.run import AutoMLRun

        ws = Workspace.from_config()
        for trial in AutoMLRun(Experiment(ws, "churn"), RUN_ID).get_children():
            print(trial.get_status().lower() == constants.RunState.COMPLETE_RUN, trial.status == "Failed")
        print(state == constants.RunState.COMPLETE_RUN)
        """
    )
    flat = " ".join(found.text.split())
    assert 'trial.info.status.lower() == "finished", trial.info.status == "FAILED"' in flat
    assert 'print(state == "completed")' in flat
