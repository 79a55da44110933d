"""What the best model does with rows that had no part in choosing it: the test run of a search.

The predictions have the columns of Azure's (public reference of ``ModelProxy.test``): ``{label}_orig``,
``{label}_predicted``, ``{class}_predicted_proba`` and ``{feature}_orig``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from amlbridge.engine.automl import trials
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.metrics import charts, scoring
from amlbridge.engine.automl.problem import Problem, Rows

#: Where the predictions lie among the artifacts of the test run.
PREDICTIONS = "predictions/predictions.csv"


@dataclass(frozen=True)
class Tested:
    """How a model does: all scalar metrics, those that are files (name -> content), a DataFrame of predictions."""

    metrics: Mapping[str, float]
    charts: Mapping[str, Mapping[str, Any]]
    predictions: Any


def of_table(problem: Problem, model: Any) -> Tested:
    """Tests a classifier or a regressor, which takes raw columns, on the test rows of its problem."""
    test = _test_rows(problem)
    predicted = trials.predicted(model, test.features, problem.classifies)
    if not problem.classifies:
        return _of_numbers(problem, predicted)
    found = _columns(problem, problem.labels[test.target], problem.labels[predicted.argmax(axis=1)])
    found |= {f"{label}_predicted_proba": predicted[:, code] for code, label in enumerate(problem.labels)}
    drawn = charts.of_classes(test.target, predicted, list(problem.labels))
    return Tested(scoring.scalars(test.target, predicted, None, test.weights), drawn, _table(problem, found))


def of_series(problem: Problem, model: Any) -> Tested:
    """The same for a forecaster."""
    return _of_numbers(problem, model.forecast(_test_rows(problem).features)[0])


def _of_numbers(problem: Problem, predicted: Any) -> Tested:
    test = _test_rows(problem)
    found = _columns(problem, test.target, predicted)
    drawn = charts.of_numbers(test.target, predicted)
    return Tested(scoring.scalars(test.target, predicted, problem.span, test.weights), drawn, _table(problem, found))


def _test_rows(problem: Problem) -> Rows:
    if problem.test is None:
        raise ValueError("the problem has no test rows")
    return problem.test


def _columns(problem: Problem, truth: Any, predicted: Any) -> dict[str, Any]:
    name = problem.settings.target_column
    own = {} if problem.settings.test_predictions_only else {f"{name}_orig": truth}
    return {**own, f"{name}_predicted": predicted}


def _table(problem: Problem, found: Mapping[str, Any]) -> Any:
    features = _test_rows(problem).features
    table = pd.DataFrame(found, index=features.index)
    return table if problem.settings.test_predictions_only else table.join(features.add_suffix("_orig"))


def record(tested: Tested, index: int, folder: Path, events: Events) -> None:
    """Tells of a test run that has ended, of trial ``index``; its files are written below ``folder``."""
    path = folder / PREDICTIONS
    path.parent.mkdir(parents=True, exist_ok=True)
    tested.predictions.to_csv(path, index=False)
    for name, content in tested.charts.items():
        (folder / name).write_text(json.dumps(content))
    kinds = {name: str(content["schema_type"]) for name, content in tested.charts.items()}
    events.tested(index, tested.metrics, kinds, folder, [PREDICTIONS])
