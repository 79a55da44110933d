"""What is tried, in which order: first a portfolio, then a local search (FLAML's FLOW2) around the best of it.

The order follows from the seed and from the scores alone, never from how long something took. With a bound on the
number of trials a search is therefore repeatable; with a bound on time, the time decides where the same order ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from amlbridge.engine.automl.algorithms import Algorithm, Number

#: How often a proposal that was there before is replaced by another one.
_AGAIN = 8
#: The best algorithm is searched with this probability, the next best with this share of what is left, and so on.
_BEST = 0.55


@dataclass(frozen=True)
class Candidate:
    """A pipeline to try. ``balanced``: rare classes weigh more."""

    algorithm: str
    preprocessor: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    balanced: bool = False

    @property
    def signature(self) -> str:
        """Two candidates of the same signature are the same."""
        rounded = {name: round(v, 6) if isinstance(v, float) else v for name, v in self.params.items()}
        return json.dumps([self.algorithm, self.preprocessor, rounded, self.balanced], sort_keys=True)


class Search:
    """Proposes candidates; is told the scores of earlier ones, larger is better."""

    def __init__(self, algorithms: Mapping[str, Algorithm], seed: int, imbalanced: bool = False) -> None:
        self._algorithms = algorithms
        self._random = np.random.RandomState(seed)
        self._seed = seed
        self._left = _portfolio(algorithms, imbalanced)
        self._seen: set[str] = set()
        self._scores: dict[str, list[tuple[float, Candidate]]] = {}
        self._local: dict[str, _LocalSearch] = {}
        self._asked: dict[int, tuple[Candidate, str | None]] = {}

    def propose(self, index: int) -> Candidate | None:
        """The candidate of trial ``index``; None when there is nothing left to try."""
        found = next(self._left, None)
        origin = None
        if found is None:
            found, origin = self._around_the_best(index)
        if found is not None:
            self._seen.add(found.signature)
            self._asked[index] = (found, origin)
        return found

    def tell(self, index: int, score: float | None) -> None:
        """The score of a trial; None when it failed. To be called in the order of the trials."""
        candidate, origin = self._asked.pop(index)
        if origin is not None:
            self._local[origin].tell(str(index), score)
        if score is not None:
            self._scores.setdefault(candidate.algorithm, []).append((score, candidate))

    def _around_the_best(self, index: int) -> tuple[Candidate | None, str | None]:
        ranked = sorted(
            (name for name in self._scores if self._algorithms[name].space),
            key=lambda name: -max(score for score, _ in self._scores[name]),
        )
        for _ in range(_AGAIN if ranked else 0):
            name = ranked[min(int(self._random.geometric(_BEST)) - 1, len(ranked) - 1)]
            start = max(self._scores[name], key=lambda item: item[0])
            if name not in self._local:
                self._local[name] = _LocalSearch(self._algorithms[name], *start, self._seed)
            found = self._local[name].propose(str(index), start[1])
            if found.signature not in self._seen:
                return found, name
        return None, None


def _portfolio(algorithms: Mapping[str, Algorithm], imbalanced: bool) -> Iterator[Candidate]:
    """The first of each algorithm, then the second of each. With rare classes every other turn weighs them more."""
    rounds = max((len(item.portfolio) for item in algorithms.values()), default=0)
    for turn in range(rounds):
        for name, item in algorithms.items():
            if turn < len(item.portfolio):
                balanced = imbalanced and item.weighted and turn % 2 == 1
                yield Candidate(name, *item.portfolio[turn], balanced=balanced)


class _LocalSearch:
    """FLOW2 over the parameters of one algorithm, from its best candidate on."""

    def __init__(self, algorithm: Algorithm, score: float, start: Candidate, seed: int) -> None:
        self._algorithm = algorithm
        self._flow = _flow2()(
            _within(algorithm.space, start.params),
            metric="score",
            mode="max",
            space=_domains(algorithm.space),
            cost_attr=None,
            seed=seed,
        )
        # The starting point is known: the first proposal is a step away from it.
        self._flow.best_obj = -score
        self._fixed = {name: value for name, value in start.params.items() if name not in algorithm.space}

    def propose(self, trial: str, like: Candidate) -> Candidate:
        suggested = self._flow.suggest(trial)
        if suggested is None:
            # It has converged; what it has found is not found again.
            suggested = self._flow.best_config
        params = {**self._fixed, **{name: _plain(value) for name, value in suggested.items()}}
        return Candidate(like.algorithm, like.preprocessor, params, like.balanced)

    def tell(self, trial: str, score: float | None) -> None:
        if trial in self._flow._configs:
            self._flow.on_trial_complete(trial, {"score": score} if score is not None else None, error=score is None)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _within(space: Mapping[str, Number], params: Mapping[str, Any]) -> dict[str, Any]:
    """A starting point in the whole space: the parameters that are given, the library's defaults otherwise."""
    defaults = {
        "n_estimators": 100, "learning_rate": 0.1, "reg_lambda": 1.0, "subsample": 1.0, "colsample_bytree": 1.0,
        "num_leaves": 31, "min_child_samples": 20, "max_depth": 6, "min_child_weight": 1.0, "max_features": 0.5,
        "min_samples_leaf": 1, "max_iter": 100, "max_leaf_nodes": 31, "l2_regularization": 1e-4,
    }  # fmt: skip
    found = {}
    for name, number in space.items():
        value = params.get(name, defaults.get(name, number.low))
        value = min(max(value, number.low), number.high)
        found[name] = int(value) if number.whole else float(value)
    return found


def _domains(space: Mapping[str, Number]) -> dict[str, Any]:
    from flaml.tune import sample

    def domain(number: Number) -> Any:
        if number.whole:
            ends = (int(number.low), int(number.high) + 1)
            return sample.lograndint(*ends) if number.log else sample.randint(*ends)
        return (sample.loguniform if number.log else sample.uniform)(number.low, number.high)

    return {name: domain(number) for name, number in space.items()}


def _flow2() -> Any:
    """FLAML's FLOW2. FLAML imports mlflow if it is there, which takes seconds and which this does not need."""
    present: Sequence[str] = [name for name in sys.modules if name == "mlflow" or name.startswith("mlflow.")]
    if not present:
        sys.modules["mlflow"] = None  # type: ignore[assignment]
    try:
        from flaml.tune.searcher.flow2 import FLOW2
    finally:
        if not present:
            del sys.modules["mlflow"]
    return FLOW2
