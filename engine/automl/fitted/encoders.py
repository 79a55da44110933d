"""Encoders of one column each: fit on a Series of training data, transform to a matrix of features.

Each has ``names``, the suffixes of its features, and ``steps``, what it does in Azure's names of featurizers.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from amlbridge.engine.automl.fitted.purposes import as_date, as_number, as_text


class NumberEncoder:
    """Numbers: missing ones are imputed, and marked in a feature of their own when the training data had some."""

    def __init__(self, strategy: str = "mean", fill: float = 0.0, mark: bool = True) -> None:
        self.strategy, self.fill, self.mark = strategy, fill, mark

    def fit_transform(self, column: Any, target: Any) -> Any:
        values = as_number(column)
        gone = np.isnan(values)
        present = values[~gone]
        if self.strategy == "constant" or not len(present):
            self.value = float(self.fill)
        elif self.strategy == "most_frequent":
            found, counts = np.unique(present, return_counts=True)
            self.value = float(found[np.argmax(counts)])
        else:
            self.value = float(np.median(present) if self.strategy == "median" else np.mean(present))
        self.mark = bool(self.mark and gone.any() and not gone.all())
        imputer = {"mean": "MeanImputer", "median": "MedianImputer", "most_frequent": "ModeImputer"}
        self.names = ["", "_missing"] if self.mark else [""]
        self.steps = [imputer.get(self.strategy, "Imputer")] if gone.any() else []
        self.steps += ["ImputationMarker"] if self.mark else []
        return self.transform(column)

    def transform(self, column: Any) -> Any:
        values = as_number(column)
        gone = np.isnan(values)
        filled = np.where(gone, self.value, values)
        return np.column_stack([filled, gone.astype(float)]) if self.mark else filled[:, None]


class OneHotEncoder:
    """Few categories: a feature each, one feature for two (unless ``both``). A missing value is a category; an unknown
    one is none."""

    def __init__(self, both: bool = False) -> None:
        self.both = both

    def fit_transform(self, column: Any, target: Any) -> Any:
        words = as_text(column)
        self.values = sorted(set(words))
        if len(self.values) == 2 and not self.both:
            self.values = self.values[1:]
        self.names = [f"_{value or 'missing'}" for value in self.values]
        self.steps = ["StringCast", "LabelEncoder" if len(self.values) == 1 else "OneHotEncoder"]
        return self.transform(column)

    def transform(self, column: Any) -> Any:
        words = as_text(column).to_numpy()
        return np.column_stack([(words == value).astype(float) for value in self.values])


class HashOneHotEncoder:
    """Categories by a hash of their text: ``2 ** bits`` features, one of them 1."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def fit_transform(self, column: Any, target: Any) -> Any:
        self.names = [f"_hash_{index}" for index in range(2**self.bits)]
        self.steps = ["StringCast", "HashOneHotEncoder"]
        return self.transform(column)

    def transform(self, column: Any) -> Any:
        places = as_text(column).map(lambda word: zlib.crc32(word.encode()) % 2**self.bits).to_numpy(dtype=int)
        rows = np.arange(len(places))
        return sparse.csr_matrix((np.ones(len(places)), (rows, places)), shape=(len(places), 2**self.bits))


class ManyCategoriesEncoder:
    """Many categories: the smoothed mean of the target (of each class) in the category, from other rows than one's own
    (cross fitting), how frequent the category is, and its number. ``target_type``: as of scikit-learn's TargetEncoder.
    ``with_target``, ``with_codes``: whether the mean of the target and the number are features."""

    def __init__(self, target_type: str, seed: int = 0, with_target: bool = True, with_codes: bool = True) -> None:
        self.target_type, self.seed, self.with_target, self.with_codes = target_type, seed, with_target, with_codes

    def fit_transform(self, column: Any, target: Any) -> Any:
        words = as_text(column)
        self.shares = words.value_counts(normalize=True).to_dict()
        self.codes = {word: index for index, word in enumerate(sorted(self.shares))}
        parts = [self._plain(words)]
        self.encoder = None
        if self.with_target and target is not None and len(np.unique(target)) > 1:
            self.encoder = TargetEncoder(target_type=self.target_type, **self._folds(target))
            parts.append(self.encoder.fit_transform(words.to_numpy()[:, None], target))
        self.names = ["_frequency", *(["_code"] if self.with_codes else [])]
        if self.encoder is not None:
            self.names += [f"_target_{index}" for index in range(parts[1].shape[1])]
        self.steps = ["StringCast", "CountEncoder", *(["LabelEncoder"] if self.with_codes else [])]
        self.steps += ["CatTargetEncoder"] if self.encoder is not None else []
        return np.hstack(parts)

    def _folds(self, target: Any) -> dict[str, Any]:
        """How TargetEncoder is told of its folds: from scikit-learn 1.9 on by a splitter, until 1.8 by a number."""
        kinds = 5 if self.target_type == "continuous" else int(min(5, np.bincount(target).max()))
        count = max(2, kinds)
        shuffle = inspect.signature(TargetEncoder).parameters.get("shuffle")
        if shuffle is not None and shuffle.default is True:
            return {"cv": count, "shuffle": True, "random_state": self.seed}
        maker = KFold if self.target_type == "continuous" else StratifiedKFold
        return {"cv": maker(count, shuffle=True, random_state=self.seed)}

    def _plain(self, words: Any) -> Any:
        shares = words.map(self.shares).fillna(0.0).to_numpy(dtype=float)
        if not self.with_codes:
            return shares[:, None]
        codes = words.map(self.codes).fillna(-1).to_numpy(dtype=float)
        return np.column_stack([shares, codes])

    def transform(self, column: Any) -> Any:
        words = as_text(column)
        parts = [self._plain(words)]
        if self.encoder is not None:
            parts.append(self.encoder.transform(words.to_numpy()[:, None]))
        return np.hstack(parts)


class DateEncoder:
    """Dates: their parts and the day as a number, without parts that never change. Missing ones are the first day."""

    def fit_transform(self, column: Any, target: Any) -> Any:
        found = as_date(column)
        self.first = found.min()
        parts = self._parts(found)
        self.kept = [name for name, values in parts.items() if np.ptp(values) > 0] or ["day_number"]
        self.names = [f"_{name}" for name in self.kept]
        self.steps = ["ModeCatImputer", "DateTimeTransformer"]
        return self.transform(column)

    def transform(self, column: Any) -> Any:
        parts = self._parts(as_date(column))
        return np.column_stack([parts[name] for name in self.kept])

    def _parts(self, times: Any) -> dict[str, Any]:
        times = times.fillna(self.first)
        names = ("year", "quarter", "month", "day", "dayofweek", "dayofyear", "hour", "minute", "second")
        parts = {name: getattr(times.dt, name).to_numpy(dtype=float) for name in names}
        parts["weekend"] = (parts["dayofweek"] >= 5).astype(float)
        parts["day_number"] = ((times - self.first).dt.total_seconds() / 86400).to_numpy(dtype=float)
        return parts


class TextEncoder:
    """Text: tf-idf of the most frequent words and pairs of words, or counts of hashed words; and how long it is.
    ``chosen``: keyword arguments of scikit-learn's TfidfVectorizer."""

    def __init__(self, chosen: Mapping[str, Any] | None = None, hashing: bool = False) -> None:
        self.chosen, self.hashing = dict(chosen or {}), hashing
        self.features = 300

    def fit_transform(self, column: Any, target: Any) -> Any:
        words = as_text(column)
        pattern = r"(?u)\b\w+\b"
        if self.hashing:
            self.vectorizer = HashingVectorizer(n_features=self.features, token_pattern=pattern, alternate_sign=False)
            self.names = [f"_hash_{index}" for index in range(self.features)]
        else:
            usual = {"ngram_range": (1, 2), "max_features": self.features, "token_pattern": pattern}
            own = {name: tuple(value) if isinstance(value, list) else value for name, value in self.chosen.items()}
            self.vectorizer = TfidfVectorizer(**{**usual, "sublinear_tf": True, **own})
        try:
            self.vectorizer.fit(words)
        except ValueError as error:
            if "vocabulary" not in str(error) and "no terms remain" not in str(error):
                raise
            # Nothing in it is a word; its length still tells something.
            self.vectorizer, self.names = None, []
        if self.vectorizer is not None and not self.hashing:
            self.names = [f"_word_{word}" for word in self.vectorizer.get_feature_names_out()]
        self.names = [*self.names, "_words"]
        self.steps = ["StringCast", "HashingVectorizer" if self.hashing else "TfIdf", "StatsTransformer"]
        return self.transform(column)

    def transform(self, column: Any) -> Any:
        words = as_text(column)
        length = words.str.split().str.len().to_numpy(dtype=float)[:, None]
        if self.vectorizer is None:
            return length
        return sparse.hstack([self.vectorizer.transform(words), sparse.csr_matrix(length)], format="csr")
