"""A classifier of labels around one of codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class LabelClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gives an estimator codes from 0 without gaps (XGBoost takes nothing else) and its users labels.

    ``labels``: all classes in order; the training rows need not have all of them, and ``predict_proba`` has a column
    for each. ``y`` of :meth:`fit` are codes of ``labels``. With a single class in the rows that one is the answer.
    """

    def __init__(self, estimator: Any, labels: Any) -> None:
        self.estimator = estimator
        self.labels = labels

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LabelClassifier:  # noqa: N803 - scikit-learn's names
        """``sample_weight``: shape (rows,); only for estimators that take it."""
        self.classes_ = np.asarray(self.labels)
        self.codes_, codes = np.unique(y, return_inverse=True)
        if len(self.codes_) > 1:
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            self.estimator.fit(X, codes, **weights)
        return self

    def predict_proba(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Shape (rows, classes), columns as ``classes_``."""
        found = np.zeros((X.shape[0], len(self.classes_)))
        found[:, self.codes_] = self.estimator.predict_proba(X) if len(self.codes_) > 1 else 1.0
        return found

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Labels, shape (rows,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    @property
    def feature_importances_(self) -> Any:
        """Those of the estimator, if it has them."""
        return self.estimator.feature_importances_
