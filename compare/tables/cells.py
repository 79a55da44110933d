"""Which of the cells that differ as text differ in what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from amlbridge.compare.rules import NULLS, Rules
from amlbridge.compare.tables.read import NULL
from amlbridge.compare.tolerance import Tolerance

# A leading zero makes it a code, not a number; so does a sign alone.
_NUMBER = r"^[ ]*[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ ]*$"
_WHOLE = r"^[ ]*[+-]?(?:0|[1-9][0-9]*)[ ]*$"
_INFINITE = r"^[+-]?(?:inf|Inf|INF|infinity|Infinity)$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?Z?)?$"
_NULL_TEXTS = pa.array([*NULLS, NULL])
_TRUTHS = pa.array(["true", "false"])


@dataclass(frozen=True)
class Unequal:
    """Of the cells that were looked at, the indices of those that differ, and for each by how much (NaN for texts)."""

    indices: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.float64]


def unequal(left: Any, right: Any, name: str, rules: Rules) -> Unequal:
    """Compares two columns of texts of the same length; ``name`` chooses the tolerance."""
    apart = np.flatnonzero(_to_numpy(pc.not_equal(left, right)))
    if not len(apart):
        return Unequal(apart, np.empty(0))
    ours, theirs = left.take(pa.array(apart)), right.take(pa.array(apart))
    differs = np.ones(len(apart), bool)
    sizes = np.full(len(apart), np.nan)
    if rules.nulls == "same":
        differs &= ~_both(ours, theirs, lambda column: pc.is_in(column, _NULL_TEXTS))
    differs &= ~(_both(ours, theirs, lambda c: pc.is_in(pc.utf8_lower(c), _TRUTHS)) & _equal_truths(ours, theirs))
    _numbers(ours, theirs, rules.tolerances.of(name), differs, sizes)
    _moments(ours, theirs, differs)
    kept = np.flatnonzero(differs)
    return Unequal(apart[kept], sizes[kept])


def _numbers(ours: Any, theirs: Any, tolerance: Tolerance, differs: Any, sizes: Any) -> None:
    """Marks numbers that are close as the same, in place, and notes how far apart the others are."""
    numeric = np.flatnonzero(_both(ours, theirs, _is_number) & differs)
    if not len(numeric):
        return
    picked = pa.array(numeric)
    left, right = _floats(ours.take(picked)), _floats(theirs.take(picked))
    whole = _both(ours.take(picked), theirs.take(picked), lambda c: pc.match_substring_regex(c, _WHOLE))
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(left - right)
        limit = np.maximum(tolerance.absolute, tolerance.relative * np.maximum(np.abs(left), np.abs(right)))
        close = (left == right) | ((apart <= limit) & np.isfinite(limit))
    if not tolerance.whole:
        # 64-bit floats cannot tell large whole numbers apart: their texts differ, so they do.
        close &= ~whole | (apart == 0) & (np.abs(left) < 2**53)
    differs[numeric[close]] = False
    sizes[numeric[~close]] = apart[~close]


def _moments(ours: Any, theirs: Any, differs: Any) -> None:
    """Marks dates and times that are the same moment as the same, in place."""
    found = np.flatnonzero(_both(ours, theirs, lambda c: pc.match_substring_regex(c, _MOMENT)) & differs)
    if not len(found):
        return
    picked = pa.array(found)
    try:
        left, right = (_moment(column.take(picked)) for column in (ours, theirs))
    except pa.ArrowInvalid:
        return  # one of them is no day of the calendar: texts they are
    differs[found[_to_numpy(pc.equal(left, right))]] = False


def _moment(column: Any) -> Any:
    bare = pc.replace_substring_regex(pc.replace_substring(column, "Z", ""), "T", " ")
    return pc.cast(bare, pa.timestamp("ns"))


def _is_number(column: Any) -> Any:
    return pc.or_(pc.match_substring_regex(column, _NUMBER), pc.match_substring_regex(column, _INFINITE))


def _floats(column: Any) -> npt.NDArray[np.float64]:
    # pyarrow reads no sign of plus.
    bare = pc.replace_substring_regex(pc.utf8_trim(column, " "), r"^\+", "")
    return np.asarray(pc.cast(bare, pa.float64()))


def _equal_truths(ours: Any, theirs: Any) -> npt.NDArray[np.bool_]:
    return _to_numpy(pc.equal(pc.utf8_lower(ours), pc.utf8_lower(theirs)))


def _both(ours: Any, theirs: Any, test: Any) -> npt.NDArray[np.bool_]:
    return _to_numpy(test(ours)) & _to_numpy(test(theirs))


def _to_numpy(column: Any) -> npt.NDArray[np.bool_]:
    return np.asarray(column, dtype=bool)
