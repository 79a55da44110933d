"""Voting and stacking over the models of a search, chosen by what these predicted on rows that they had not seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import model_selection
from sklearn.pipeline import Pipeline

from amlbridge.engine.automl import portable, trials
from amlbridge.engine.automl.fitted import ensembles as fitted
from amlbridge.engine.automl.metrics import scoring
from amlbridge.engine.automl.trials import Prepared, Result

VOTING, STACK = "VotingEnsemble", "StackEnsemble"
#: An ensemble chooses among so many of the best models.
MOST_CHOICES = 25
#: A stack has at most so many members: one of each algorithm, the best ones.
_MOST_STACKED = 6


@dataclass(frozen=True)
class Member:
    """A finished trial. ``score``: larger is better."""

    index: int
    algorithm: str
    folder: Path
    score: float


def vote(prepared: Prepared, members: Sequence[Member], folder: Path) -> Result:
    """The weighted mean that is best on the validation rows: grown one pick at a time, a model may be picked again."""
    began = time.perf_counter()
    best = sorted(members, key=lambda member: (-member.score, member.index))[:MOST_CHOICES]
    folds = [trials.predictions_of(member.folder) for member in best]
    truth = np.concatenate([fold.validation.target for fold in prepared.folds])
    counts = grown(
        [np.concatenate(parts) for parts in folds],
        truth,
        scoring.quick(prepared.problem.metric),
        prepared.problem.settings.ensemble.iterations,
    )
    chosen = [(member, parts, count) for member, parts, count in zip(best, folds, counts, strict=True) if count]
    total = sum(count for *_, count in chosen)
    weights = [count / total for *_, count in chosen]
    predictions = [
        np.sum([weight * item[1][index] for weight, item in zip(weights, chosen, strict=True)], axis=0)
        for index in range(len(prepared.folds))
    ]
    classifies = prepared.problem.classifies
    kind = fitted.PreFittedSoftVotingClassifier if classifies else fitted.PreFittedVotingRegressor
    model = kind(_models([member for member, *_ in chosen]), weights)
    name = "prefittedsoftvotingclassifier" if classifies else "prefittedvotingregressor"
    return _finished(prepared, folder, (name, model), predictions, [item[0] for item in chosen], weights, began)


def grown(choices: Sequence[Any], truth: Any, score: Callable[[Any, Any], float], rounds: int) -> list[int]:
    """How often each choice is picked. The size with the best score counts, not the last one."""
    counts = [0] * len(choices)
    total = np.zeros_like(choices[0])
    best, best_score = list(counts), -np.inf
    for size in range(1, rounds + 1):
        scores = [score(truth, (total + item) / size) for item in choices]
        pick = int(np.argmax(scores))
        counts[pick] += 1
        total = total + choices[pick]
        if scores[pick] > best_score + 1e-12:
            best, best_score = list(counts), scores[pick]
    return best


def stack(prepared: Prepared, members: Sequence[Member], folder: Path) -> Result:
    """A meta learner on the best model of each algorithm. It is measured on folds that it has not learnt from."""
    began = time.perf_counter()
    chosen = _best_of_each(members)
    parts = [trials.predictions_of(member.folder) for member in chosen]
    features = [fitted.meta_features([item[index] for item in parts]) for index in range(len(prepared.folds))]
    targets = [fold.validation.target for fold in prepared.folds]
    classes = len(prepared.problem.labels) if prepared.problem.classifies else None

    def learner(rows: Any, target: Any) -> Any:
        return meta_learner(prepared).fit(rows, target)

    if len(features) > 1:
        predictions = []
        for index, rows in enumerate(features):
            others = [item for other, item in enumerate(features) if other != index]
            known = [item for other, item in enumerate(targets) if other != index]
            predictions.append(_of_meta(learner(np.vstack(others), np.concatenate(known)), rows, classes))
    else:
        predictions = [_crossed(features[0], targets[0], learner, classes)]
    final = learner(np.vstack(features), np.concatenate(targets))
    if classes is not None and len(final.classes_) < classes:
        raise ValueError("the validation rows lack classes: a stack ensemble cannot learn them")
    kind = fitted.StackEnsembleClassifier if classes is not None else fitted.StackEnsembleRegressor
    name = f"stackensemble{'classifier' if classes is not None else 'regressor'}"
    return _finished(prepared, folder, (name, kind(_models(chosen), final)), predictions, chosen, None, began)


def _best_of_each(members: Sequence[Member]) -> list[Member]:
    found: dict[str, Member] = {}
    for member in sorted(members, key=lambda item: (-item.score, item.index)):
        found.setdefault(member.algorithm, member)
    return list(found.values())[:_MOST_STACKED]


def _crossed(rows: Any, target: Any, learner: Callable[[Any, Any], Any], classes: int | None) -> Any:
    """Predictions for one set of validation rows, each by a learner that has not seen it."""
    count = min(5, len(rows))
    stratified = classes is not None and np.bincount(target).max() >= count
    folds = model_selection.StratifiedKFold(count) if stratified else model_selection.KFold(count)
    found = np.zeros((len(rows), classes)) if classes is not None else np.zeros(len(rows))
    for known, new in folds.split(rows, target):
        found[new] = _of_meta(learner(rows[known], target[known]), rows[new], classes)
    return found


def _of_meta(model: Any, rows: Any, classes: int | None) -> Any:
    if classes is None:
        return np.asarray(model.predict(rows), dtype=float).reshape(-1)
    found = np.zeros((len(rows), classes))
    found[:, model.classes_] = model.predict_proba(rows)
    return found


def meta_learner(prepared: Prepared) -> Any:
    """An unfitted meta learner, as the settings say."""
    from sklearn import linear_model

    settings = prepared.problem.settings
    chosen: Mapping[str, Any] = settings.ensemble.meta_learner_params
    classifies = prepared.problem.classifies
    name = settings.ensemble.meta_learner or ("LogisticRegression" if classifies else "ElasticNet")
    if name.startswith("LightGBM"):
        from lightgbm import LGBMClassifier, LGBMRegressor

        kind = LGBMClassifier if classifies else LGBMRegressor
        fixed = {"random_state": settings.seed, "deterministic": True, "force_row_wise": True, "verbosity": -1}
        return kind(**{**fixed, **chosen})
    if classifies:
        if name == "LogisticRegressionCV":
            return linear_model.LogisticRegressionCV(**{"max_iter": 500, **chosen})
        return linear_model.LogisticRegression(**{"max_iter": 500, **chosen})
    if name == "LinearRegression":
        return linear_model.LinearRegression(**chosen)
    if name == "ElasticNet" and chosen:
        return linear_model.ElasticNet(**chosen)
    # Predictions of the target in its own unit: how much to penalize depends on it, so that it is found.
    return linear_model.ElasticNetCV(**{"l1_ratio": 0.5, "positive": True, "random_state": settings.seed, **chosen})


def _models(members: Sequence[Member]) -> list[tuple[str, Any]]:
    """The pipelines without the featurizer, which the ensemble has once for all."""
    found = []
    for member in members:
        pipeline = portable.load(member.folder / trials.MODEL)
        found.append((str(member.index), Pipeline(pipeline.steps[1:])))
    return found


def _finished(
    prepared: Prepared,
    folder: Path,
    step: tuple[str, Any],
    predictions: Sequence[Any],
    members: Sequence[Member],
    weights: Sequence[float] | None,
    began: float,
) -> Result:
    parts = [
        scoring.scalars(fold.validation.target, part, prepared.span, fold.validation.weights)
        for fold, part in zip(prepared.folds, predictions, strict=True)
    ]
    trials.save(folder, [(trials.FEATURIZER, prepared.featurizer), step], predictions)
    details: dict[str, Any] = {
        "ensembled_iterations": [member.index for member in members],
        "ensembled_algorithms": [member.algorithm for member in members],
    }
    if weights is not None:
        details["ensemble_weights"] = list(weights)
    truths = [fold.validation.target for fold in prepared.folds]
    drawn = trials.write_charts(folder, prepared.problem, truths, predictions)
    return Result(scoring.averaged(parts), time.perf_counter() - began, details, drawn)
