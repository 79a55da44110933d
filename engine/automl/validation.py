"""How trials are validated: which rows they are trained with, which rows tell how good they are.

The rules of Azure's public documentation: validation data if there are any; the user's own split columns; Monte Carlo
cross validation when both a number of folds and a size are given; otherwise cross validation, or one part of the rows.
Without any wish, more than 20,000 rows mean a tenth of them, fewer than 1,000 ten folds, others three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import model_selection as sk

from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.problem import Problem

_MANY_ROWS, _FEW_ROWS = 20_000, 1_000


@dataclass(frozen=True)
class Split:
    """Positions of rows. ``validation`` None: the rows of the validation data."""

    training: Any
    validation: Any | None


def splits(problem: Problem) -> list[Split]:
    """The folds, at least one. Raises :class:`AutoMLError` when there are too few rows for them."""
    settings, rows = problem.settings, len(problem.training)
    if problem.validation is not None:
        return [Split(np.arange(rows), None)]
    if problem.folds is not None:
        return _own(problem)
    folds, size = settings.n_cross_validations, settings.validation_size
    if folds in (None, "auto") and size is None:
        if rows > _MANY_ROWS:
            size = 0.1
        else:
            folds = _fitting(problem, 10 if rows < _FEW_ROWS else 3)
    if isinstance(folds, int) and rows < 2 * folds:
        raise AutoMLError(
            f"{folds} folds need at least {2 * folds} rows, the training data have {rows}: lower n_cross_validations, "
            "or give more rows"
        )
    if isinstance(folds, int) and size is not None:
        return _parts(problem, size, folds)
    if isinstance(folds, int):
        return _folds(problem, folds)
    return _parts(problem, float(size or 0.1), 1)


def kind(problem: Problem) -> str:
    """How trials are validated, for the run's properties."""
    found = splits(problem)
    if problem.validation is not None:
        return "validation data"
    held = found[0].validation
    if len(found) > 1 or held is None:
        return f"{len(found)} folds"
    return f"{len(held)} rows set apart"


def _fitting(problem: Problem, folds: int) -> int:
    """At most so many folds as every class has rows, at least two."""
    if not problem.classifies:
        return folds
    least = int(np.bincount(problem.training.target).min())
    return max(2, min(folds, least)) if least > 1 else folds


def _folds(problem: Problem, count: int) -> list[Split]:
    rows, seed = problem.training, problem.settings.seed
    stratified = problem.classifies and np.bincount(rows.target).max() >= count
    maker = sk.StratifiedKFold if stratified else sk.KFold
    with np.errstate(all="ignore"):
        found = maker(count, shuffle=True, random_state=seed).split(np.zeros(len(rows)), rows.target)
        return [Split(*pair) for pair in found]


def _parts(problem: Problem, size: float, count: int) -> list[Split]:
    rows, seed = problem.training, problem.settings.seed
    if int(len(rows) * size) < 1:
        raise AutoMLError(
            f"a validation part of {size:g} of {len(rows)} rows is empty: raise validation_size, or give more rows"
        )
    stratified = problem.classifies and np.bincount(rows.target).min() >= 2
    held = int(len(rows) * size)
    stratified = stratified and min(held, len(rows) - held) >= len(problem.labels)
    maker = sk.StratifiedShuffleSplit if stratified else sk.ShuffleSplit
    found = maker(count, test_size=size, random_state=seed).split(np.zeros(len(rows)), rows.target)
    return [Split(*pair) for pair in found]


def _own(problem: Problem) -> list[Split]:
    found = []
    for index, name in enumerate(problem.settings.cv_split_columns):
        column = problem.folds[:, index]
        split = Split(np.flatnonzero(column == 1), np.flatnonzero(column == 0))
        if not len(split.training) or split.validation is None or not len(split.validation):
            raise AutoMLError(
                f"the split column {name!r} needs rows with 1 (training) and rows with 0 (validation): it has "
                f"{', '.join(map(str, np.unique(column)[:5]))}"
            )
        found.append(split)
    return found
