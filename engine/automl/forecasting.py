"""Forecasting: a table of time series, rolling origins to validate with, and trials of forecasters.

A stack ensemble is not made of forecasters (nor by Azure, unless it is asked for); a voting ensemble is.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from amlbridge.engine.automl import (
    algorithms,
    builders,
    choice,
    ensembles,
    model_test,
    portable,
    series_ids,
    short_series,
    trials,
    unhonoured,
)
from amlbridge.engine.automl.candidates import Candidate
from amlbridge.engine.automl.candidates import Search as Proposals
from amlbridge.engine.automl.ensembles import Member
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.fitted import purposes
from amlbridge.engine.automl.fitted.forecaster import Forecaster, VotingForecaster
from amlbridge.engine.automl.fitted.series import METHODS
from amlbridge.engine.automl.fitted.timeseries import TimeSeriesTransformer, imputations, series_keys
from amlbridge.engine.automl.metrics import scoring
from amlbridge.engine.automl.problem import EXAMPLE_ROWS, Problem, Rows, of_tables
from amlbridge.engine.automl.search import Task
from amlbridge.engine.automl.settings import AutoMLSettings, Forecasting
from amlbridge.engine.automl.trials import Result

#: Periods of a season by the base of a pandas offset.
_SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "MS": 12, "ME": 12, "Q": 4, "QS": 4, "QE": 4, "min": 60}
#: So many origins by default, as far as the series are long enough.
_ORIGINS = 3


@dataclass(frozen=True)
class Series:
    """Time series as a problem. ``folds``: (training, validation) rows in the order of time."""

    problem: Problem
    horizon: int
    frequency: str
    season: int
    lags: tuple[int, ...]
    window: int
    folds: Sequence[tuple[Rows, Rows]]


def task(settings: AutoMLSettings, training: Any, validation: Any, test: Any, events: Events) -> tuple[Task, Any]:
    """What is searched, and raw features of training rows. Raises :class:`AutoMLError`."""
    series = prepare(settings, training, validation, test, events)
    known = algorithms.of_task("forecasting")
    names = choice.chosen(settings, list(known), events.note)
    problem = series.problem
    features = len(problem.purposes)
    information = {"dataset_samples": len(problem.training), "dataset_features": features, "is_sparse": False}
    events.searching(information)
    print(
        f"{len(problem.training)} rows, every {series.frequency}, season {series.season}, horizon {series.horizon}, "
        f"{len(series.folds)} origins",
        flush=True,
    )
    found = Task(
        settings,
        problem.metric,
        problem.maximizes,
        Proposals({name: known[name] for name in names}, settings.seed),
        functools.partial(run, series),
        lambda candidate: candidate.preprocessor,
        joins={ensembles.VOTING: functools.partial(vote, series)},
        test=functools.partial(model_test.of_series, problem) if problem.test is not None else None,
    )
    return found, problem.training.features.head(EXAMPLE_ROWS)


# -- the problem -------------------------------------------------------------------------------------------------------


def prepare(settings: AutoMLSettings, training: Any, validation: Any, test: Any, events: Events) -> Series:
    """Checks the tables and lays out the folds. Raises :class:`AutoMLError`."""
    settings = series_ids.detected(settings, training, events.guard)
    chosen = _chosen(settings)
    known = _ordered(settings, chosen, training)
    held, tested = (None if part is None else _ordered(settings, chosen, part) for part in (validation, test))
    if tested is None and settings.test_size:
        times = np.sort(known[chosen.time_column].unique())
        cut = times[int(len(times) * (1 - settings.test_size)) - 1]
        tested = known[known[chosen.time_column] > cut].reset_index(drop=True)
        known = known[known[chosen.time_column] <= cut].reset_index(drop=True)
    frequency = _frequency(chosen, known)
    season = _season(chosen, frequency)
    horizon = 1 if chosen.horizon == "auto" else chosen.horizon
    known = short_series.handled(settings, chosen, known, frequency, horizon, events.guard)
    problem = _problem(settings, chosen, known, held, tested, events)
    lags = chosen.target_lags if chosen.target_lags != "auto" else (1, 2, 3, *((season,) if season > 3 else ()))
    window = max(season, 3) if chosen.rolling_window == "auto" else chosen.rolling_window or 0
    series = Series(problem, horizon, frequency, season, tuple(lags), window, ())
    return dataclasses.replace(series, folds=_folds(series, chosen))


def _problem(
    settings: AutoMLSettings, chosen: Forecasting, known: Any, held: Any, tested: Any, events: Events
) -> Problem:
    # Times and ids are made features of whatever the mode is.
    mode = "auto" if settings.featurization.mode == "off" else settings.featurization.mode
    own = dataclasses.replace(settings, featurization=dataclasses.replace(settings.featurization, mode=mode))
    found = of_tables(own, _filled(settings, chosen, known), held, tested, events.guard)
    unhonoured.tell_columns(settings, found.purposes, events.note)
    return dataclasses.replace(found, settings=settings, purposes=_purposes(chosen, found))


def _filled(settings: AutoMLSettings, chosen: Forecasting, table: Any) -> Any:
    """A table whose missing targets are filled as the Imputer of the target column says; as it is without one."""
    name = settings.target_column
    ways = imputations(settings.featurization.transformer_params, name)
    if ways is None:
        return table
    found = table.copy()
    if ways.get("strategy") == "constant":
        found[name] = found[name].fillna(ways.get("fill_value", 0))
    else:
        found[name] = found.groupby(series_keys(found, chosen.time_series_ids))[name].ffill()
    return found


def _chosen(settings: AutoMLSettings) -> Forecasting:
    assert settings.forecasting is not None, "settings of this task always have it"
    return settings.forecasting


def _ordered(settings: AutoMLSettings, chosen: Forecasting, table: Any) -> Any:
    """A table with times in its time column, by series and time. Raises :class:`AutoMLError`."""
    for name in (chosen.time_column, *chosen.time_series_ids, settings.target_column):
        if name not in table.columns:
            there = ", ".join(map(str, table.columns[:40]))
            raise AutoMLError(f"the data have no column {name!r}; their columns are: {there}")
    found = table.copy()
    found[chosen.time_column] = purposes.as_date(found[chosen.time_column])
    gone = found[chosen.time_column].isna()
    if gone.any():
        wrong = table.loc[gone, chosen.time_column].iloc[0]
        raise AutoMLError(f"the time column {chosen.time_column!r} has values that are no times, such as {wrong!r}")
    keys = [*chosen.time_series_ids, chosen.time_column]
    if chosen.aggregation is not None and chosen.frequency is not None:
        return _aggregated(settings, chosen, found)
    twice = found.duplicated(keys)
    if twice.any():
        spot = ", ".join(f"{name}={found.loc[twice, name].iloc[0]}" for name in keys)
        raise AutoMLError(
            f"{int(twice.sum())} rows have a time that their series has already ({spot}): name the columns that tell "
            "series apart in time_series_id_column_names, or set freq and target_aggregation_function"
        )
    return found.sort_values(keys).reset_index(drop=True)


def _aggregated(settings: AutoMLSettings, chosen: Forecasting, table: Any) -> Any:
    """One row for each period of each series: the target joined as wanted, numbers by their mean, others the last."""
    ways = {
        name: "mean" if pd.api.types.is_numeric_dtype(table[name]) else "last"
        for name in table.columns
        if name not in (chosen.time_column, *chosen.time_series_ids)
    }
    ways[settings.target_column] = chosen.aggregation or "sum"
    grouper = [*chosen.time_series_ids, pd.Grouper(key=chosen.time_column, freq=chosen.frequency)]
    found = table.groupby(grouper).agg(ways).reset_index()
    return found.dropna(subset=[settings.target_column]).reset_index(drop=True)


def _frequency(chosen: Forecasting, table: Any) -> str:
    """The pandas offset of the series. Raises :class:`AutoMLError` when times do not lie on it."""
    groups = table.groupby(series_keys(table, chosen.time_series_ids))[chosen.time_column]
    longest = max((part for _, part in groups), key=len)
    found = chosen.frequency or (pd.infer_freq(longest) if len(longest) > 2 else None)
    if found is None:
        step = longest.diff().mode()
        found = pd.tseries.frequencies.to_offset(step.iloc[0]).freqstr if len(step) else "D"
    try:
        grid = pd.date_range(longest.iloc[0], longest.iloc[-1], freq=found)
    except ValueError as error:
        raise AutoMLError(f"the frequency {found!r} is none that pandas knows: {error}") from error
    if not longest.isin(grid).all():
        raise AutoMLError(
            f"the times of {chosen.time_column!r} do not lie on the frequency {found!r}: set freq, and "
            "target_aggregation_function to join rows within a period"
        )
    return str(found)


def _season(chosen: Forecasting, frequency: str) -> int:
    if chosen.seasonality != "auto":
        return max(1, int(chosen.seasonality))
    base = frequency.lstrip("-0123456789").partition("-")[0]
    return _SEASONS.get(base, 1) if frequency[:1].isalpha() else 1


def _purposes(chosen: Forecasting, problem: Problem) -> dict[str, str]:
    found = {
        name: purpose
        for name, purpose in problem.purposes.items()
        if purpose not in purposes.DROPPED and name not in chosen.unknown_in_future
    }
    timeless = "TimeIndexFeaturizer" in problem.settings.featurization.blocked_transformers
    found[chosen.time_column] = purposes.IGNORE if timeless else purposes.DATE
    for name in chosen.time_series_ids:
        few = problem.training.features[name].nunique() <= purposes.FEW
        found[name] = purposes.CATEGORICAL if few else purposes.HASHED
    return found


def _folds(series: Series, chosen: Forecasting) -> list[tuple[Rows, Rows]]:
    """Rolling origins, the latest one first to be decided and last in the list; or the user's validation rows."""
    rows, horizon = series.problem.training, series.horizon
    if series.problem.validation is not None:
        return [(rows, series.problem.validation)]
    times = rows.features[chosen.time_column].to_numpy()
    every = np.unique(times)
    step = horizon if chosen.cv_step_size == "auto" else int(chosen.cv_step_size)
    wanted = series.problem.settings.n_cross_validations
    count = wanted if isinstance(wanted, int) else _ORIGINS
    found: list[tuple[Rows, Rows]] = []
    for fold in range(count):
        last = len(every) - 1 - horizon - fold * step
        if last < max(2, horizon // 2):
            break
        origin, end = every[last], every[last + horizon]
        training = rows.take(np.flatnonzero(times <= origin))
        keys = set(series_keys(training.features, chosen.time_series_ids))
        there = series_keys(rows.features, chosen.time_series_ids).isin(keys).to_numpy()
        held = rows.take(np.flatnonzero((times > origin) & (times <= end) & there))
        if len(held):
            found.insert(0, (training, held))
    if not found or (isinstance(wanted, int) and len(found) < wanted):
        needed = 2 + horizon + (count - 1) * step
        raise AutoMLError(
            f"{count} origins with a horizon of {horizon} periods need at least {needed + 1} times, the training data "
            f"have {len(every)}: lower n_cross_validations or the horizon, or give more rows"
        )
    return found


# -- trials ------------------------------------------------------------------------------------------------------------


def run(series: Series, candidate: Candidate, folder: Path, threads: int) -> Result:
    """Fits and measures a candidate; leaves the model and the predictions of the folds below ``folder``."""
    parts, predictions, seconds = [], [], 0.0
    for training, held in series.folds:
        model, took = _fitted(series, candidate, training, threads)
        seconds += took
        predictions.append(model.forecast(held.features)[0])
        parts.append(scoring.scalars(held.target, predictions[-1], series.problem.span, None))
    model, took = _fitted(series, candidate, series.problem.training, threads)
    portable.dump(model, folder / trials.MODEL)
    np.savez(folder / trials.PREDICTIONS, *predictions)
    drawn = trials.write_charts(folder, series.problem, [held.target for _, held in series.folds], predictions)
    return Result(scoring.averaged(parts), seconds + took, {"params": dict(candidate.params)}, drawn)


def _fitted(series: Series, candidate: Candidate, rows: Rows, threads: int) -> tuple[Forecaster, float]:
    settings = series.problem.settings
    chosen = _chosen(settings)
    transformer = TimeSeriesTransformer(
        chosen.time_column,
        chosen.time_series_ids,
        series.frequency,
        series.lags,
        series.window,
        series.problem.purposes,
        settings.seed,
        blocked=settings.featurization.blocked_transformers,
        parameters={name: list(items) for name, items in settings.featurization.transformer_params.items()},
        target=settings.target_column,
    )
    estimator = None
    if candidate.algorithm not in METHODS:
        algorithm = algorithms.of_task("regression")[candidate.algorithm]
        last = algorithm.build(False, candidate.params, threads, settings.seed)
        scaler = builders.preprocessor(candidate.preprocessor, False)
        steps = [(algorithms.step_name(algorithm, "forecasting"), last)]
        estimator = Pipeline([(str(candidate.preprocessor), scaler), *steps] if scaler is not None else steps)
    began = time.perf_counter()
    model = Forecaster(
        transformer, candidate.algorithm, series.season, settings.target_column, estimator, series.horizon
    )
    model.fit(rows.features, rows.target)
    return model, time.perf_counter() - began


def vote(series: Series, members: Sequence[Member], folder: Path) -> Result:
    """The weighted mean of forecasts that is best at the origins, grown as that of other tasks."""
    began = time.perf_counter()
    best = sorted(members, key=lambda member: (-member.score, member.index))[: ensembles.MOST_CHOICES]
    folds = [trials.predictions_of(member.folder) for member in best]
    truth = np.concatenate([held.target for _, held in series.folds])
    settings = series.problem.settings
    score = scoring.quick(series.problem.metric)
    counts = ensembles.grown([np.concatenate(part) for part in folds], truth, score, settings.ensemble.iterations)
    chosen = [(member, part, count) for member, part, count in zip(best, folds, counts, strict=True) if count]
    weights = [count / sum(counts) for *_, count in chosen]
    predictions = [
        np.sum([weight * item[1][index] for weight, item in zip(weights, chosen, strict=True)], axis=0)
        for index in range(len(series.folds))
    ]
    models = [(str(member.index), portable.load(member.folder / trials.MODEL)) for member, *_ in chosen]
    portable.dump(VotingForecaster(models, weights), folder / trials.MODEL)
    np.savez(folder / trials.PREDICTIONS, *predictions)
    parts = [
        scoring.scalars(held.target, predicted, series.problem.span, None)
        for (_, held), predicted in zip(series.folds, predictions, strict=True)
    ]
    details = {
        "ensembled_iterations": [member.index for member, *_ in chosen],
        "ensembled_algorithms": [member.algorithm for member, *_ in chosen],
        "ensemble_weights": weights,
    }
    drawn = trials.write_charts(folder, series.problem, [held.target for _, held in series.folds], predictions)
    return Result(scoring.averaged(parts), time.perf_counter() - began, details, drawn)
