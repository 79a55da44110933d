"""The table as a problem to solve: checked, features apart from the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.fitted import purposes
from amlbridge.engine.automl.metrics import names
from amlbridge.engine.automl.settings import AutoMLSettings

Note = Callable[[str], None]
#: With fewer training rows nothing that is measured means anything (Azure asks for 50).
LEAST_ROWS = 10
#: So many training rows tell what the columns look like, for signatures and examples.
EXAMPLE_ROWS = 100
#: More distinct labels than this, and than a tenth of the rows, are no classes.
_MANY_CLASSES = 100


@dataclass(frozen=True)
class Rows:
    """Some rows: ``features`` raw columns, ``target`` codes of classes or numbers, ``weights`` or None; one length."""

    features: Any
    target: Any
    weights: Any = None

    def __len__(self) -> int:
        return len(self.target)

    def take(self, index: Any) -> Rows:
        """The rows of these positions."""
        weights = None if self.weights is None else self.weights[index]
        return Rows(self.features.iloc[index], self.target[index], weights)


@dataclass(frozen=True)
class Problem:
    """``labels``: all classes in order, of a classification. ``purposes``: of all raw columns of the model, in order.
    ``folds``: of the training rows, from the user's own split columns: 0 validation, 1 training, -1 neither."""

    settings: AutoMLSettings
    metric: str
    training: Rows
    validation: Rows | None
    test: Rows | None
    purposes: dict[str, str]
    labels: Any = None
    folds: Any = None

    @property
    def classifies(self) -> bool:
        """Whether the target is a class."""
        return self.labels is not None

    @property
    def maximizes(self) -> bool:
        """Whether more of the primary metric is better."""
        return names.is_maximized(self.metric)

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest target of all rows."""
        parts = [part.target for part in (self.training, self.validation) if part is not None]
        together = np.concatenate(parts)
        return float(together.min()), float(together.max())

    @property
    def target_type(self) -> str:
        """As scikit-learn calls it."""
        return "continuous" if self.labels is None else "binary" if len(self.labels) == 2 else "multiclass"


def of_tables(settings: AutoMLSettings, training: Any, validation: Any, test: Any, note: Note) -> Problem:
    """The problem that DataFrames pose; ``validation`` and ``test`` may be None. Raises :class:`AutoMLError`."""
    check_columns(settings, training, validation, test)
    metric = names.primary(settings.task, settings.primary_metric)
    frames = {"training data": training, "validation data": validation, "test data": test}
    kept = {what: _labelled(settings, frame, what, note) for what, frame in frames.items() if frame is not None}
    if len(kept["training data"]) < LEAST_ROWS:
        raise AutoMLError(
            f"the training data have {len(kept['training data'])} rows with a label: AutoML needs at least {LEAST_ROWS}"
        )
    labels = _classes(settings, kept, note) if settings.task == "classification" else None
    rows = {what: _rows(settings, frame, labels, what) for what, frame in kept.items()}
    found = column_purposes(settings, rows["training data"].features, note)
    folds = kept["training data"][list(settings.cv_split_columns)].to_numpy() if settings.cv_split_columns else None
    if labels is None and np.ptp(rows["training data"].target) == 0:
        raise AutoMLError(
            f"the column {settings.target_column!r} has the same value in every row: there is nothing to predict; "
            "choose another target, or give rows that differ in it"
        )
    extra = (rows.get("validation data"), rows.get("test data"))
    return Problem(settings, metric, rows["training data"], *extra, purposes=found, labels=labels, folds=folds)


def check_columns(settings: AutoMLSettings, training: Any, validation: Any, test: Any) -> None:
    """Whether the columns that the settings name are there. Raises :class:`AutoMLError`."""
    own = [settings.weight_column] if settings.weight_column else []
    series = settings.forecasting
    ids = [series.time_column, *series.time_series_ids] if series is not None else []
    roles = {
        "label column": [settings.target_column],
        "weight column": own,
        "column of cv_split_column_names": list(settings.cv_split_columns),
        "time column or time series id": ids,
        "feature": list(settings.features or ()),
    }
    for what, frame in (("training data", training), ("validation data", validation), ("test data", test)):
        if frame is None:
            continue
        for role, wanted in roles.items():
            needless = role.startswith("column of") and what != "training data"
            gone = [name for name in wanted if name not in frame.columns and not needless]
            if gone and not (what == "test data" and role == "weight column"):
                there = ", ".join(map(str, frame.columns[:40]))
                raise AutoMLError(f"the {what} has no {role} {', '.join(map(repr, gone))}; its columns are: {there}")


def _labelled(settings: AutoMLSettings, frame: Any, what: str, note: Note) -> Any:
    """The rows that have a label."""
    gone = purposes.missing(frame[settings.target_column])
    if gone.all():
        raise AutoMLError(f"the column {settings.target_column!r} of the {what} has no value in any row")
    if gone.any():
        note(f"{int(gone.sum())} rows of the {what} have no value in {settings.target_column!r} and are left out")
    return frame[~gone].reset_index(drop=True)


def _classes(settings: AutoMLSettings, frames: dict[str, Any], note: Note) -> Any:
    name = settings.target_column
    column = frames["training data"][name]
    if column.map(type).nunique() > 1:
        # 1 and "1" in one column: as text they are one class.
        note(f"the column {name!r} has values of several types: they are taken as text")
        for frame in frames.values():
            frame[name] = purposes.as_text(frame[name])
    counts = frames["training data"][name].value_counts()
    if len(counts) < 2:
        raise AutoMLError(
            f"the column {name!r} has one class only ({counts.index[0]!r}): a classification needs at least two; "
            "choose another label column, or give rows of other classes"
        )
    rows = len(frames["training data"])
    if len(counts) > _MANY_CLASSES and len(counts) > 0.1 * rows:
        raise AutoMLError(
            f"the column {name!r} has {len(counts)} different values in {rows} rows, too many for classes: "
            "use task='regression' for a number, or choose another label column"
        )
    rare = counts[counts < 2]
    if len(rare):
        shown = ", ".join(map(repr, rare.index[:5]))
        note(f"{len(rare)} classes have a single row ({shown}): they cannot be validated; give more rows of them")
    known = np.sort(np.array(list(counts.index), dtype=counts.index.dtype))
    for what, frame in frames.items():
        strange = sorted(set(frame[name]) - set(known), key=str)
        if strange:
            raise AutoMLError(
                f"the {what} has classes that the training data have not: {', '.join(map(repr, strange[:5]))}; give "
                "training rows of them, or leave them out"
            )
    return known


def _rows(settings: AutoMLSettings, frame: Any, labels: Any, what: str) -> Rows:
    column = frame[settings.target_column]
    if labels is not None:
        target = pd.Index(labels).get_indexer(column)
    else:
        target = purposes.as_number(column)
        strange = column[np.isnan(target)]
        if len(strange):
            raise AutoMLError(
                f"the column {settings.target_column!r} of the {what} has values that are no numbers "
                f"({', '.join(map(repr, strange.unique()[:3]))}): a {settings.task} needs numbers; use "
                "task='classification' for classes"
            )
    features = frame.drop(columns=[name for name in _not_features(settings) if name in frame.columns])
    if settings.features is not None:
        features = features[[name for name in settings.features if name in features.columns]]
    return Rows(features, target, _weights(settings, frame, what))


def _not_features(settings: AutoMLSettings) -> set[str]:
    found = {settings.target_column, *settings.cv_split_columns, *settings.drop_columns}
    return {*found, *settings.featurization.drop_columns, *([settings.weight_column] if settings.weight_column else [])}


def _weights(settings: AutoMLSettings, frame: Any, what: str) -> Any:
    if settings.weight_column is None or settings.weight_column not in frame.columns:
        return None
    weights = purposes.as_number(frame[settings.weight_column])
    if np.isnan(weights).any() or (weights < 0).any() or not weights.sum() > 0:
        raise AutoMLError(
            f"the weight column {settings.weight_column!r} of the {what} has values that are no weights: each row "
            "needs a number of 0 or more"
        )
    return weights


def column_purposes(settings: AutoMLSettings, features: Any, note: Note) -> dict[str, str]:
    """What each raw column is for: found in the training rows, or as the user says."""
    custom = settings.featurization
    if custom.mode == "off":
        return _as_they_are(features)
    found = {str(name): purposes.detect(features[name]) for name in features.columns}
    for name, purpose in custom.column_purposes.items():
        if name not in found:
            note(f"featurization names the column {name!r}, which is no feature of the training data")
        elif purpose not in purposes.CHOICES:
            note(f"featurization gives the column {name!r} the purpose {purpose!r}, which is unknown and ignored")
        else:
            found[name] = purpose
    dropped = {name: why for name, why in found.items() if why in (purposes.EMPTY, purposes.CONSTANT, purposes.IDS)}
    words = {
        purposes.EMPTY: "no value",
        purposes.CONSTANT: "one value only",
        purposes.IDS: "another value in every row",
    }
    for kind, said in words.items():
        some = [name for name, why in dropped.items() if why == kind]
        if some:
            note(f"columns with {said} are left out: {', '.join(some)}")
    if all(purpose in purposes.DROPPED for purpose in found.values()):
        raise AutoMLError(
            "no column is left to predict from: all are empty, constant, or have another value in every row; give the "
            "training data columns that differ between rows"
        )
    return found


def _as_they_are(features: Any) -> dict[str, str]:
    """Without featurization every column has to be a number."""
    words = [str(name) for name in features.columns if not pd.api.types.is_numeric_dtype(features[name])]
    if words:
        raise AutoMLError(
            f"featurization is off, and the columns {', '.join(words[:10])} are no numbers: set featurization='auto', "
            "or encode them"
        )
    if not len(features.columns):
        raise AutoMLError("the training data have no column besides the label: there is nothing to predict from")
    return {str(name): purposes.NUMERIC for name in features.columns}
