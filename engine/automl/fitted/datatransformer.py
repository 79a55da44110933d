"""The first step of every fitted model: raw columns in, a matrix of features out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from amlbridge.engine.automl.fitted import purposes
from amlbridge.engine.automl.fitted.encoders import (
    DateEncoder,
    HashOneHotEncoder,
    ManyCategoriesEncoder,
    NumberEncoder,
    OneHotEncoder,
    TextEncoder,
)

#: Features with more cells than this stay sparse when there are texts.
_MOST_DENSE = 20_000_000


class DataTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Featurizes a DataFrame.

    ``purposes``: column -> its purpose, for every column that the model takes, in order. ``target_type``: continuous,
    binary or multiclass. ``blocked``: featurizers (Azure's names) not to use. ``parameters``: featurizer ->
    [(columns, keyword arguments)]; no columns means all. ``passthrough``: the columns are numbers already.

    ``transform`` takes the columns in any order and ignores others. Raises ValueError that names missing ones.
    """

    def __init__(
        self,
        purposes: Mapping[str, str],
        target_type: str = "continuous",
        blocked: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        passthrough: bool = False,
        seed: int = 0,
    ) -> None:
        self.purposes = purposes
        self.target_type = target_type
        self.blocked = blocked
        self.parameters = parameters
        self.passthrough = passthrough
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> DataTransformer:  # noqa: N803 - scikit-learn's names
        """Learns the encoders. ``y``: codes of the classes, or numbers."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:  # noqa: N803 - scikit-learn's names
        """As :meth:`fit`; the features of the training rows are those that a model should be trained with."""
        frame = self._frame(X)
        self.feature_names_in_ = np.array(list(self.purposes), dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        self.encoders_ = {
            name: self._encoder(name, purpose)
            for name, purpose in self.purposes.items()
            if purpose not in purposes.DROPPED
        }
        blocks = [encoder.fit_transform(frame[name], y) for name, encoder in self.encoders_.items()]
        self.sparse_ = any(sparse.issparse(block) for block in blocks)
        # Some estimators take no sparse matrix, so that small tables are better off without.
        self.sparse_ = self.sparse_ and len(frame) * sum(block.shape[1] for block in blocks) > _MOST_DENSE
        return self._joined(blocks, len(frame))

    def transform(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        """Features of shape (rows, features): an array, or a sparse matrix when there are texts."""
        frame = self._frame(X)
        return self._joined([item.transform(frame[name]) for name, item in self.encoders_.items()], len(frame))

    def _encoder(self, name: str, purpose: str) -> Any:
        blocked = set(self.blocked)
        if purpose == purposes.NUMERIC:
            chosen = self._parameters("Imputer", name)
            return NumberEncoder(
                chosen.get("strategy", "mean"),
                chosen.get("fill_value", 0.0),
                mark="ImputationMarker" not in blocked and not self.passthrough,
            )
        if purpose == purposes.DATE:
            return DateEncoder()
        if purpose == purposes.TEXT:
            return TextEncoder(self._parameters("TfIdf", name), "TfIdf" in blocked)
        hashed = self._parameters("HashOneHotEncoder", name, whole=purpose != purposes.CATEGORICAL)
        if hashed and "HashOneHotEncoder" not in blocked:
            return HashOneHotEncoder(int(hashed.get("number_of_bits", 8)))
        with_codes = "LabelEncoder" not in blocked
        if purpose == purposes.CATEGORICAL and "OneHotEncoder" not in blocked:
            return OneHotEncoder(both=not with_codes)
        return ManyCategoriesEncoder(self.target_type, self.seed, "CatTargetEncoder" not in blocked, with_codes)

    def _parameters(self, featurizer: str, column: str, whole: bool = True) -> Mapping[str, Any]:
        """Those for the column by its name, or else (``whole``) those for all columns."""
        given = (self.parameters or {}).get(featurizer, ())
        found: list[Mapping[str, Any]] = [chosen for columns, chosen in given if column in columns]
        if whole:
            found += [chosen for columns, chosen in given if not columns]
        return found[0] if found else {}

    def _frame(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's names
        wanted = [str(name) for name in self.purposes]
        if not isinstance(X, pd.DataFrame):
            values = np.asarray(X)
            if values.ndim != 2 or values.shape[1] != len(wanted):
                raise ValueError(
                    f"the model takes {len(wanted)} columns ({', '.join(wanted)}), not an array of shape "
                    f"{values.shape}: pass a DataFrame"
                )
            return pd.DataFrame(values, columns=wanted).infer_objects()
        frame = X.rename(columns=str)
        gone = [name for name in wanted if name not in frame.columns]
        if gone:
            raise ValueError(f"the data lack columns that the model was trained with: {', '.join(gone)}")
        return frame[wanted]

    def _joined(self, blocks: list[Any], rows: int) -> Any:
        if not blocks:
            return np.zeros((rows, 1))
        if self.sparse_:
            return sparse.hstack([sparse.csr_matrix(block) for block in blocks], format="csr")
        return np.hstack([block.toarray() if sparse.issparse(block) else block for block in blocks])

    # -- what notebooks ask of it ------------------------------------------------------------------------------------

    def get_engineered_feature_names(self) -> list[str]:
        """The names of the features, in the order of the columns of :meth:`transform`."""
        return [f"{name}{suffix}" for name, encoder in self.encoders_.items() for suffix in encoder.names]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The same, as scikit-learn asks for it."""
        return np.array(self.get_engineered_feature_names(), dtype=object)

    def get_featurization_summary(self, is_user_friendly: bool = True) -> list[dict[str, Any]]:
        """What was done to each raw column, a dict each with Azure's keys."""
        return [self._summary(str(name), purpose) for name, purpose in self.purposes.items()]

    def _summary(self, name: str, purpose: str) -> dict[str, Any]:
        encoder = getattr(self, "encoders_", {}).get(name)
        return {
            "RawFeatureName": name,
            "TypeDetected": purpose,
            "Dropped": "No" if encoder is not None else "Yes",
            "EngineeredFeatureCount": len(encoder.names) if encoder is not None else 0,
            "Transformations": list(encoder.steps) if encoder is not None else [],
        }

    def get_stats_feature_type_summary(self) -> list[dict[str, Any]]:
        """How many raw columns there are of each purpose."""
        found = list(self.purposes.values())
        return [{"TypeDetected": kind, "Count": found.count(kind)} for kind in sorted(set(found))]
