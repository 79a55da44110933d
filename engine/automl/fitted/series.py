"""Forecasts of one series from its own past: ``method(values, steps, season)`` gives the next ``steps`` values.

``values``: the past, oldest first, without holes. ``season``: periods of a season, 1 for none.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np


def naive(values: Any, steps: int, season: int) -> Any:
    """The last value."""
    return np.full(steps, values[-1], dtype=float)


def seasonal_naive(values: Any, steps: int, season: int) -> Any:
    """The value of one season before."""
    last = values[-season:] if len(values) >= season else values[-1:]
    return np.resize(last, steps).astype(float)


def average(values: Any, steps: int, season: int) -> Any:
    """The mean of everything."""
    return np.full(steps, np.mean(values), dtype=float)


def seasonal_average(values: Any, steps: int, season: int) -> Any:
    """The mean of the same place in all seasons."""
    if len(values) < season:
        return average(values, steps, season)
    places = (len(values) + np.arange(steps)) % season
    return np.array([np.mean(values[place::season]) for place in places])


def exponential_smoothing(values: Any, steps: int, season: int) -> Any:
    """Holt-Winters with a damped trend, with a season when the past has two of it."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    seasonal = "add" if season > 1 and len(values) >= 2 * season + 2 else None
    trend = "add" if len(values) >= 10 else None
    if len(values) < 4 or np.ptp(values) == 0:
        return naive(values, steps, season)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ExponentialSmoothing(
            np.asarray(values, dtype=float),
            trend=trend,
            damped_trend=trend is not None,
            seasonal=seasonal,
            seasonal_periods=season if seasonal else None,
            initialization_method="estimated",
        )
        return _finite(model.fit().forecast(steps), values, steps, season)


def auto_arima(values: Any, steps: int, season: int) -> Any:
    """The ARIMA model with the smallest AIC of a few orders; seasonal when the past has three seasons."""
    from statsmodels.tsa.arima.model import ARIMA

    if len(values) < 8 or np.ptp(values) == 0:
        return naive(values, steps, season)
    seasonal = (0, 1, 1, season) if 1 < season <= 24 and len(values) >= 3 * season else (0, 0, 0, 0)
    best, smallest = None, np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for order in ((0, 1, 1), (1, 1, 1), (2, 1, 0), (1, 0, 0), (2, 0, 1)):
            try:
                fitted = ARIMA(np.asarray(values, dtype=float), order=order, seasonal_order=seasonal).fit()
            except (ValueError, np.linalg.LinAlgError):
                continue  # this order does not suit the series; others do
            if fitted.aic < smallest:
                best, smallest = fitted, fitted.aic
        if best is None:
            return naive(values, steps, season)
        return _finite(best.forecast(steps), values, steps, season)


def _finite(found: Any, values: Any, steps: int, season: int) -> Any:
    """A forecast; one that has run away gives way to the last value."""
    found = np.asarray(found, dtype=float)
    return found if np.isfinite(found).all() else naive(values, steps, season)


#: By Azure's names.
METHODS: dict[str, Callable[[Any, int, int], Any]] = {
    "Naive": naive,
    "SeasonalNaive": seasonal_naive,
    "Average": average,
    "SeasonalAverage": seasonal_average,
    "ExponentialSmoothing": exponential_smoothing,
    "AutoArima": auto_arima,
}
