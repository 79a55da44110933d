"""What a column is for: a number, a category, a date, a text, an id or nothing."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

NUMERIC, CATEGORICAL, HASHED, DATE, TEXT = "Numeric", "Categorical", "CategoricalHash", "DateTime", "Text"
IDS, CONSTANT, EMPTY, IGNORE = "Hashes", "Constant", "AllNan", "Ignore"
#: Columns of these purposes are dropped.
DROPPED = (IDS, CONSTANT, EMPTY, IGNORE)
#: What a user may name a column.
CHOICES = (NUMERIC, CATEGORICAL, HASHED, DATE, TEXT, IDS, IGNORE)
#: Categories up to so many get a column each.
FEW = 12
#: This share of the values must read as numbers or dates for the column to be one of them.
_MOST = 0.95


def missing(column: Any) -> Any:
    """Where a column of a DataFrame has no value: boolean, shape (rows,). Blank text is none."""
    found = column.isna()
    if column.dtype == object:
        found = found | column.map(lambda value: isinstance(value, str) and not value.strip())
    return found.to_numpy(dtype=bool)


def as_text(column: Any) -> Any:
    """A column as text without surrounding blanks; 1.0 and 1 are the same category. Missing values are ""."""

    def text(value: Any) -> str:
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value).strip()

    gone = missing(column)
    values = np.array(["" if none else text(value) for value, none in zip(column, gone, strict=True)], dtype=object)
    return pd.Series(values, index=column.index)


def as_number(column: Any) -> Any:
    """A column as floats, shape (rows,); what reads as no number is NaN, and so are infinities."""
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
        words = {"true": 1.0, "false": 0.0}
        column = column.astype(object).map(
            lambda value: words.get(value.strip().lower(), value) if isinstance(value, str) else value
        )
    values = pd.to_numeric(column, errors="coerce").astype("float64").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def as_date(column: Any) -> Any:
    """A column as a Series of UTC-naive times; what reads as no date is NaT."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # formats that pandas has to guess
        found = pd.to_datetime(column, errors="coerce", utc=True)
    return found.dt.tz_localize(None)


def detect(column: Any) -> str:
    """The purpose of a column of a DataFrame."""
    gone = missing(column)
    present = column[~gone]
    if present.empty:
        return EMPTY
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATE if present.nunique() > 1 else CONSTANT
    if pd.api.types.is_bool_dtype(column):
        return NUMERIC if present.nunique() > 1 or gone.any() else CONSTANT
    if pd.api.types.is_numeric_dtype(column):
        return _of_numbers(column, present, gone)
    return _of_words(column, present, gone)


def _of_numbers(column: Any, present: Any, gone: Any) -> str:
    distinct = present.nunique()
    if distinct == 1:
        return NUMERIC if gone.any() else CONSTANT
    # 0, 1, 2, … or any other numbering of the rows says nothing of them.
    whole = pd.api.types.is_integer_dtype(column)
    if whole and distinct == len(column) > 20 and present.max() - present.min() == len(column) - 1:
        return IDS
    return NUMERIC


def _of_words(column: Any, present: Any, gone: Any) -> str:
    words = as_text(present)
    distinct = words.nunique()
    if distinct == 1:
        return CATEGORICAL if gone.any() else CONSTANT
    if np.isfinite(as_number(present)).mean() >= _MOST:
        return NUMERIC
    some = words.iloc[:1000]
    # A date has digits and separators; to_datetime alone would take "may" or "12" for one.
    if some.str.contains(r"\d[-/.:T ]\d|\d{4}", regex=True).mean() >= _MOST and as_date(some).notna().mean() >= _MOST:
        return DATE
    length = some.str.split().str.len().mean()
    if length >= 4 and distinct > FEW and distinct > 0.1 * len(words):
        return TEXT
    if distinct == len(column) > 20 or distinct > 0.95 * len(words) > 100:
        return TEXT if length >= 2 else IDS
    return CATEGORICAL if distinct <= FEW else HASHED
