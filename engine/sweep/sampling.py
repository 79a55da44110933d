"""Which hyperparameters a trial gets: a function of the sweep's settings, its seed and the trial's number.

A random sweep repeats no combination, and ends when there is none left. Each hyperparameter has a stream of numbers of
its own, named by it, so that neither the order of the space nor a leading ``--`` of a name changes what is drawn: a
sweep of SDK v1 and its twin in v2 try the same.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Json
from amlbridge.engine.sweep.distributions import CHOICE, Distribution
from amlbridge.engine.sweep.settings import SweepSettings

Parameters = Mapping[str, Json]
#: So many draws in a row without a new combination end a sweep whose space has no known size.
_MOST_REPEATS = 10_000
_INSTALL = "it needs the package {0}: install amlbridge[automl], or `python -m pip install {0}`"


@dataclass(frozen=True)
class Result:
    """What a trial came to: ``value`` is its best one of the metric, None when it has none."""

    parameters: Parameters
    value: float | None


def seed_of(settings: SweepSettings, run_id: str) -> int:
    """The seed that was asked for, or one that follows from the run's id: a restart draws the same."""
    if settings.seed is not None:
        return settings.seed
    return int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4], "big")


class Samples:
    """The trials of one sweep by number. Not for several threads at once."""

    def __init__(self, settings: SweepSettings, seed: int) -> None:
        self._settings = settings
        self._seed = seed
        #: The first trials, as far as they were drawn; none of a sequential sweep.
        self.drawn: list[Parameters] = []
        self._stream = iter(()) if settings.sampler == "bayesian" else _stream(settings, seed)

    @property
    def sequential(self) -> bool:
        """Whether a trial follows from the results of earlier ones."""
        return self._settings.sampler == "bayesian"

    def known(self, number: int) -> int:
        """How many of the first trials must have ended before trial ``number`` can be chosen. What a Bayesian trial
        follows from does not depend on which trial happens to end first."""
        return max(0, number - self._settings.max_concurrent + 1) if self.sequential else 0

    def get(self, number: int, results: Sequence[Result]) -> Parameters | None:
        """The parameters of trial ``number`` (from 0); None when there is no such trial. ``results`` are those of the
        first :meth:`known` trials. Raises :class:`PlanError` when the sampler's package is missing."""
        if self.sequential and number < self._settings.max_total:
            return _suggested(self._settings, self._seed, number, results)
        wanted = min(number + 1, self._settings.max_total)
        self.drawn.extend(islice(self._stream, max(0, wanted - len(self.drawn))))
        return self.drawn[number] if number < len(self.drawn) else None


def _stream(settings: SweepSettings, seed: int) -> Iterator[Parameters]:
    if settings.sampler == "grid":
        return grid(settings.space)
    draw = _sobol(settings, seed) if settings.rule == "sobol" else _random(settings, seed)
    return _different(settings, draw)


def grid(space: Mapping[str, Distribution]) -> Iterator[Parameters]:
    """Every combination; the last hyperparameter changes fastest."""
    for row in product(*(list(item.all()) for item in space.values())):
        yield dict(zip(space, row, strict=True))


def _different(settings: SweepSettings, draw: Callable[[], Parameters]) -> Iterator[Parameters]:
    size, seen, repeats = settings.size(), set[str](), 0
    while repeats < _MOST_REPEATS and (size is None or len(seen) < size):
        found = draw()
        key = json.dumps(found, sort_keys=True)
        repeats = repeats + 1 if key in seen else 0
        if not repeats:
            seen.add(key)
            yield found


def bare(name: str) -> str:
    """A name without the dashes that v1 allows before it."""
    return name.lstrip("-")


def _random(settings: SweepSettings, seed: int) -> Callable[[], Parameters]:
    streams = {name: random.Random(f"{seed}/{bare(name)}") for name in settings.space}

    def draw() -> Parameters:
        return {name: item.draw(streams[name].random, settings.log_base) for name, item in settings.space.items()}

    return draw


def _sobol(settings: SweepSettings, seed: int) -> Callable[[], Parameters]:
    try:
        from scipy.stats import qmc  # imported on use: it takes a second
    except ImportError as error:
        raise PlanError(f"the rule sobol cannot be followed: {_INSTALL.format('scipy')}") from error
    names = sorted(settings.space, key=bare)
    engine = qmc.Sobol(len(names), scramble=True, seed=seed)

    def draw() -> Parameters:
        point = {name: itertools.repeat(float(item)) for name, item in zip(names, engine.random(1)[0], strict=True)}
        return {name: item.draw(point[name].__next__, settings.log_base) for name, item in settings.space.items()}

    return draw


def check_available(settings: SweepSettings) -> None:
    """Raises :class:`PlanError` when the package of the sampler is not installed."""
    if settings.sampler == "bayesian":
        _optuna()
    elif settings.sampler == "random" and settings.rule == "sobol":
        _sobol(settings, 0)


def _optuna() -> object:
    try:
        import optuna  # imported on use: it takes a second
    except ImportError as error:
        raise PlanError(f"Bayesian sampling cannot be done: {_INSTALL.format('optuna')}") from error
    return optuna


def _suggested(settings: SweepSettings, seed: int, number: int, results: Sequence[Result]) -> Parameters:
    """What the tree-structured Parzen estimator proposes after these results: a study is made anew for each trial, so
    that nothing is remembered that a restart would lose."""
    _optuna()
    from optuna import create_study
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.logging import WARNING, set_verbosity
    from optuna.samplers import TPESampler
    from optuna.trial import create_trial

    set_verbosity(WARNING)
    ranges: dict[str, BaseDistribution] = {}
    for name, item in settings.space.items():
        if item.name == CHOICE:
            # By position: a value may be any JSON.
            ranges[name] = CategoricalDistribution(tuple(range(len(item.values))))
        elif item.name == "uniform":
            ranges[name] = FloatDistribution(item.numbers[0], item.numbers[1])
        else:
            first, last = item.steps
            ranges[name] = IntDistribution(first, last)
    study = create_study(direction=settings.goal, sampler=TPESampler(seed=(seed + number) % 2**32))
    earlier = (*(Result(parameters, value) for parameters, value in settings.history), *results)
    for result in earlier:
        inner = _positions(settings.space, result.parameters)
        if result.value is not None and inner is not None:
            study.add_trial(create_trial(params=inner, distributions=ranges, value=result.value))
    chosen = study.ask(ranges).params
    return {name: _value(item, chosen[name]) for name, item in settings.space.items()}


def _value(item: Distribution, chosen: Json) -> Json:
    if item.name == CHOICE:
        return item.values[chosen]
    return item.at_step(chosen) if item.name == "quniform" else chosen


def _positions(space: Mapping[str, Distribution], parameters: Parameters) -> dict[str, Json] | None:
    """Parameters as the study knows them; None for those of another space."""
    found: dict[str, Json] = {}
    for name, item in space.items():
        if name not in parameters:
            return None
        value = parameters[name]
        if item.name == CHOICE:
            if value not in item.values:
                return None
            found[name] = item.values.index(value)
        elif item.name == "quniform":
            found[name] = round(value / item.numbers[2])
        else:
            found[name] = value
    return found
