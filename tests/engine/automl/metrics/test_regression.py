"""Metrics of regressions against their definitions, written out independently."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.automl.metrics import names, regression

_VALUES = st.integers(-20, 20).map(lambda value: value / 4)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[list[float], list[float], tuple[float, float]]:
    """True values, predicted ones, and the range of all targets, which is at least that of the true values."""
    rows = draw(st.integers(2, 12))
    truth = draw(st.lists(_VALUES, min_size=rows, max_size=rows))
    predicted = draw(st.lists(_VALUES, min_size=rows, max_size=rows))
    low, high = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    return truth, predicted, (min(truth) - low, max(truth) + high)


def close(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def variance(values: list[float]) -> float:
    center = mean(values)
    return mean([(value - center) ** 2 for value in values])


def ranks(values: list[float]) -> list[float]:
    """The mean of the places that equal values have."""
    ordered = sorted(values)
    return [mean([place for place, other in enumerate(ordered) if other == value]) for value in values]


@given(predictions())
def test_errors_and_their_normal_forms(data: Any) -> None:
    truth, predicted, (low, high) = data
    found = regression.scalars(*data)
    errors = [abs(y - p) for y, p in zip(truth, predicted, strict=True)]
    rmse = math.sqrt(mean([error**2 for error in errors]))
    expected = {
        "mean_absolute_error": mean(errors),
        "median_absolute_error": median(errors),
        "root_mean_squared_error": rmse,
    }
    for name, value in expected.items():
        assert close(found[name], value)
        assert close(found[f"normalized_{name}"], value / (high - low) if high > low else float("nan"))
    some = [(y, p) for y, p in zip(truth, predicted, strict=True) if y]
    percent = 100 * mean([abs((y - p) / y) for y, p in some]) if some else float("nan")
    assert close(found["mean_absolute_percentage_error"], percent)


@given(predictions())
def test_logarithmic_error(data: Any) -> None:
    truth, predicted, (low, high) = data
    found = regression.scalars(*data)
    if min(*truth, *predicted) < 0:
        assert math.isnan(found["root_mean_squared_log_error"])
        return
    squares = [(math.log(1 + y) - math.log(1 + p)) ** 2 for y, p in zip(truth, predicted, strict=True)]
    assert close(found["root_mean_squared_log_error"], math.sqrt(mean(squares)))
    if low >= 0 and high > low:
        width = math.log(1 + high) - math.log(1 + low)
        assert close(found["normalized_root_mean_squared_log_error"], math.sqrt(mean(squares)) / width)


@given(predictions())
def test_shares_of_variance(data: Any) -> None:
    truth, predicted, _ = data
    found = regression.scalars(*data)
    residuals = [y - p for y, p in zip(truth, predicted, strict=True)]
    whole = variance(truth)
    if whole == 0:
        assert found["r2_score"] == (1.0 if not any(residuals) else 0.0)
        return
    assert close(found["r2_score"], 1 - mean([r * r for r in residuals]) / whole)
    assert close(found["explained_variance"], 1 - variance(residuals) / whole)


@given(predictions())
def test_spearman_is_the_correlation_of_ranks(data: Any) -> None:
    truth, predicted, _ = data
    found = regression.scalars(*data)["spearman_correlation"]
    one, other = ranks(truth), ranks(predicted)
    spread = math.sqrt(variance(one) * variance(other))
    if spread == 0:
        assert math.isnan(found)
        return
    together = mean([(a - mean(one)) * (b - mean(other)) for a, b in zip(one, other, strict=True)])
    assert close(found, together / spread)


@given(predictions(), st.integers(0, 3))
def test_a_weight_counts_as_often_as_it_says(data: Any, more: int) -> None:
    truth, predicted, span = data
    weights = [1.0 + more] + [1.0] * (len(truth) - 1)
    weighted = regression.scalars(truth, predicted, span, regression.np.array(weights))
    again = regression.scalars(truth + truth[:1] * more, predicted + predicted[:1] * more, span)
    for name in ("mean_absolute_error", "root_mean_squared_error", "mean_absolute_percentage_error"):
        assert close(weighted[name], again[name])


@pytest.mark.parametrize(("truth", "predicted"), [([1.0, 2.0], [1.0, math.nan]), ([], []), ([1.0], [math.inf])])
def test_what_is_no_number_has_no_metric(truth: list[float], predicted: list[float]) -> None:
    found = regression.scalars(truth, predicted, (0.0, 1.0))
    assert found.keys() == set(names.REGRESSION)
    assert all(math.isnan(value) for value in found.values())
