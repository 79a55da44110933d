"""Every setting does something that can be seen, or the run says that it does not. No model is fitted here."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from amlbridge.engine.automl import choice, ensembles, session, trials
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.search import Search
from amlbridge.engine.automl.settings import AutoMLSettings, Ensemble, Featurization, Forecasting
from amlbridge.engine.automl.workers import cores

ROWS = 120
TABLES = {
    "classification": {"target_column": "y"},
    "regression": {"target_column": "n"},
    "forecasting": {
        "target_column": "n",
        "enable_stack_ensemble": False,
        "forecasting": {"time_column": "when", "horizon": 4},
    },
}
MANY = 10 * cores()


def table(rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=rows),
            "x": np.where(random.random(rows) < 0.2, np.nan, random.lognormal(size=rows)),
            "flag": random.choice(["on", "off"], rows),
            "city": random.choice([f"city {index}" for index in range(30)], rows),
            "text": [f"the {random.choice(['old', 'new'])} house number {index} in town" for index in range(rows)],
            "w": random.integers(1, 3, rows),
            "fold": np.arange(rows) % 2,
            "y": random.choice(["yes", "no"], rows),
            "n": random.normal(size=rows).round(3),
        }
    )


#: Field -> task, what is set, and what of the fingerprint it changes: "note: …" is what the run says instead.
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "AutoMLSettings.task": ("regression", {"task": "classification"}, "metric"),
    "AutoMLSettings.target_column": ("regression", {"target_column": "w"}, "data"),
    "AutoMLSettings.primary_metric": ("regression", {"primary_metric": "r2_score"}, "metric"),
    "AutoMLSettings.weight_column": ("regression", {"weight_column": "w"}, "data"),
    "AutoMLSettings.features": ("regression", {"features": ["x", "flag"]}, "data"),
    "AutoMLSettings.drop_columns": ("regression", {"drop_columns": ["x"]}, "data"),
    "AutoMLSettings.n_cross_validations": ("regression", {"n_cross_validations": 3}, "folds"),
    "AutoMLSettings.cv_split_columns": ("regression", {"cv_split_columns": ["fold"]}, "folds"),
    "AutoMLSettings.validation_size": ("regression", {"validation_size": 0.3}, "folds"),
    "AutoMLSettings.test_size": ("regression", {"test_size": 0.3}, "test"),
    "AutoMLSettings.test_predictions_only": (
        "regression",
        {"test_predictions_only": True},
        "note: test_predictions_only is not used: there are no test rows",
    ),
    "AutoMLSettings.max_trials": ("regression", {"max_trials": 7}, "bounds"),
    "AutoMLSettings.max_concurrent_trials": ("regression", {"max_concurrent_trials": 2}, "bounds"),
    "AutoMLSettings.timeout_minutes": ("regression", {"timeout_minutes": 3}, "bounds"),
    "AutoMLSettings.trial_timeout_minutes": ("regression", {"trial_timeout_minutes": 3}, "limit"),
    "AutoMLSettings.exit_score": ("regression", {"exit_score": 0.5}, "ending"),
    "AutoMLSettings.enable_early_termination": ("regression", {"enable_early_termination": False}, "ending"),
    "AutoMLSettings.max_cores_per_trial": ("regression", {"max_cores_per_trial": 1}, "bounds"),
    "AutoMLSettings.seed": ("regression", {"seed": 1}, "folds"),
    "AutoMLSettings.allowed_models": ("regression", {"allowed_models": ["KNN"]}, "candidates"),
    "AutoMLSettings.blocked_models": ("regression", {"blocked_models": ["LightGBM"]}, "candidates"),
    "AutoMLSettings.enable_voting_ensemble": ("regression", {"enable_voting_ensemble": False}, "ensembles"),
    "AutoMLSettings.enable_stack_ensemble": ("regression", {"enable_stack_ensemble": False}, "ensembles"),
    "AutoMLSettings.model_explainability": ("regression", {"model_explainability": True}, "note: model_explainability"),
    "AutoMLSettings.notes": ("regression", {"notes": ["said"]}, "note: said"),
    "Featurization.mode": ("regression", {"featurization": {"mode": "off"}}, "error: featurization is off"),
    "Featurization.blocked_transformers": ("regression", {"blocked_transformers": ["OneHotEncoder"]}, "data"),
    "Featurization.column_purposes": ("regression", {"column_purposes": {"flag": "Ignore"}}, "data"),
    "Featurization.transformer_params": (
        "regression",
        {"transformer_params": {"Imputer": [[["x"], {"strategy": "median"}]]}},
        "data",
    ),
    "Featurization.drop_columns": ("regression", {"featurization": {"drop_columns": ["x"]}}, "data"),
    "Featurization.dataset_language": ("regression", {"dataset_language": "deu"}, "note: dataset_language"),
    "Ensemble.iterations": ("regression", {"iterations": 3}, "rounds"),
    "Ensemble.meta_learner": ("regression", {"meta_learner": "LightGBMRegressor"}, "learner"),
    "Ensemble.meta_learner_params": ("regression", {"meta_learner_params": {"alpha": 3.0}}, "learner"),
    "Forecasting.time_column": ("forecasting", {"forecasting": {"time_column": "y"}}, "error: no times"),
    "Forecasting.horizon": ("forecasting", {"horizon": 6}, "folds"),
    "Forecasting.time_series_ids": ("forecasting", {"time_series_ids": ["flag"], "frequency": "D"}, "data"),
    "Forecasting.frequency": ("forecasting", {"frequency": "W", "aggregation": "sum"}, "series"),
    "Forecasting.target_lags": ("forecasting", {"target_lags": [1, 2]}, "series"),
    "Forecasting.rolling_window": ("forecasting", {"rolling_window": 5}, "series"),
    "Forecasting.seasonality": ("forecasting", {"seasonality": 3}, "series"),
    "Forecasting.short_series_handling": (
        "forecasting",
        {"horizon": 118, "short_series_handling": "none"},
        "error: too short",
    ),
    "Forecasting.country_or_region": ("forecasting", {"country_or_region": "DE"}, "note: country_or_region"),
    "Forecasting.unknown_in_future": ("forecasting", {"unknown_in_future": ["x"]}, "data"),
    "Forecasting.feature_lags": ("forecasting", {"feature_lags": "auto"}, "note: feature_lags"),
    "Forecasting.aggregation": ("forecasting", {"aggregation": "sum"}, "note: aggregation"),
    "Forecasting.cv_step_size": ("forecasting", {"cv_step_size": 1}, "folds"),
    "Forecasting.use_stl": ("forecasting", {"use_stl": "season"}, "note: use_stl"),
}
FIELDS = [
    f"{kind.__name__}.{field.name}"
    for kind in (AutoMLSettings, Featurization, Ensemble, Forecasting)
    for field in dataclasses.fields(kind)
    if field.name not in ("featurization", "ensemble", "forecasting")
]
PARTS = {"Featurization": "featurization", "Ensemble": "ensemble", "Forecasting": "forecasting"}


def settings(task: str, changes: dict[str, Any], part: str | None = None) -> AutoMLSettings:
    """Settings of a task; what belongs to a part of them may be given without it."""
    content = json.loads(json.dumps({"task": task, "n_cross_validations": 2, **TABLES[task]}))
    known = {field.name for field in dataclasses.fields(AutoMLSettings)}
    for name, value in changes.items():
        if name in known and not (part and name == "drop_columns"):
            content[name] = {**content.get(name, {}), **value} if isinstance(value, dict) else value
        else:
            content.setdefault(part, {"mode": "custom"} if part == "featurization" else {})[name] = value
    if content["task"] != "forecasting":
        content.pop("forecasting", None)
    return AutoMLSettings.from_json(content)


class Recorder:
    """Stands in for the workers: starts nothing."""

    limit: float | None = None

    def start(self, index: int, work: Any, limit: float | None = None) -> None:
        self.limit = limit


def fingerprint(chosen: AutoMLSettings, tmp_path: Path, **tables: Any) -> dict[str, Any]:
    """What a search with these settings is made of."""
    path = tmp_path / "events.jsonl"
    path.unlink(missing_ok=True)
    events = Events(path)
    try:
        task, _ = session.task_of(chosen, table(), tables.get("validation"), tables.get("test"), events)
    except AutoMLError as error:
        return {"error": str(error), "notes": notes(path)}
    search = Search(task, events, tmp_path / "trials", time.monotonic())
    search.began = 0.0
    recorder = Recorder()
    search._workers = recorder  # type: ignore[assignment]
    search._start(0)
    search._best = [-0.4] * 40
    given = task.work.args[0]  # type: ignore[attr-defined]
    problem = given.problem
    series = chosen.task == "forecasting"
    folds = [
        (list(training.target), list(held.target))
        for training, held in (given.folds if series else [(fold.training, fold.validation) for fold in given.folds])
    ]
    rows = problem.training
    features = [] if series else np.asarray(given.everything.features).tolist()
    return {
        "error": None,
        "notes": notes(path),
        "metric": (task.metric, task.maximizes),
        "data": json.dumps([problem.purposes, rows.target.tolist(), features, np.array(rows.weights).tolist()]),
        "folds": folds,
        "test": None if problem.test is None else (task.test is not None, len(problem.test)),
        "bounds": (search._bounds(), search._deadline(True), search._at_once, search._threads),
        "limit": recorder.limit,
        "ending": search._finished(),
        "candidates": [task.proposer.propose(index) for index in range(1, 9)],
        "ensembles": [name for name in choice.ensembles(chosen) if name in task.joins],
        "learner": None if series else repr(ensembles.meta_learner(given)),
        "rounds": None if series else rounds(given, tmp_path),
        "series": (given.horizon, given.frequency, given.season, given.lags, given.window) if series else None,
    }


def rounds(given: Any, tmp_path: Path) -> int:
    """How many picks the voting ensemble of two models makes."""
    members = [ensembles.Member(index, "LightGBM", tmp_path / str(index), 0.5) for index in range(2)]
    for member in members:
        member.folder.mkdir(exist_ok=True)
        np.savez(member.folder / trials.PREDICTIONS, *[np.zeros(len(fold.validation)) for fold in given.folds])
    with mock.patch.object(ensembles, "grown", side_effect=StopIteration) as grown, pytest.raises(StopIteration):
        ensembles.vote(given, members, tmp_path)
    asked: int = grown.call_args.args[3]
    return asked


def notes(path: Path) -> list[str]:
    events = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    return [event["message"] for event in events if event["event"] == "note"]


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_seen_or_told(field: str, tmp_path: Path) -> None:
    assert field in CASES, "a new field: say what it changes, or have a note for it in unhonoured.py"
    task, changes, expected = CASES[field]
    part = PARTS.get(field.partition(".")[0])
    before = fingerprint(settings(task, {}), tmp_path)
    changes = {**changes, "target_column": "y"} if changes.get("task") == "classification" else changes
    after = fingerprint(settings(task, changes, part), tmp_path)
    what, _, told = expected.partition(": ")
    if what == "note":
        new = set(after["notes"]) - set(before["notes"])
        assert any(told in note for note in new), new
    elif what == "error":
        assert told in after["error"]
    else:
        assert after["error"] is None
        assert before[what] != after[what]


@pytest.mark.parametrize(
    ("task", "changes", "part", "tables", "told"),
    [
        ("regression", {"blocked_transformers": ["WordEmbedding"]}, "featurization", (), "WordEmbedding is never used"),
        ("regression", {"blocked_transformers": ["Magic"]}, "featurization", (), "'Magic' cannot be blocked"),
        ("regression", {"transformer_params": {"Magic": []}}, "featurization", (), "those of Magic are not used"),
        (
            "regression",
            {"transformer_params": {"Imputer": [[["x", "gone"], {"missing": 1}]]}},
            "featurization",
            (),
            "name the column 'gone', which the training data have not; Imputer: 'missing' is unknown",
        ),
        (
            "regression",
            {"transformer_params": {"TfIdf": [[["x"], {"max_features": 1}]]}},
            "featurization",
            (),
            "TfIdf are not used for the column 'x', which is Numeric",
        ),
        (
            "regression",
            {"transformer_params": {"TfIdf": [[[], {}]]}, "blocked_transformers": ["TfIdf"]},
            "featurization",
            (),
            "those of TfIdf are not used: it is blocked",
        ),
        ("regression", {"drop_columns": ["gone"]}, None, (), "drop_columns names the column 'gone'"),
        ("regression", {"meta_learner": "LogisticRegression"}, "ensemble", (), "is none of regression"),
        (
            "regression",
            {"meta_learner": "ElasticNet", "enable_stack_ensemble": False},
            "ensemble",
            (),
            "there is no stack ensemble",
        ),
        (
            "regression",
            {"iterations": 3, "enable_voting_ensemble": False},
            "ensemble",
            (),
            "there is no voting ensemble",
        ),
        ("regression", {"max_concurrent_trials": MANY}, None, (), "as many as there are cores"),
        ("regression", {"max_cores_per_trial": MANY}, None, (), f"max_cores_per_trial is {MANY}"),
        ("regression", {}, None, ("validation",), "n_cross_validations is not used: there are validation data"),
        ("regression", {"test_size": 0.2}, None, ("test",), "test_size is not used: there are test data"),
        ("regression", {"cv_split_columns": ["fold"]}, None, (), "n_cross_validations is not used: the split columns"),
        ("regression", {"weight_column": "w"}, None, (), "KNN takes no weights"),
        ("forecasting", {"enable_stack_ensemble": True}, None, (), "no stack is made of forecasters"),
        ("forecasting", {"validation_size": 0.2}, None, (), "validated with rolling origins"),
        ("forecasting", {"weight_column": "w"}, None, (), "weight_column is not used in forecasts"),
        ("forecasting", {"horizon": "auto"}, "forecasting", (), "the horizon 'auto' is one period"),
        ("forecasting", {"featurization": {"mode": "off"}}, None, (), "featurization 'off' is not used"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_told(
    task: str, changes: dict[str, Any], part: str | None, tables: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    found = fingerprint(settings(task, changes, part), tmp_path, **{name: table(40) for name in tables})
    assert found["error"] is None
    for text in told.split("; Imputer: "):
        assert any(text in note for note in found["notes"]), (text, found["notes"])


def test_nothing_is_told_without_wishes(tmp_path: Path) -> None:
    for task in TABLES:
        found = fingerprint(settings(task, {}), tmp_path)
        assert [note for note in found["notes"] if "not used" in note or "unknown" in note] == []


@pytest.mark.parametrize(
    ("task", "params", "told"),
    [
        ("regression", {"Imputer": [[["x"], {"strategy": "magic"}]]}, "strategy 'magic' does not fit regression"),
        ("regression", {"Imputer": [[["x"], {"strategy": "ffill"}]]}, "strategy 'ffill' does not fit regression"),
        ("forecasting", {"Imputer": [[["n"], {"strategy": "mean"}]]}, "choose one of constant, ffill"),
        ("regression", {"HashOneHotEncoder": [[[], {"number_of_bits": 40}]]}, "give a whole number of 1 to 12"),
        ("regression", {"TfIdf": [[[], {"max_df": -1}]]}, "cannot be featurized as the settings say"),
    ],
)
def test_values_that_cannot_be_honoured_end_the_run(
    task: str, params: dict[str, Any], told: str, tmp_path: Path
) -> None:
    found = fingerprint(settings(task, {"transformer_params": params}, "featurization"), tmp_path)
    assert told in str(found["error"])


def test_times_are_no_features_when_blocked(tmp_path: Path) -> None:
    blocked = settings("forecasting", {"blocked_transformers": ["TimeIndexFeaturizer"]}, "featurization")
    assert json.loads(fingerprint(blocked, tmp_path)["data"])[0]["when"] == "Ignore"
