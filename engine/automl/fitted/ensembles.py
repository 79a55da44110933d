"""Ensembles of models that are fitted already. ``estimators``: [(name, fitted pipeline)]."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class _OfFitted(BaseEstimator):  # type: ignore[misc]
    """What all ensembles share: their members are fitted."""

    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: N803 - scikit-learn's names
        """Does nothing."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class PreFittedSoftVotingClassifier(ClassifierMixin, _OfFitted):  # type: ignore[misc]
    """The weighted mean of probabilities. ``weights`` sum up to 1."""

    def __init__(self, estimators: Any, weights: Any) -> None:
        self.estimators = estimators
        self.weights = weights
        self.classes_ = estimators[0][1].classes_

    def predict_proba(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Shape (rows, classes)."""
        parts = [
            weight * item.predict_proba(X) for weight, (_, item) in zip(self.weights, self.estimators, strict=True)
        ]
        return np.sum(parts, axis=0)

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Labels, shape (rows,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class PreFittedVotingRegressor(RegressorMixin, _OfFitted):  # type: ignore[misc]
    """The weighted mean of predictions. ``weights`` sum up to 1."""

    def __init__(self, estimators: Any, weights: Any) -> None:
        self.estimators = estimators
        self.weights = weights

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Shape (rows,)."""
        parts = [weight * item.predict(X) for weight, (_, item) in zip(self.weights, self.estimators, strict=True)]
        return np.sum(parts, axis=0)


def meta_features(parts: Any) -> Any:
    """What a meta learner sees: probabilities of each model (without the last class, which follows from the others),
    or predictions. ``parts``: arrays of shape (rows, classes) or (rows,)."""
    columns = [part[:, :-1] if part.ndim == 2 and part.shape[1] > 1 else part.reshape(len(part), -1) for part in parts]
    return np.hstack(columns)


class StackEnsembleClassifier(ClassifierMixin, _OfFitted):  # type: ignore[misc]
    """A meta learner on the probabilities of other models. ``meta_learner`` is fitted with the codes of all classes."""

    def __init__(self, estimators: Any, meta_learner: Any) -> None:
        self.estimators = estimators
        self.meta_learner = meta_learner
        self.classes_ = estimators[0][1].classes_

    def predict_proba(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Shape (rows, classes)."""
        return self.meta_learner.predict_proba(meta_features([item.predict_proba(X) for _, item in self.estimators]))

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Labels, shape (rows,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class StackEnsembleRegressor(RegressorMixin, _OfFitted):  # type: ignore[misc]
    """A meta learner on the predictions of other models."""

    def __init__(self, estimators: Any, meta_learner: Any) -> None:
        self.estimators = estimators
        self.meta_learner = meta_learner

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Shape (rows,)."""
        return self.meta_learner.predict(meta_features([item.predict(X) for _, item in self.estimators]))
