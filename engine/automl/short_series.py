"""Series that are too short to validate the horizon with: padded at their beginning, or left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.fitted.timeseries import series_keys
from amlbridge.engine.automl.settings import AutoMLSettings, Forecasting

Note = Callable[[str], None]


def handled(settings: AutoMLSettings, chosen: Forecasting, table: Any, frequency: str, horizon: int, note: Note) -> Any:
    """The table with series that are long enough for one origin. Raises :class:`AutoMLError` when that cannot be."""
    least = horizon + 3
    keys = series_keys(table, chosen.time_series_ids)
    sizes = keys.map(keys.value_counts())
    short = sizes < least
    if not short.any():
        return table
    names = ", ".join(sorted(set(keys[short]))[:5]) or "all rows"
    way = chosen.short_series_handling
    if way == "pad" or (way == "auto" and short.all()):
        # Room for an origin of each fold that is asked for.
        folds = settings.n_cross_validations if isinstance(settings.n_cross_validations, int) else 1
        step = horizon if chosen.cv_step_size == "auto" else int(chosen.cv_step_size)
        wanted = horizon + 1 + (folds - 1) * step + max(2, horizon // 2)
        note(f"series with fewer than {least} rows are padded at their beginning with their mean: {names}")
        parts = [
            _padded(settings, chosen, part, frequency, max(wanted, least)) if len(part) < least else part
            for _, part in table.groupby(keys, sort=False)
        ]
        return pd.concat(parts, ignore_index=True)
    if short.all() or way == "none":
        raise AutoMLError(
            f"series are too short for a horizon of {horizon} periods ({names}): each needs at least {least} rows; "
            "lower the horizon, give more rows, or set short_series_handling_configuration to 'pad'"
        )
    note(f"series with fewer than {least} rows are left out: {names}")
    return table[~short].reset_index(drop=True)


def _padded(settings: AutoMLSettings, chosen: Forecasting, part: Any, frequency: str, rows: int) -> Any:
    """A series with earlier rows: its target their mean, the other columns those of its first row."""
    times = pd.date_range(end=part[chosen.time_column].iloc[0], periods=rows - len(part) + 1, freq=frequency)[:-1]
    earlier = part.iloc[np.zeros(len(times), dtype=int)].copy()
    earlier[chosen.time_column] = times
    values = pd.to_numeric(part[settings.target_column], errors="coerce")
    earlier[settings.target_column] = values.mean() if values.notna().any() else 0.0
    return pd.concat([earlier, part], ignore_index=True)
