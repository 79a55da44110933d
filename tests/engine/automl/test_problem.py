"""What is checked before anything is trained, and how trials are validated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from amlbridge.engine.automl import validation
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.problem import Problem, of_tables
from amlbridge.engine.automl.settings import AutoMLSettings, Featurization
from amlbridge.engine.errors import EngineError


def table(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": random.normal(size=rows),
            "color": random.choice(["red", "blue"], rows),
            "w": 1.0,
            "fold": np.arange(rows) % 2,
            "y": np.where(np.arange(rows) % 3 == 0, "yes", "no"),
            "n": np.arange(rows) * 0.5,
        }
    )


def problem(frame: pd.DataFrame | None = None, notes: list[str] | None = None, **values: Any) -> Problem:
    chosen = {"task": "classification", "target_column": "y", **values}
    validated, tested = chosen.pop("validation", None), chosen.pop("test", None)
    note = (notes if notes is not None else []).append
    return of_tables(AutoMLSettings(**chosen), table() if frame is None else frame, validated, tested, note)


@pytest.mark.parametrize(
    ("change", "values", "told"),
    [
        (lambda t: t, {"target_column": "z"}, "no label column 'z'; its columns are: x, color"),
        (lambda t: t, {"weight_column": "heavy"}, "no weight column 'heavy'"),
        (lambda t: t.assign(y="yes"), {}, "has one class only ('yes')"),
        (lambda t: t.assign(y=None), {}, "has no value in any row"),
        (lambda t: t.assign(y=[f"c{index}" for index in range(len(t))]).pipe(lambda t: pd.concat([t] * 3)).assign(
            y=[f"c{index}" for index in range(180)]), {}, "180 different values in 180 rows, too many for classes"),
        (lambda t: t.assign(n=7.0), {"task": "regression", "target_column": "n"}, "the same value in every row"),
        (lambda t: t, {"task": "regression"}, "values that are no numbers ('yes', 'no')"),
        (lambda t: t.head(5), {}, "have 5 rows with a label: AutoML needs at least 10"),
        (lambda t: t[["y"]].assign(void=None, same=1), {}, "no column is left to predict from"),
        (lambda t: t.assign(w=-1.0), {"weight_column": "w"}, "values that are no weights"),
        (lambda t: t, {"featurization": Featurization("off")}, "the columns color are no numbers"),
        (lambda t: t, {"validation": table().assign(y="maybe")}, "classes that the training data have not: 'maybe'"),
        (lambda t: t, {"validation": table().drop(columns="y")}, "the validation data has no label column"),
    ],
)  # fmt: skip
def test_bad_input_is_told(change: Any, values: dict[str, Any], told: str) -> None:
    with pytest.raises(AutoMLError) as error:
        problem(change(table()), **values)
    assert told in str(error.value)


def test_a_metric_of_another_task_is_told() -> None:
    with pytest.raises(EngineError, match="does not fit classification"):
        problem(primary_metric="r2_score")


def test_what_is_left_out_is_noted() -> None:
    notes: list[str] = []
    frame = table().assign(void=None, same=1, name=[f"n{index}" for index in range(60)])
    frame.loc[0, "y"] = None
    found = problem(frame, notes, featurization=Featurization("custom", column_purposes={"gone": "Text", "x": "Magic"}))
    assert len(found.training) == 59
    for told in ("1 rows of the training data have no value", "void", "same", "name", "'gone'", "'Magic'"):
        assert any(told in note for note in notes), told


def test_roles_are_no_features() -> None:
    found = problem(weight_column="w", cv_split_columns=("fold",), drop_columns=("n",))
    assert list(found.purposes) == ["x", "color"]
    assert found.training.weights is not None


@pytest.mark.parametrize(
    ("rows", "values", "folds", "held"),
    [
        (60, {}, 10, 6),
        (1200, {}, 3, 400),
        (20_500, {}, 1, 2050),
        (60, {"n_cross_validations": 4}, 4, 15),
        (60, {"validation_size": 0.2}, 1, 12),
        (60, {"n_cross_validations": 5, "validation_size": 0.1}, 5, 6),
        (60, {"cv_split_columns": ("fold",)}, 1, 30),
    ],
)
def test_how_trials_are_validated(rows: int, values: dict[str, Any], folds: int, held: int) -> None:
    found = validation.splits(problem(table(rows), **values))
    assert len(found) == folds
    for split in found:
        assert split.validation is not None
        assert len(split.validation) == held
        assert not set(split.training) & set(split.validation)


def test_too_few_rows_for_the_folds() -> None:
    with pytest.raises(AutoMLError, match="40 folds need at least 80 rows, the training data have 60"):
        validation.splits(problem(n_cross_validations=40))
    with pytest.raises(AutoMLError, match=r"a validation part of 0\.001 of 60 rows is empty"):
        validation.splits(problem(validation_size=0.001))


def test_validation_data_are_the_only_fold() -> None:
    (split,) = validation.splits(problem(validation=table(20)))
    assert split.validation is None
    assert len(split.training) == 60
