"""What the clients of both SDKs send for the same search is the same search, for each task; its seed is the same, too.

Real twins, with one score: tests/v2/jobs/test_automl.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.v2.jobs import automl
from amlbridge.v2.jobs.reading import Section
from tests.v1.test_automl_settings import read

#: task -> of AutoMLConfig, and of the node.
TWINS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "classification": (
        {
            "primary_metric": "accuracy",
            "whitelist_models": ["LightGBM", "RandomForest"],
            "featurization": "off",
            "weight_column_name": "w",
            "model_explainability": False,
        },
        {
            "primary_metric": "accuracy",
            "training": {"allowed_training_algorithms": ["light_gbm", "random_forest"]},
            "featurization": {"mode": "off"},
            "weight_column_name": "w",
        },
    ),
    "regression": (
        {"task_type": "regression", "primary_metric": "r2_score", "blacklist_algos": ["ElasticNet"]},
        {
            "primary_metric": "r2_score",
            "training": {"blocked_training_algorithms": ["elastic_net"], "enable_model_explainability": True},
        },
    ),
    "forecasting": (
        {
            "task_type": "regression",
            "is_timeseries": True,
            "primary_metric": "normalized_root_mean_squared_error",
            "time_column_name": "day",
            "grain_column_names": ["store"],
            "max_horizon": 7,
            "lags": {"_automl_target_col": [1, 2]},
            "window_size": 3,
            "freq": "D",
            "short_series_handling_configuration": "pad",
            "use_stl": "season",
            "model_explainability": False,
        },
        {
            "primary_metric": "normalized_root_mean_squared_error",
            "forecasting": {
                "time_column_name": "day",
                "time_series_id_column_names": "['store']",
                "forecast_horizon": 7,
                "target_lags": [1, 2],
                "target_rolling_window_size": 3,
                "frequency": "D",
                "short_series_handling_config": "pad",
                "use_stl": "season",
            },
        },
    ),
}


def node(task: str, **changes: Any) -> AutoMLSettings:
    """The settings of a node with the bounds of the captured AutoMLConfig."""
    training = {"enable_stack_ensemble": False, "enable_vote_ensemble": False, **changes.pop("training", {})}
    limits = {
        "max_trials": 2,
        "trial_timeout_minutes": 10,
        "timeout_minutes": 15,
        "max_cores_per_trial": 1,
        "enable_early_termination": True,
    }
    content = {"task": task, "target_column_name": "Survived", "limits": limits, "training": training, **changes}
    return automl.settings(Section(content, "jobs.train"))


@pytest.mark.parametrize("task", TWINS)
def test_both_sdks_ask_for_the_same_search(task: str) -> None:
    first, second = TWINS[task]
    assert read(**first) == node(task, **second)
