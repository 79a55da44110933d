"""One trial: a pipeline fitted on each fold, measured, and fitted again on all rows."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

from amlbridge.engine.automl import algorithms, builders, portable
from amlbridge.engine.automl.candidates import Candidate
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.fitted.classifier import LabelClassifier
from amlbridge.engine.automl.fitted.datatransformer import DataTransformer
from amlbridge.engine.automl.metrics import charts, scoring
from amlbridge.engine.automl.problem import Problem, Rows
from amlbridge.engine.automl.validation import Split

#: Below a trial's folder: what its run keeps as artifacts, its model, and what only the ensembles need.
ARTIFACTS, MODEL, PREDICTIONS = "run", "run/outputs/model.pkl", "predictions.npz"
#: The step of a pipeline that featurizes.
FEATURIZER = "datatransformer"


@dataclass(frozen=True)
class Fold:
    """Featurized rows: to train with, and to measure with."""

    training: Rows
    validation: Rows


@dataclass(frozen=True)
class Prepared:
    """A problem whose rows are featurized. ``everything``: all rows that the final model is trained with, featurized by
    ``featurizer``. When the only fold has the same rows, the model of the fold is the final one."""

    problem: Problem
    folds: Sequence[Fold]
    everything: Rows
    featurizer: DataTransformer

    @property
    def span(self) -> tuple[float, float] | None:
        """The range of the target; None for classes."""
        return None if self.problem.classifies else self.problem.span

    @property
    def refits(self) -> bool:
        """Whether the final model is another one than that of a fold."""
        return self.folds[0].training is not self.everything


@dataclass(frozen=True)
class Result:
    """What came of a trial: all scalar metrics (means over the folds), seconds that the fits took."""

    metrics: Mapping[str, float]
    fit_seconds: float
    details: Mapping[str, Any]
    #: Metrics that are files in the run's artifacts, name -> kind.
    charts: Mapping[str, str] = field(default_factory=dict)


def prepare(problem: Problem, splits: Sequence[Split]) -> Prepared:
    """Featurizes the rows of each fold by what its training rows tell."""
    featurizer = _featurizer(problem)
    everything = _featurized(featurizer, problem.training, fit=True)
    folds = []
    for split in splits:
        if split.validation is None and problem.validation is not None:
            folds.append(Fold(everything, _featurized(featurizer, problem.validation)))
            continue
        own = _featurizer(problem)
        training = _featurized(own, problem.training.take(split.training), fit=True)
        folds.append(Fold(training, _featurized(own, problem.training.take(split.validation))))
    return Prepared(problem, folds, everything, featurizer)


def _featurizer(problem: Problem) -> DataTransformer:
    chosen = problem.settings.featurization
    off = chosen.mode == "off"
    return DataTransformer(
        problem.purposes,
        target_type=problem.target_type,
        blocked=() if off else chosen.blocked_transformers,
        parameters={} if off else {name: list(items) for name, items in chosen.transformer_params.items()},
        passthrough=off,
        seed=problem.settings.seed,
    )


def _featurized(featurizer: DataTransformer, rows: Rows, fit: bool = False) -> Rows:
    try:
        features = featurizer.fit_transform(rows.features, rows.target) if fit else featurizer.transform(rows.features)
    except ValueError as error:
        raise AutoMLError(f"the columns cannot be featurized as the settings say: {error}") from error
    return Rows(features, rows.target, rows.weights)


def run(prepared: Prepared, candidate: Candidate, folder: Path, threads: int) -> Result:
    """Fits and measures a candidate; leaves the model and the predictions of the folds below ``folder``.

    Folds are fitted side by side, with a thread each: for a small table that is faster than several threads in one fit.
    """
    rows = [fold.training for fold in prepared.folds] + ([prepared.everything] if prepared.refits else [])
    each = max(1, threads // len(rows))
    with threadpool_limits(each), ThreadPoolExecutor(min(threads, len(rows))) as pool:
        fits = list(pool.map(lambda some: _fitted(candidate, prepared, some, each), rows))
    parts, predictions = [], []
    for fold, (model, _) in zip(prepared.folds, fits, strict=False):
        predictions.append(predicted(model, fold.validation.features, prepared.problem.classifies))
        parts.append(scoring.scalars(fold.validation.target, predictions[-1], prepared.span, fold.validation.weights))
    save(folder, [(FEATURIZER, prepared.featurizer), *fits[-1][0].steps], predictions)
    seconds = sum(took for _, took in fits)
    drawn = write_charts(folder, prepared.problem, [fold.validation.target for fold in prepared.folds], predictions)
    return Result(scoring.averaged(parts), seconds, {"params": dict(candidate.params)}, drawn)


def save(folder: Path, steps: Sequence[tuple[str, Any]], predictions: Sequence[Any]) -> None:
    """Leaves a pipeline and what it predicted on each fold."""
    portable.dump(Pipeline(list(steps)), folder / MODEL)
    np.savez(folder / PREDICTIONS, *predictions)


def write_charts(folder: Path, problem: Problem, truths: Sequence[Any], predictions: Sequence[Any]) -> dict[str, str]:
    """Writes the metrics that are tables beside the model; returns their kinds by name. Arrays: one for each fold."""
    truth, predicted = np.concatenate(truths), np.concatenate(predictions)
    found = (
        charts.of_classes(truth, predicted, list(problem.labels))
        if problem.classifies
        else charts.of_numbers(truth, predicted)
    )
    (folder / ARTIFACTS).mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (folder / ARTIFACTS / name).write_text(json.dumps(content))
    return {name: content["schema_type"] for name, content in found.items()}


def predicted(model: Any, features: Any, classifies: bool) -> Any:
    """Probabilities of shape (rows, classes), or numbers of shape (rows,)."""
    if classifies:
        return model.predict_proba(features)
    return np.asarray(model.predict(features), dtype=float).reshape(-1)


def predictions_of(folder: Path) -> list[Any]:
    """What :func:`save` left for each fold."""
    with np.load(folder / PREDICTIONS) as content:
        return [content[f"arr_{index}"] for index in range(len(content.files))]


def used_preprocessor(candidate: Candidate, prepared: Prepared) -> str | None:
    """The preprocessor that a candidate really gets."""
    sparse = not isinstance(prepared.everything.features, np.ndarray)
    return "MaxAbsScaler" if sparse and candidate.preprocessor == "MinMaxScaler" else candidate.preprocessor


def _fitted(candidate: Candidate, prepared: Prepared, rows: Rows, threads: int) -> tuple[Any, float]:
    problem = prepared.problem
    task = problem.settings.task
    algorithm = algorithms.of_task(task)[candidate.algorithm]
    estimator = algorithm.build(problem.classifies, candidate.params, threads, problem.settings.seed)
    if problem.classifies:
        estimator = LabelClassifier(estimator, problem.labels)
    steps = [(algorithms.step_name(algorithm, task), estimator)]
    name = used_preprocessor(candidate, prepared)
    scaler = builders.preprocessor(name, not isinstance(rows.features, np.ndarray))
    if scaler is not None:
        steps.insert(0, (str(name), scaler))
    weights = rows.weights
    if candidate.balanced:
        balance = compute_sample_weight("balanced", rows.target)
        weights = balance if weights is None else weights * balance
    given = {} if weights is None or not algorithm.weighted else {f"{steps[-1][0]}__sample_weight": weights}
    began = time.perf_counter()
    model = Pipeline(steps).fit(rows.features, rows.target, **given)
    return model, time.perf_counter() - began
