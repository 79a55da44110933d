"""A table of time series as a regular grid: each series has each of its times once, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from amlbridge.engine.automl.fitted.datatransformer import DataTransformer
from amlbridge.engine.automl.fitted.purposes import as_date

#: Columns of a grid besides the raw ones.
KEY, TIME, TARGET = "_automl_series", "_automl_time", "_automl_target"


class TimeSeriesTransformer(BaseEstimator):  # type: ignore[misc]
    """Makes grids of raw tables, and features of grids.

    ``ids``: the columns that tell series apart. ``frequency``: a pandas offset. ``lags`` of the target in periods,
    ``window``: so many past values are averaged (0: none). ``purposes``: raw column -> its purpose, for the time
    column, the ids and the regressors. ``blocked``, ``parameters``: as of
    :class:`~amlbridge.engine.automl.fitted.datatransformer.DataTransformer`; the Imputer's strategies are ``ffill`` as
    well, and ``constant`` for the column ``target``.
    """

    def __init__(
        self,
        time_column: str,
        ids: Sequence[str],
        frequency: str,
        lags: Sequence[int],
        window: int,
        purposes: dict[str, str],
        seed: int = 0,
        blocked: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        target: str = "",
    ) -> None:
        self.time_column = time_column
        self.ids = ids
        self.frequency = frequency
        self.lags = lags
        self.window = window
        self.purposes = purposes
        self.seed = seed
        self.blocked = blocked
        self.parameters = parameters
        self.target = target

    def grid(self, table: Any, target: Any = None) -> Any:
        """The rows of a table with their series, their time and, if given, their target; in the order of the table.

        Raises ValueError that names missing columns."""
        frame = table.rename(columns=str).reset_index(drop=True)
        gone = [name for name in self.purposes if name not in frame.columns]
        if gone:
            raise ValueError(f"the data lack columns that the model was trained with: {', '.join(gone)}")
        frame = frame[list(self.purposes)].copy()
        frame[KEY] = series_keys(frame, self.ids)
        frame[TIME] = as_date(frame[self.time_column])
        if frame[TIME].isna().any():
            raise ValueError(f"the column {self.time_column} has values that are no times")
        frame[TARGET] = np.nan if target is None else np.asarray(target, dtype=float)
        return frame

    def regular(self, grid: Any) -> Any:
        """A grid without gaps, by series and time: raw columns and targets of missing times are those before them, or
        targets what the Imputer of the target says."""
        parts = []
        ways = imputations(self.parameters, self.target) or {}
        carried = [name for name in self.purposes if _strategy(self.parameters, name) == "ffill"]
        for key, part in grid.sort_values(TIME).groupby(KEY, sort=True):
            own = part.drop_duplicates(TIME, keep="last").set_index(TIME)
            times = pd.date_range(own.index[0], own.index[-1], freq=self.frequency)
            if len(times) != len(own) and own.index.isin(times).all():
                own = own.reindex(times)
                if ways.get("strategy") == "constant":
                    own[TARGET] = own[TARGET].fillna(ways.get("fill_value", 0))
                own = own.ffill()
            own[carried] = own[carried].ffill()
            own.index.name = TIME
            own = own.reset_index()
            own[self.time_column] = own[TIME]
            own[KEY] = key
            parts.append(own)
        return pd.concat(parts, ignore_index=True)

    def fit_transform(self, grid: Any) -> Any:
        """Features of a regular grid with targets; shape (rows, features)."""
        self.transformer_ = DataTransformer(
            self.purposes, "continuous", blocked=self.blocked, parameters=self.parameters, seed=self.seed
        )
        fixed = self.transformer_.fit_transform(grid, grid[TARGET].to_numpy())
        self.names_ = [*self.transformer_.get_engineered_feature_names(), *self._past_names()]
        past = [self.past(part[TARGET].to_numpy()) for _, part in grid.groupby(KEY, sort=False)]
        return np.hstack([np.asarray(fixed), np.vstack(past)]) if self._past_names() else np.asarray(fixed)

    def fixed(self, grid: Any) -> Any:
        """The features that do not depend on the past of the target."""
        return np.asarray(self.transformer_.transform(grid))

    def past(self, values: Any) -> Any:
        """Lags and the mean of the window before each value of one series; NaN where the past begins."""
        series = pd.Series(values)
        columns = [series.shift(lag).to_numpy() for lag in self.lags]
        if self.window:
            columns.append(series.shift(1).rolling(self.window, min_periods=1).mean().to_numpy())
        return np.column_stack(columns) if columns else np.zeros((len(values), 0))

    def next_past(self, values: Any) -> Any:
        """The same for the value that follows ``values``."""
        found = [values[-lag] if len(values) >= lag else np.nan for lag in self.lags]
        if self.window:
            found.append(float(np.mean(values[-self.window :])))
        return np.array(found, dtype=float)

    def _past_names(self) -> list[str]:
        window = [f"_automl_target_mean_window{self.window}"] if self.window else []
        return [*(f"_automl_target_lag{lag}" for lag in self.lags), *window]

    # -- what notebooks ask of it ------------------------------------------------------------------------------------

    def get_engineered_feature_names(self) -> list[str]:
        """The names of the features; empty for a model that uses none."""
        return list(getattr(self, "names_", []))

    def get_featurization_summary(self, is_user_friendly: bool = True) -> list[dict[str, Any]]:
        """What was done to each raw column; a model that looks at the target alone drops them all."""
        used: DataTransformer = getattr(self, "transformer_", None) or DataTransformer(self.purposes)
        return used.get_featurization_summary()


def imputations(parameters: Mapping[str, Any] | None, column: str) -> Mapping[str, Any] | None:
    """The parameters of the Imputer for a column by its name; None: there are none."""
    for columns, chosen in (parameters or {}).get("Imputer", ()):
        if column in columns:
            found: Mapping[str, Any] = chosen
            return found
    return None


def _strategy(parameters: Mapping[str, Any] | None, column: str) -> Any:
    return (imputations(parameters, column) or {}).get("strategy")


def series_keys(frame: Any, ids: Sequence[str]) -> Any:
    """The series of each row, as text."""
    if not ids:
        return pd.Series("", index=frame.index)
    return frame[list(ids)].astype(str).agg("|".join, axis=1)
