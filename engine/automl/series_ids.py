"""Which columns tell series apart, when nobody has said it: Azure finds them by itself when times repeat."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pandas as pd

from amlbridge.engine.automl.settings import AutoMLSettings

#: How many columns are tried, those with the fewest values first, and how many together.
_COLUMNS, _TOGETHER = 8, 3


def detected(settings: AutoMLSettings, table: Any, note: Callable[[str], None]) -> AutoMLSettings:
    """The settings with the columns that tell the series of a table apart: as few as give each time once in each series
    and, of those, with the fewest series. As they are when ids are set, no time repeats, or no columns do that."""
    chosen = settings.forecasting
    assert chosen is not None, "settings of forecasts always have it"
    joined = chosen.aggregation is not None and chosen.frequency is not None
    time = chosen.time_column
    if chosen.time_series_ids or joined or time not in table.columns or not table[time].duplicated().any():
        return settings
    ids = _ids(table, time, {time, settings.target_column, settings.weight_column})
    if ids is None:
        return settings
    note(
        f"times repeat and time_series_id_column_names is not set: series are told apart by {', '.join(map(repr, ids))}"
    )
    return dataclasses.replace(settings, forecasting=dataclasses.replace(chosen, time_series_ids=ids))


def _ids(table: Any, time: str, others: set[str | None]) -> tuple[str, ...] | None:
    counts = {
        name: int(table[name].nunique())
        for name in table.columns
        if name not in others and not _measures(table[name]) and not table[name].isna().any()
    }
    # A column with a value for each row or two is no name of a series.
    likely = sorted((count, name) for name, count in counts.items() if 1 < count <= len(table) / 3)[:_COLUMNS]
    for size in range(1, _TOGETHER + 1):
        found = [
            (table.groupby(list(names)).ngroups, names)
            for names in itertools.combinations([name for _, name in likely], size)
            if not table.duplicated([time, *names]).any()
        ]
        if found:
            return min(found)[1]
    return None


def _measures(column: Any) -> bool:
    return bool(pd.api.types.is_float_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))
