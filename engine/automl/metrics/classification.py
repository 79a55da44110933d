"""The scalar metrics of a classification.

What is not said by a metric's definition:

- Classes that the validation rows do not have are left out of macro averages of AUC and average precision, because
  neither is defined for them. With a single class in all rows AUC is NaN.
- ``..._binary`` exists for two classes only; the positive one is the second in order.
- precision and recall of a class that is never predicted, or never there, are 0; macro averages go over the classes
  that are there or predicted.
- A row whose probabilities have a NaN makes the probability metrics NaN, not an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics as sk

Floats = npt.NDArray[np.float64]
#: Probabilities are kept this far from 0 and 1 for log loss.
_EPSILON = 1e-15


def scalars(truth: npt.ArrayLike, probabilities: Floats, weights: Floats | None = None) -> dict[str, float]:
    """All scalar metrics by name.

    ``truth``: codes of the classes, shape (rows,), from 0 to classes - 1. ``probabilities``: shape (rows, classes).
    ``weights``: of the rows, shape (rows,).
    """
    codes = np.asarray(truth, dtype=int)
    classes = probabilities.shape[1]
    # What is no number is never the best class.
    predicted = np.argmax(np.nan_to_num(probabilities, nan=-1.0), axis=1)
    found = {**_decided(codes, predicted, classes, weights), **_ranked(codes, probabilities, weights)}
    return {name: float(value) for name, value in found.items()}


def _decided(codes: Any, predicted: Any, classes: int, weights: Floats | None) -> dict[str, float]:
    """Those of the predicted classes alone."""
    found: dict[str, float] = {}
    averages = ("macro", "micro", "weighted", *(("binary",) if classes == 2 else ()))
    for average in averages:
        options = {"pos_label": 1} if average == "binary" else {}
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            codes, predicted, average=average, sample_weight=weights, zero_division=0, **options
        )
        found[f"precision_score_{average}"] = precision
        found[f"recall_score_{average}"] = recall
        found[f"f1_score_{average}"] = f1
    right = (codes == predicted).astype(float)
    found["accuracy"] = float(np.average(right, weights=weights))
    found["balanced_accuracy"] = _recall_of_present(codes, right, weights)
    chance = 1 / classes if classes > 1 else 0.0
    found["norm_macro_recall"] = max(0.0, (found["balanced_accuracy"] - chance) / (1 - chance))
    own = np.ones(len(codes)) if weights is None else weights
    sizes = np.bincount(codes, weights=own, minlength=classes)
    found["weighted_accuracy"] = float(np.average(right, weights=own * sizes[codes]))
    found["matthews_correlation"] = float(sk.matthews_corrcoef(codes, predicted, sample_weight=weights))
    return found


def _recall_of_present(codes: Any, right: Floats, weights: Floats | None) -> float:
    """The mean of the recalls of the classes that are there."""
    own = np.ones(len(codes)) if weights is None else weights
    recalls = [np.average(right[codes == code], weights=own[codes == code]) for code in np.unique(codes)]
    return float(np.mean(recalls))


def _ranked(codes: Any, probabilities: Floats, weights: Floats | None) -> dict[str, float]:
    """Those of the probabilities."""
    classes = probabilities.shape[1]
    names = [f"{name}_{kind}" for name in ("AUC", "average_precision_score") for kind in ("macro", "micro", "weighted")]
    if classes == 2:
        names += ["AUC_binary", "average_precision_score_binary"]
    if not np.isfinite(probabilities).all():
        return dict.fromkeys([*names, "log_loss"], float("nan"))
    own = np.ones(len(codes)) if weights is None else weights
    indicator = np.eye(classes)[codes]
    present = [code for code in range(classes) if indicator[:, code].sum() > 0]
    shares = np.array([own[codes == code].sum() for code in present])
    found = {}
    for name, score in (("AUC", sk.roc_auc_score), ("average_precision_score", sk.average_precision_score)):
        one_sided = name == "AUC" and len(present) < 2

        def of(code: int, score: Any = score, one_sided: bool = one_sided) -> float:
            value = score(indicator[:, code], probabilities[:, code], sample_weight=weights)
            return float("nan") if one_sided else float(value)

        each = np.array([float("nan") if one_sided else of(code) for code in present])
        found[f"{name}_macro"] = float(np.mean(each))
        found[f"{name}_weighted"] = float(np.average(each, weights=shares)) if shares.sum() else float("nan")
        flat = None if weights is None else np.repeat(weights, classes)
        alone = classes < 2
        found[f"{name}_micro"] = (
            float("nan") if alone else float(score(indicator.ravel(), probabilities.ravel(), sample_weight=flat))
        )
        if classes == 2:
            found[f"{name}_binary"] = of(1) if 1 in present and not one_sided else float("nan")
    sure = np.clip(probabilities[np.arange(len(codes)), codes], _EPSILON, 1 - _EPSILON)
    found["log_loss"] = float(-np.average(np.log(sure), weights=weights))
    return found
