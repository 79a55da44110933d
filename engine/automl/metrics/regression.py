"""The scalar metrics of a regression or a forecast.

What is not said by a metric's definition:

- Normalized errors are divided by the range of the target in *all* data of the experiment, so that folds compare; the
  logarithmic one by the range of log(1 + target). Without a range (a constant target) they are NaN.
- ``mean_absolute_percentage_error`` is in percent and leaves out rows whose true value is 0; NaN when all are.
- ``root_mean_squared_log_error`` is NaN when a true value or a prediction is below 0.
- ``r2_score`` and ``explained_variance`` of a constant target are 1 for exact predictions, otherwise 0 (as in
  scikit-learn); with fewer than two rows NaN. ``spearman_correlation`` is NaN when either side is constant.
- Rows whose prediction is NaN make every metric NaN: a model that predicts nothing wins nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn import metrics as sk

from amlbridge.engine.automl.metrics.names import REGRESSION

Floats = npt.NDArray[np.float64]


def scalars(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, span: tuple[float, float], weights: Floats | None = None
) -> dict[str, float]:
    """All scalar metrics by name. ``truth`` and ``predicted``: shape (rows,). ``span``: the smallest and the largest
    target in all data. ``weights``: of the rows, shape (rows,)."""
    y, p = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    if not len(y) or not np.isfinite(p).all() or not np.isfinite(y).all():
        return dict.fromkeys(REGRESSION, float("nan"))
    mae, mse = sk.mean_absolute_error(y, p, sample_weight=weights), sk.mean_squared_error(y, p, sample_weight=weights)
    rmsle = _log_error(y, p, weights)
    median = float(np.median(np.abs(y - p))) if weights is None else _weighted_median(np.abs(y - p), weights)
    low, high = span
    width = high - low
    log_width = np.log1p(high) - np.log1p(low) if low >= 0 else float("nan")
    enough = len(y) > 1
    found = {
        "explained_variance": sk.explained_variance_score(y, p, sample_weight=weights) if enough else float("nan"),
        "mean_absolute_error": mae,
        "mean_absolute_percentage_error": _percentage_error(y, p, weights),
        "median_absolute_error": median,
        "normalized_mean_absolute_error": _divided(mae, width),
        "normalized_median_absolute_error": _divided(median, width),
        "normalized_root_mean_squared_error": _divided(np.sqrt(mse), width),
        "normalized_root_mean_squared_log_error": _divided(rmsle, log_width),
        "r2_score": sk.r2_score(y, p, sample_weight=weights) if enough else float("nan"),
        "root_mean_squared_error": np.sqrt(mse),
        "root_mean_squared_log_error": rmsle,
        "spearman_correlation": _spearman(y, p),
    }
    return {name: float(value) for name, value in found.items()}


def _divided(value: float, width: float) -> float:
    return float(value / width) if width > 0 else float("nan")


def _log_error(y: Floats, p: Floats, weights: Floats | None) -> float:
    if (y < 0).any() or (p < 0).any():
        return float("nan")
    return float(np.sqrt(np.average((np.log1p(y) - np.log1p(p)) ** 2, weights=weights)))


def _percentage_error(y: Floats, p: Floats, weights: Floats | None) -> float:
    some = y != 0
    if not some.any():
        return float("nan")
    with np.errstate(over="ignore"):
        shares = np.abs((y[some] - p[some]) / y[some])
    return float(100 * np.average(shares, weights=None if weights is None else weights[some]))


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _spearman(y: Floats, p: Floats) -> float:
    if len(y) < 2 or np.ptp(y) == 0 or np.ptp(p) == 0:
        return float("nan")
    return float(stats.spearmanr(y, p).statistic)
