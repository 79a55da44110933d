"""The settings of an AutoML node and their JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.automl.settings import AutoMLSettings, Ensemble, Featurization, Forecasting
from amlbridge.engine.errors import EngineError

_NAMES = st.text(min_size=1, max_size=8)
_TUPLES = st.lists(_NAMES, max_size=3).map(tuple)
_FEATURIZATIONS = st.builds(
    Featurization,
    mode=st.sampled_from(["auto", "off", "custom"]),
    blocked_transformers=_TUPLES,
    column_purposes=st.dictionaries(_NAMES, st.sampled_from(["Numeric", "Text"]), max_size=2),
    transformer_params=st.dictionaries(
        _NAMES,
        st.lists(st.tuples(_TUPLES, st.dictionaries(_NAMES, st.integers(), max_size=2)), max_size=2).map(tuple),
        max_size=2,
    ),
)
_FORECASTINGS = st.builds(
    Forecasting,
    time_column=_NAMES,
    horizon=st.integers(1, 99) | st.just("auto"),
    time_series_ids=_TUPLES,
    target_lags=st.lists(st.integers(1, 9), max_size=3).map(tuple) | st.just("auto"),
)
_SETTINGS = st.builds(
    AutoMLSettings,
    task=st.just("forecasting"),
    target_column=_NAMES,
    features=st.none() | _TUPLES,
    n_cross_validations=st.none() | st.integers(2, 9) | st.just("auto"),
    validation_size=st.none() | st.floats(0.01, 0.99),
    max_trials=st.none() | st.integers(1, 99),
    allowed_models=st.none() | _TUPLES,
    featurization=_FEATURIZATIONS,
    ensemble=st.builds(Ensemble, iterations=st.integers(1, 20)),
    forecasting=_FORECASTINGS,
)


@given(_SETTINGS)
def test_json_keeps_everything(settings: AutoMLSettings) -> None:
    assert AutoMLSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"task": "clustering"}, "automl.task is 'clustering'"),
        ({"max_trials": "ten"}, "automl.max_trials is 'ten'"),
        ({"max_trials": True}, "automl.max_trials is True"),
        ({"max_trials": 0}, "max_trials is 0: it must be at least 1"),
        ({"validation_size": 1.5}, "validation_size is 1.5"),
        ({"timeout_minutes": -1}, "timeout_minutes is -1"),
        ({"blacklist": []}, "automl has no field blacklist"),
        ({"featurization": {"mode": "magic"}}, "automl.featurization.mode is 'magic'"),
        ({"forecasting": {"time_column": 3}}, "automl.forecasting.time_column is 3"),
        ({"forecasting": {"time_column": "t", "horizon": 0}}, "forecasting.horizon is 0"),
        ({"task": "forecasting"}, "forecasting needs a time column"),
        ({"allowed_models": ["LightGBM", 3]}, "automl.allowed_models[1] is 3"),
        ({"target_column": ""}, "needs a target column"),
    ],
)
def test_a_wrong_field_is_named(content: dict[str, Any], told: str) -> None:
    with pytest.raises(EngineError) as error:
        AutoMLSettings.from_json({"task": "regression", "target_column": "y", **content})
    assert told in str(error.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(EngineError, match=r"automl\.target_column is missing"):
        AutoMLSettings.from_json({"task": "regression"})
