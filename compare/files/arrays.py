"""npy and npz: shape, type and numbers, in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.files.finding import Finding
from amlbridge.compare.references import References
from amlbridge.compare.result import MOST_KEPT, Difference
from amlbridge.compare.rules import Rules
from amlbridge.compare.tolerance import Tolerance

_AT_ONCE = 1 << 20


def compare(left: Path, right: Path, rules: Rules, _references: References) -> Finding:
    """The differences of two files of arrays. Raises :class:`UnreadableError`; arrays of objects are pickles, which are
    not loaded."""
    one, other = _load(left), _load(right)
    count, spread = 0, {}
    kept: list[Difference] = []
    for name in {**one, **other}:
        if name not in one or name not in other:
            found = [Difference(f"array {name}", *(("there", "") if name in one else ("", "there")), None)]
            number, size = 1, float("inf")
        else:
            number, found, size = arrays(one[name], other[name], name, rules.tolerances.of(name))
        count += number
        kept += found[: max(0, MOST_KEPT - len(kept))]
        if number:
            spread[name] = size
    shapes = ", ".join(f"{name or 'array'} {array.shape} {array.dtype}" for name, array in list(one.items())[:10])
    return Finding(count, tuple(kept), spread, {"arrays": shapes})


def _load(path: Path) -> dict[str, Any]:
    try:
        found = np.load(path, allow_pickle=False, mmap_mode="r")
        if isinstance(found, np.ndarray):
            return {"": found}
        with found:
            return {name: found[name] for name in found.files}
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise UnreadableError(f"{path.name} cannot be read as an array: {error}") from error


def arrays(
    left: npt.NDArray[Any], right: npt.NDArray[Any], name: str, tolerance: Tolerance
) -> tuple[int, list[Difference], float]:
    """How many entries of two arrays differ, the first of them, and the largest distance."""
    label = f"{name} " if name else ""
    if left.shape != right.shape:
        return 1, [Difference(f"{label}shape", str(left.shape), str(right.shape))], float("inf")
    count, kept, largest = 0, [], 0.0
    if left.dtype != right.dtype:
        count, largest = 1, float("inf")
        kept.append(Difference(f"{label}type", str(left.dtype), str(right.dtype)))
    ours, theirs = left.reshape(-1), right.reshape(-1)
    for start in range(0, ours.size, _AT_ONCE):
        one, other = np.asarray(ours[start : start + _AT_ONCE]), np.asarray(theirs[start : start + _AT_ONCE])
        apart = np.flatnonzero(_differs(one, other, tolerance))
        count += len(apart)
        for index in apart[: max(0, MOST_KEPT - len(kept))]:
            place = tuple(int(item) for item in np.unravel_index(start + int(index), left.shape))
            kept.append(Difference(f"{label}{list(place)}", str(one[index]), str(other[index])))
        largest = max(largest, _distance(one[apart], other[apart]))
    return count, kept, largest


def _differs(one: npt.NDArray[Any], other: npt.NDArray[Any], tolerance: Tolerance) -> npt.NDArray[np.bool_]:
    differs = np.asarray(one != other)
    kinds = {one.dtype.kind, other.dtype.kind}
    if not kinds <= set("fciu") or (kinds <= set("iu") and not tolerance.whole):
        return differs
    wide = np.complex128 if "c" in kinds else np.float64
    left, right = one.astype(wide), other.astype(wide)
    with np.errstate(invalid="ignore", over="ignore"):
        limit = np.maximum(tolerance.absolute, tolerance.relative * np.maximum(np.abs(left), np.abs(right)))
        close = (np.abs(left - right) <= limit) & np.isfinite(limit)
    return np.asarray(differs & ~close & ~(np.isnan(left) & np.isnan(right)))


def _distance(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    if not len(one):
        return 0.0
    if one.dtype.kind not in "fciub" or other.dtype.kind not in "fciub":
        return float("inf")
    wide = np.complex128 if "c" in (one.dtype.kind, other.dtype.kind) else np.float64
    with np.errstate(invalid="ignore", over="ignore"):
        found = float(np.max(np.abs(one.astype(wide) - other.astype(wide))))
    return found if found == found else float("inf")
