"""Forecasting from tables: what is checked, how it is validated, what the model answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from amlbridge.engine.automl import forecasting, portable, trials
from amlbridge.engine.automl.candidates import Candidate
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.settings import AutoMLSettings, Featurization, Forecasting


def table(days: int = 60) -> pd.DataFrame:
    """Two shops with a week's rhythm; one sells ten times as much."""
    times = pd.date_range("2024-01-01", periods=days, freq="D")
    rhythm = 10 + np.arange(days) % 7
    parts = [
        pd.DataFrame({"day": times, "shop": shop, "sold": rhythm * size}) for shop, size in (("a", 1.0), ("b", 10.0))
    ]
    return pd.concat(parts, ignore_index=True)


def settings(**values: Any) -> AutoMLSettings:
    chosen = {"time_column": "day", "time_series_ids": ("shop",), "horizon": 7, **values}
    return AutoMLSettings("forecasting", "sold", forecasting=Forecasting(**chosen))


def prepared(tmp_path: Path, frame: pd.DataFrame, **values: Any) -> forecasting.Series:
    return forecasting.prepare(settings(**values), frame, None, None, Events(tmp_path / "events.jsonl"))


def test_origins_roll_and_validate_the_horizon(tmp_path: Path) -> None:
    series = prepared(tmp_path, table())
    assert (series.frequency, series.season) == ("D", 7)
    assert len(series.folds) == 3
    for training, held in series.folds:
        assert training.features["day"].max() < held.features["day"].min()
        assert len(held) == 14
    ends = [held.features["day"].max() for _, held in series.folds]
    assert ends == sorted(ends)
    assert ends[-1] == table()["day"].max()


@pytest.mark.parametrize(
    "name", ["SeasonalNaive", "SeasonalAverage", "ExponentialSmoothing", "LightGBM", "RandomForest"]
)
def test_a_rhythm_is_found(tmp_path: Path, name: str) -> None:
    series = prepared(tmp_path, table(), target_lags=(1, 7))
    result = forecasting.run(series, Candidate(name), tmp_path, 1)
    naive = forecasting.run(series, Candidate("Naive"), tmp_path / "naive", 1)
    assert (
        result.metrics["normalized_root_mean_squared_error"] < 0.6 * naive.metrics["normalized_root_mean_squared_error"]
    )


def test_the_model_answers_as_azures_does(tmp_path: Path) -> None:
    series = prepared(tmp_path, table())
    forecasting.run(series, Candidate("SeasonalNaive"), tmp_path, 1)
    model = portable.load(tmp_path / trials.MODEL)
    future = pd.DataFrame({"shop": ["b", "a", "a"], "day": ["2024-03-02", "2024-03-01", "2024-03-03"]})
    predicted, transformed = model.forecast(future)
    expected = [(10 + day % 7) * size for day, size in ((61, 10), (60, 1), (62, 1))]
    assert predicted.tolist() == expected
    assert model.predict(future).tolist() == expected
    assert transformed["_automl_target_col"].tolist() == expected
    quantiles = model.forecast_quantiles(future)
    assert (quantiles[0.1] < quantiles[0.5]).all()
    assert (quantiles[0.5] < quantiles[0.9]).all()
    summary = model.named_steps["timeseriestransformer"].get_featurization_summary()
    assert {item["RawFeatureName"]: item["Dropped"] for item in summary} == {"day": "Yes", "shop": "Yes"}
    with pytest.raises(ValueError, match="the series 'c' was not in the training data"):
        model.forecast(future.assign(shop="c"))
    with pytest.raises(ValueError, match="lack columns that the model was trained with: shop"):
        model.forecast(future[["day"]])
    until, _ = model.forecast(forecast_destination="2024-03-02")
    assert len(until) == 4


def test_a_rolling_forecast_knows_the_past_of_each_origin(tmp_path: Path) -> None:
    series = prepared(tmp_path, table())
    forecasting.run(series, Candidate("Naive"), tmp_path, 1)
    model = portable.load(tmp_path / trials.MODEL)
    days = pd.date_range("2024-03-01", periods=10)
    future = pd.concat([pd.DataFrame({"shop": shop, "day": days}) for shop in "ab"])
    actual = np.arange(20.0)
    found = model.rolling_forecast(future, actual.reshape(-1, 1), step=4)
    origins = found[model.forecast_origin_column_name]
    assert origins.value_counts().to_dict() == {
        pd.Timestamp("2024-02-29"): 14, pd.Timestamp("2024-03-04"): 12, pd.Timestamp("2024-03-08"): 4
    }  # fmt: skip
    assert (found["day"] > origins).all()
    # A naive forecast repeats the last value that is known at the origin: that of March 8 is the eighth of each shop.
    last = found[origins == pd.Timestamp("2024-03-08")]
    assert last.groupby("shop")[model.forecast_column_name].unique().map(list).to_dict() == {"a": [7.0], "b": [17.0]}
    assert last[model.actual_column_name].tolist() == [8.0, 9.0, 18.0, 19.0]
    with pytest.raises(ValueError, match="at least 1 period"):
        model.rolling_forecast(future, actual, step=0)


def test_known_values_are_part_of_the_past(tmp_path: Path) -> None:
    series = prepared(tmp_path, table())
    forecasting.run(series, Candidate("Naive"), tmp_path, 1)
    model = portable.load(tmp_path / trials.MODEL)
    future = pd.DataFrame({"shop": "a", "day": pd.date_range("2024-03-01", periods=3)})
    predicted, _ = model.forecast(future, np.array([99.0, np.nan, np.nan]))
    assert predicted.tolist() == [99.0, 99.0, 99.0]


@pytest.mark.parametrize(
    ("change", "values", "told"),
    [
        (lambda frame: frame, {"time_column": "date"}, "no column 'date'"),
        (
            lambda frame: frame.drop(columns="shop"),
            {"time_series_ids": ()},
            "rows have a time that their series has already",
        ),
        (lambda frame: frame.assign(day="soon"), {}, "values that are no times, such as 'soon'"),
        (
            lambda frame: frame.groupby("shop").head(8),
            {"short_series_handling": "none"},
            "series are too short for a horizon of 7",
        ),
        (lambda frame: frame.groupby("shop").head(11), {"cv_step_size": 7}, None),
        (lambda frame: frame, {"frequency": "MS"}, "do not lie on the frequency 'MS'"),
        (lambda frame: frame.assign(sold="much"), {}, "values that are no numbers"),
    ],
)
def test_bad_input_is_told(tmp_path: Path, change: Any, values: dict[str, Any], told: str | None) -> None:
    if told is None:
        assert len(prepared(tmp_path, change(table()), **values).folds) == 1
        return
    with pytest.raises(AutoMLError) as error:
        prepared(tmp_path, change(table()), **values)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("name", "params"), [("ElasticNet", {"alpha": 0.001}), ("LightGBM", {}), ("SeasonalNaive", {})]
)
def test_series_of_other_sizes_have_their_own_spread(tmp_path: Path, name: str, params: dict[str, float]) -> None:
    random = np.random.default_rng(0)
    frame = table(120)
    frame["sold"] = (frame["sold"] + random.normal(0, 1, len(frame)) * np.where(frame["shop"] == "a", 0.1, 5.0)) * (
        np.where(frame["shop"] == "b", 100.0, 1.0)
    )
    series = prepared(tmp_path, frame, target_lags=(1, 7))
    forecasting.run(series, Candidate(name, "StandardScalerWrapper", params), tmp_path, 1)
    model = portable.load(tmp_path / trials.MODEL)
    first = pd.Timestamp("2024-04-30")
    future = pd.DataFrame({"shop": ["a", "b"], "day": [first, first]})
    small, large = model.forecast(future)[0]
    # Monday has 10, the day after the last row is the second of its week.
    assert small == pytest.approx(11, rel=0.15)
    assert large == pytest.approx(11_000, rel=0.25)
    quantiles = model.forecast_quantiles(future)
    widths = (quantiles[0.9] - quantiles[0.1]).to_numpy()
    assert widths[1] > 50 * widths[0] > 0


def test_missing_targets_are_filled_as_asked(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[20, 21], "sold"] = np.nan
    frame = frame.drop(index=[30])
    way = {"strategy": "constant", "fill_value": 0}
    chosen = Featurization("custom", transformer_params={"Imputer": ((("sold",), way),)})
    filled = dataclasses.replace(settings(), featurization=chosen)
    series = forecasting.prepare(filled, frame, None, None, Events(tmp_path / "events.jsonl"))
    assert (series.problem.training.target == 0).sum() == 2
    forecasting.run(series, Candidate("Naive"), tmp_path, 1)
    model = portable.load(tmp_path / trials.MODEL)
    assert (model.history_["a"][1] == 0).sum() == 3
    assert len(prepared(tmp_path, frame).problem.training) == 117


@pytest.mark.parametrize(
    ("way", "change", "rows"),
    [
        ("pad", lambda frame: frame.drop(index=range(52)), {"a": 11, "b": 60}),
        ("auto", lambda frame: frame.drop(index=range(52)), {"b": 60}),
        ("auto", lambda frame: frame.groupby("shop").head(9), {"a": 11, "b": 11}),
        ("drop", lambda frame: frame.drop(index=range(52)), {"b": 60}),
    ],
)
def test_short_series(tmp_path: Path, way: Any, change: Any, rows: dict[str, int]) -> None:
    series = prepared(tmp_path, change(table()), short_series_handling=way)
    assert series.problem.training.features["shop"].value_counts().to_dict() == rows
    told = "padded at their beginning" if 11 in rows.values() else "are left out: a"
    assert told in (tmp_path / "events.jsonl").read_text()


def test_rows_of_a_period_are_joined(tmp_path: Path) -> None:
    series = prepared(tmp_path, table(210), frequency="W", aggregation="sum", horizon=2)
    assert series.frequency == "W"
    assert series.problem.training.target.max() > 600


def test_series_are_told_apart_without_ids_when_times_repeat(tmp_path: Path) -> None:
    frame = pd.concat([table().assign(brand=brand) for brand in ("x", "y")], ignore_index=True)
    # Neither a measure, nor a column with other values each day, nor one more than needed.
    frame = frame.assign(price=frame.index / 7, visits=range(len(frame)), city=frame["shop"].map({"a": 1, "b": 2}))
    series = prepared(tmp_path, frame, time_series_ids=())
    assert series.problem.settings.forecasting is not None
    assert series.problem.settings.forecasting.time_series_ids in (("brand", "city"), ("brand", "shop"))
    assert "series are told apart by 'brand'" in (tmp_path / "events.jsonl").read_text()


def test_no_ids_are_made_up_for_one_series(tmp_path: Path) -> None:
    series = prepared(tmp_path, table().query("shop == 'a'"), time_series_ids=())
    assert series.problem.settings.forecasting is not None
    assert series.problem.settings.forecasting.time_series_ids == ()
