"""Fitted forecasting models, with the interface of Azure's: ``forecast``, ``forecast_quantiles``, ``predict``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator

from amlbridge.engine.automl.fitted.series import METHODS
from amlbridge.engine.automl.fitted.timeseries import KEY, TARGET, TIME, TimeSeriesTransformer

#: A series with fewer errors than this has the spread of all series.
_ENOUGH_ERRORS = 10
#: Series whose sizes differ by more than this factor are brought to one size before one regressor learns them all.
_FAR_APART = 3.0


class Forecaster(BaseEstimator):  # type: ignore[misc]
    """Forecasts what follows the training rows.

    ``method``: a name of :data:`~amlbridge.engine.automl.fitted.series.METHODS`, or that of ``estimator``, a regressor
    that is asked for one period after the other. ``season``, ``horizon``: in periods. ``target``: the name of its
    column.
    """

    #: The columns that :meth:`rolling_forecast` adds; scripts rename them by these attributes, which Azure's have.
    forecast_origin_column_name = "_automl_forecast_origin"
    forecast_column_name = "_automl_forecast_y"
    actual_column_name = "_automl_actual_y"

    def __init__(
        self,
        transformer: TimeSeriesTransformer,
        method: str,
        season: int,
        target: str,
        estimator: Any = None,
        horizon: int = 1,
    ) -> None:
        self.transformer = transformer
        self.method = method
        self.season = season
        self.target = target
        self.estimator = estimator
        self.horizon = horizon
        self.quantiles = [0.1, 0.5, 0.9]

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """The featurizer and what forecasts, as a pipeline has them."""
        return [("timeseriestransformer", self.transformer), (self.method, self.estimator or METHODS[self.method])]

    @property
    def named_steps(self) -> dict[str, Any]:
        """The same by name."""
        return dict(self.steps)

    def fit(self, X: Any, y: Any) -> Forecaster:  # noqa: N803 - scikit-learn's names
        """Learns from raw rows and their targets."""
        grid = self.transformer.regular(self.transformer.grid(X, y))
        self.scales_ = _scales(grid)
        sizes = grid[KEY].map(self.scales_).to_numpy(dtype=float)
        if self.estimator is not None:
            alike = grid.assign(**{TARGET: grid[TARGET] / sizes})
            features = self.transformer.fit_transform(alike)
            known = np.isfinite(features).all(axis=1)
            if not known.any():
                raise ValueError("every series is shorter than the lags: lower target_lags, or give more rows")
            wanted = alike[TARGET].to_numpy()[known]
            self.estimator.fit(features[known], wanted)
            residuals = pd.Series(wanted - self.estimator.predict(features[known]))
            keys = grid[KEY].to_numpy()[known]
        else:
            residuals = (grid.groupby(KEY)[TARGET].diff() / sizes).reset_index(drop=True)
            keys = grid[KEY].to_numpy()
        self._learn_errors(residuals, pd.Series(keys))
        self.history_ = {
            key: (part[TIME].to_numpy(), part[TARGET].to_numpy(dtype=float)) for key, part in grid.groupby(KEY)
        }
        self.last_ = grid.groupby(KEY).tail(1)
        return self

    def _learn_errors(self, residuals: Any, keys: Any) -> None:
        """The spread of the errors: of all series, and of each that has enough of them; in the size of the series."""
        present = residuals.notna()
        residuals, keys = residuals[present], keys[present]
        self.sigma_ = float(np.std(residuals)) if len(residuals) else 0.0
        own = residuals.groupby(keys).agg(["std", "size"])
        self.sigmas_ = own["std"][own["size"] >= _ENOUGH_ERRORS].to_dict()

    def spread(self, key: str) -> float:
        """The standard deviation of the error of the first forecast of a series."""
        return float(self.sigmas_.get(key, self.sigma_) * self.scales_.get(key, 1.0))

    def forecast(
        self,
        X: Any = None,  # noqa: N803 - scikit-learn's names
        y: Any = None,
        forecast_destination: Any = None,
        ignore_data_errors: bool = False,
    ) -> tuple[Any, Any]:
        """Predictions for the rows of ``X``, shape (rows,), and these rows with theirs in ``_automl_target_col``.

        ``y``: known targets of rows, NaN where one is wanted: known ones are taken over and count as past. Without
        ``X`` everything up to ``forecast_destination`` is forecast. Raises ValueError for rows before the training data
        and for a series that was not trained with, unless ``ignore_data_errors``: these rows are NaN then.
        """
        if X is None:
            X = self._until(forecast_destination)  # noqa: N806 - scikit-learn's names
        known = None if y is None else np.asarray(y, dtype=float).reshape(-1)
        grid = self.transformer.grid(X, known)
        result = np.full(len(grid), np.nan)
        for key, part in grid.groupby(KEY, sort=False):
            problem = self._problem(key, part)
            if problem is None:
                result[part.index] = self._of_series(key, part)
            elif not ignore_data_errors:
                raise ValueError(problem)
        shown = X.reset_index(drop=True).copy()
        shown["_automl_target_col"] = result
        return result, shown.set_index([self.transformer.time_column, *self.transformer.ids])

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Predictions for the rows of ``X``, shape (rows,)."""
        return self.forecast(X)[0]

    def forecast_quantiles(
        self,
        X: Any = None,  # noqa: N803 - scikit-learn's names
        y: Any = None,
        forecast_destination: Any = None,
        ignore_data_errors: bool = False,
    ) -> Any:
        """A DataFrame: the time, the ids, and a column for each of ``quantiles``. They are those of a normal
        distribution around the forecast that widens with the root of the distance, by the errors in training of the
        series (of all series, when it has few)."""
        if X is None:
            X = self._until(forecast_destination)  # noqa: N806 - scikit-learn's names
        predicted, _ = self.forecast(X, y, ignore_data_errors=ignore_data_errors)
        grid = self.transformer.grid(X)
        found = X.reset_index(drop=True)[[self.transformer.time_column, *self.transformer.ids]].copy()
        distance = grid.groupby(KEY)[TIME].rank(method="dense").to_numpy()
        spreads = grid[KEY].map(self.spread).to_numpy(dtype=float)
        for quantile in self.quantiles:
            found[quantile] = predicted + stats.norm.ppf(quantile) * spreads * np.sqrt(distance)
        return found

    def rolling_forecast(
        self,
        X_pred: Any,  # noqa: N803 - the names of Azure's
        y_pred: Any,
        step: int = 1,
        ignore_data_errors: bool = False,
    ) -> Any:
        """Forecasts of a horizon from each of several origins: the first one lies before all rows, each other one
        ``step`` periods after the one before, with the targets up to it known.

        Returns a DataFrame: for each origin the rows of its horizon, with the origin, the forecast and the target of
        ``y_pred`` in columns of their own. Raises ValueError as :meth:`forecast`, and for a step below 1.
        """
        if step < 1:
            raise ValueError(f"the step is {step}: it must be at least 1 period")
        known = np.asarray(y_pred, dtype=float).reshape(-1)
        rows = X_pred.reset_index(drop=True)
        when = self.transformer.grid(rows)[TIME].to_numpy()
        times = np.unique(when)
        parts = []
        for first in range(0, len(times), step):
            wanted = (when >= times[first]) & (when <= times[min(first + self.horizon, len(times)) - 1])
            asked = np.flatnonzero(wanted | (when < times[first]))
            told = np.where(when < times[first], known, np.nan)[asked]
            predicted, _ = self.forecast(rows.iloc[asked], told, ignore_data_errors=ignore_data_errors)
            part = rows[wanted].copy()
            origin = pd.date_range(end=times[first], periods=2, freq=self.transformer.frequency)[0]
            part[self.forecast_origin_column_name] = origin
            part[self.forecast_column_name] = predicted[wanted[asked]]
            part[self.actual_column_name] = known[wanted]
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def _problem(self, key: str, rows: Any) -> str | None:
        if key not in self.history_:
            return f"the series {key!r} was not in the training data: there are {', '.join(list(self.history_)[:5])}"
        first = self.history_[key][0][0]
        if rows[TIME].min() < first:
            return f"the training data begin at {first}: there is no forecast for {rows[TIME].min()}"
        return None

    def _until(self, destination: Any) -> Any:
        if destination is None:
            raise ValueError("forecast() needs rows, or forecast_destination: the last time that is wanted")
        parts = []
        for key, (times, _) in self.history_.items():
            row = self.last_[self.last_[KEY] == key].drop(columns=[KEY, TIME, TARGET])
            wanted = pd.date_range(times[-1], pd.Timestamp(destination), freq=self.transformer.frequency)
            wanted = wanted[wanted > times[-1]]
            part = row.loc[row.index.repeat(len(wanted))].reset_index(drop=True)
            part[self.transformer.time_column] = wanted
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def _of_series(self, key: str, rows: Any) -> Any:
        """Targets for rows of one series: the past as it was, what is known as it is, the rest forecast."""
        times, values = self.history_[key]
        past = dict(zip(times, values, strict=True))
        told = rows.dropna(subset=[TARGET])
        past.update(zip(told[TIME].to_numpy(), told[TARGET].to_numpy(dtype=float), strict=True))
        # What is asked for before the first unknown time is known; from there on it is forecast in one go.
        order = np.array(sorted(past))
        unknown = np.array(sorted(set(rows[TIME].to_numpy()) - set(past)))
        if len(unknown):
            start = order[order < unknown[0]] if (order < unknown[0]).any() else order
            past.update(self._ahead(rows, start, np.array([past[time] for time in start]), unknown))
        return np.array([past[time] for time in rows[TIME].to_numpy()])

    def _ahead(self, rows: Any, times: Any, values: Any, unknown: Any) -> dict[Any, float]:
        """Forecasts for all times after the past up to the last unknown one."""
        grid = pd.date_range(times[-1], pd.Timestamp(unknown[-1]), freq=self.transformer.frequency)
        grid = grid[grid > times[-1]]
        wanted = np.union1d(grid.to_numpy(), unknown)
        if self.estimator is None:
            found = METHODS[self.method](values, len(wanted), self.season)
        else:
            scale = self.scales_.get(rows[KEY].iloc[0], 1.0)
            found = np.array(self._recursive(rows, wanted, list(values / scale))) * scale
        return {time: float(value) for time, value in zip(wanted, found, strict=True) if time in set(unknown)}

    def _recursive(self, rows: Any, wanted: Any, values: list[float]) -> Any:
        own = rows.sort_values(TIME).drop_duplicates(TIME, keep="last").set_index(TIME)
        own = own.reindex(wanted).ffill().bfill()
        own[self.transformer.time_column] = wanted
        fixed = self.transformer.fixed(own.reset_index(drop=True))
        found = []
        for row in fixed:
            past = self.transformer.next_past(values)
            # A past that is too short is filled with what is nearest to it.
            past = np.where(np.isnan(past), values[0] if values else 0.0, past)
            value = float(self.estimator.predict(np.hstack([row, past])[None, :])[0])
            found.append(value)
            values.append(value)
        return found


class VotingForecaster(Forecaster):
    """The weighted mean of other forecasters. ``weights`` sum up to 1."""

    def __init__(self, estimators: Sequence[tuple[str, Forecaster]], weights: Sequence[float]) -> None:
        self.estimators = estimators
        self.weights = weights
        first = estimators[0][1]
        self.transformer, self.season, self.target = first.transformer, first.season, first.target
        self.horizon = first.horizon
        self.quantiles = [0.1, 0.5, 0.9]

    def spread(self, key: str) -> float:
        """The weighted mean of that of the members."""
        return float(np.dot(self.weights, [item.spread(key) for _, item in self.estimators]))

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """The featurizer of the first member, and the ensemble."""
        return [("timeseriestransformer", self.transformer), ("prefittedvotingregressor", self)]

    def forecast(
        self,
        X: Any = None,  # noqa: N803 - scikit-learn's names
        y: Any = None,
        forecast_destination: Any = None,
        ignore_data_errors: bool = False,
    ) -> tuple[Any, Any]:
        """As :meth:`Forecaster.forecast`."""
        if X is None:
            X = self.estimators[0][1]._until(forecast_destination)  # noqa: N806 - scikit-learn's names
        parts = [item.forecast(X, y, None, ignore_data_errors) for _, item in self.estimators]
        result = np.sum([weight * part[0] for weight, part in zip(self.weights, parts, strict=True)], axis=0)
        shown = parts[0][1].copy()
        shown["_automl_target_col"] = result
        return result, shown

    def _until(self, destination: Any) -> Any:
        return self.estimators[0][1]._until(destination)


def _scales(grid: Any) -> dict[str, float]:
    """By what the targets of each series are divided for a regressor: their mean size where sizes are far apart."""
    sizes = grid[TARGET].abs().groupby(grid[KEY]).mean()
    positive = sizes[sizes > 0]
    if len(positive) < 2 or positive.max() <= _FAR_APART * positive.min():
        return dict.fromkeys(sizes.index, 1.0)
    return {key: float(size) if size > 0 else 1.0 for key, size in sizes.items()}
