"""Metrics that are tables: what Azure's charts are drawn from.

Their JSON is that of the public reference of ``azureml.core.Run`` (``log_confusion_matrix``, ``log_accuracy_table``,
``log_residuals``, ``log_predictions``). Rows are counted without their weights. The rows of all folds count together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: Thresholds of an accuracy table, bins of residuals and of predictions.
_THRESHOLDS, _RESIDUAL_BINS, _PREDICTION_BINS = 100, 20, 10


def of_classes(truth: npt.ArrayLike, probabilities: Floats, labels: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """``confusion_matrix`` (rows: true classes) and ``accuracy_table`` by name.

    ``truth``: codes of the classes, shape (rows,). ``probabilities``: shape (rows, classes). ``labels``: the classes.
    Empty when a probability is no number.
    """
    codes = np.asarray(truth, dtype=int)
    if not len(codes) or not np.isfinite(probabilities).all():
        return {}
    names = [str(label) for label in labels]
    matrix = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(matrix, (codes, probabilities.argmax(axis=1)), 1)
    even = np.linspace(0, 1, _THRESHOLDS)
    spread = np.asarray(np.quantile(probabilities, even), dtype=np.float64)
    table = {
        "probability_tables": _counted(codes, probabilities, even),
        "percentile_tables": _counted(codes, probabilities, spread),
        "probability_thresholds": even.tolist(),
        "percentile_thresholds": spread.tolist(),
        "class_labels": names,
    }
    return {
        "confusion_matrix": _schema("confusion_matrix", {"class_labels": names, "matrix": matrix.tolist()}),
        "accuracy_table": _schema("accuracy_table", table, "1.0.1"),
    }


def _counted(codes: Any, probabilities: Floats, thresholds: Floats) -> list[Any]:
    """[TP, FP, TN, FN] of each class at each threshold: shape (classes, thresholds, 4). At or above is positive."""
    found = []
    for code in range(probabilities.shape[1]):
        own, other = (np.sort(probabilities[which, code]) for which in (codes == code, codes != code))
        missed, left = np.searchsorted(own, thresholds), np.searchsorted(other, thresholds)
        found.append(np.column_stack([len(own) - missed, len(other) - left, left, missed]).tolist())
    return found


def of_numbers(truth: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, dict[str, Any]]:
    """``residuals`` (predicted - true) and ``predicted_true`` by name; both of shape (rows,).

    ``predicted_true`` has, for bins of the true value, the mean and the standard deviation of what was predicted.
    Empty when a value is no number.
    """
    y, p = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    if not len(y) or not np.isfinite(y).all() or not np.isfinite(p).all():
        return {}
    counts, edges = np.histogram(p - y, bins=_bins(p - y, _RESIDUAL_BINS))
    sizes, bounds = np.histogram(y, bins=_bins(y, _PREDICTION_BINS))
    places = np.clip(np.searchsorted(bounds, y, side="right") - 1, 0, len(sizes) - 1)
    inside = [p[places == index] for index in range(len(sizes))]
    predictions = {
        "bin_averages": [float(part.mean()) if len(part) else 0.0 for part in inside],
        "bin_errors": [float(part.std()) if len(part) else 0.0 for part in inside],
        "bin_counts": sizes.tolist(),
        "bin_edges": bounds.tolist(),
    }
    return {
        "residuals": _schema("residuals", {"bin_edges": edges.tolist(), "bin_counts": counts.tolist()}),
        "predicted_true": _schema("predictions", predictions),
    }


def _bins(values: Floats, count: int) -> int:
    """Values that floats hardly tell apart share one bin."""
    width = np.ptp(values)
    return count if width > count * np.spacing(np.abs(values).max()) * 4 else 1


def _schema(kind: str, data: dict[str, Any], version: str = "1.0.0") -> dict[str, Any]:
    return {"schema_type": kind, "schema_version": version, "data": data}
