"""Metrics for what is predicted on validation rows: all of them at the end, one of them quickly while choosing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn import metrics as sk

from amlbridge.engine.automl.metrics import classification, names, regression


def scalars(truth: Any, predicted: Any, span: tuple[float, float] | None, weights: Any) -> dict[str, float]:
    """All scalar metrics: ``span`` None means a classification, with ``predicted`` the probabilities."""
    if span is None:
        return classification.scalars(truth, predicted, weights)
    return regression.scalars(truth, predicted, span, weights)


def averaged(folds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over the folds in which it is a number; NaN when it is in none."""
    found = {}
    for name in folds[0]:
        values = [fold[name] for fold in folds if not np.isnan(fold[name])]
        found[name] = float(np.mean(values)) if values else float("nan")
    return found


def quick(metric: str) -> Callable[[Any, Any], float]:
    """A function of (truth, predictions) that is larger the better the metric is, computed alone.

    Where a metric is costly or too coarse to tell models apart, one that goes with it: log loss for the metrics of
    classes, the squared error for those of numbers.
    """
    if metric.startswith("AUC"):
        return _auc
    if metric == "accuracy":
        # Ties between combinations are broken by the more certain one.
        return lambda truth, p: float(np.mean(np.argmax(p, axis=1) == truth)) - 1e-3 * _log_loss(truth, p)
    if metric in names.CLASSIFICATION:
        return lambda truth, p: -_log_loss(truth, p)
    if "absolute" in metric:
        return lambda truth, p: -float(np.mean(np.abs(truth - p)))
    return lambda truth, p: -float(np.mean((truth - p) ** 2))


def _log_loss(truth: Any, probabilities: Any) -> float:
    sure = np.clip(probabilities[np.arange(len(truth)), truth], 1e-15, 1)
    return float(-np.mean(np.log(sure)))


def _auc(truth: Any, probabilities: Any) -> float:
    counts = np.bincount(truth, minlength=probabilities.shape[1])
    present = np.flatnonzero((counts > 0) & (counts < len(truth)))
    if len(counts) == 2:
        present = present[-1:]
    if not len(present):
        return 0.0
    values = [sk.roc_auc_score(truth == code, probabilities[:, code]) for code in present]
    return float(np.average(values, weights=counts[present]))
