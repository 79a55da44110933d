"""What the settings ask for and a run does not do, told in the run: nothing is left out without a word."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.fitted import purposes
from amlbridge.engine.automl.settings import AutoMLSettings, Featurization, Forecasting
from amlbridge.engine.automl.workers import cores

Note = Callable[[str], None]

#: Featurizers that can be blocked here. The public list of Azure's (``SupportedTransformers``) has the others too.
_BLOCKABLE = ("CatTargetEncoder", "HashOneHotEncoder", "ImputationMarker", "LabelEncoder", "OneHotEncoder", "TfIdf")
_UNUSED = ("CountVectorizer", "NaiveBayes", "TextTargetEncoder", "WoETargetEncoder", "WordEmbedding")
#: What is taken of the parameters of each featurizer; the strategies of the Imputer.
_PARAMETERS = {
    "Imputer": ("strategy", "fill_value"),
    "HashOneHotEncoder": ("number_of_bits",),
    "TfIdf": tuple(inspect.signature(TfidfVectorizer).parameters),
}
#: The purposes of the columns that a featurizer is for.
_SUITED = {
    "Imputer": (purposes.NUMERIC,),
    "HashOneHotEncoder": (purposes.CATEGORICAL, purposes.HASHED),
    "TfIdf": (purposes.TEXT,),
}
_STRATEGIES = ("mean", "median", "most_frequent", "constant")
_MOST_BITS = 12
_LEARNERS = {
    True: ("LogisticRegression", "LogisticRegressionCV", "LightGBMClassifier"),
    False: ("ElasticNet", "ElasticNetCV", "LightGBMRegressor", "LinearRegression"),
}


def tell(settings: AutoMLSettings, columns: Iterable[str], validated: bool, tested: bool, note: Note) -> None:
    """Notes everything that has no effect. ``columns``: of the training data; ``validated``, ``tested``: whether there
    are validation and test data. Raises :class:`AutoMLError` for values that no search can honour."""
    for told in settings.notes:
        note(told)
    if settings.model_explainability:
        note("model_explainability: explanations are not made; explain the registered model with a library")
    _tell_bounds(settings, note)
    _tell_ensembles(settings, note)
    _tell_rows(settings, validated, tested, note)
    _tell_featurization(settings, set(map(str, columns)), note)
    if settings.forecasting is not None and settings.task == "forecasting":
        _tell_forecasting(settings, settings.forecasting, validated, note)
    elif settings.forecasting is not None:
        note(f"forecasting settings are not used: the task is {settings.task}")


def tell_columns(settings: AutoMLSettings, found: Mapping[str, str], note: Note) -> None:
    """Notes parameters of featurizers that do not suit their column. ``found``: raw column -> its purpose."""
    for name, items in settings.featurization.transformer_params.items():
        for column in (column for where, _ in items for column in where if column in found):
            if found[column] not in _SUITED.get(name, found.values()):
                note(f"transformer_params of {name} are not used for the column {column!r}, which is {found[column]}")


def _tell_bounds(settings: AutoMLSettings, note: Note) -> None:
    most = cores()
    if settings.max_concurrent_trials > most:
        note(f"max_concurrent_trials is {settings.max_concurrent_trials}: {most} at once, as many as there are cores")
    if (settings.max_cores_per_trial or 0) > most:
        note(f"max_cores_per_trial is {settings.max_cores_per_trial}: the machine has {most} cores")


def _tell_ensembles(settings: AutoMLSettings, note: Note) -> None:
    chosen, forecasts = settings.ensemble, settings.task == "forecasting"
    if forecasts and settings.enable_stack_ensemble:
        note("enable_stack_ensemble: no stack is made of forecasters; enable_voting_ensemble is honoured")
    learners = _LEARNERS[settings.task == "classification"]
    given = chosen.meta_learner is not None or bool(chosen.meta_learner_params)
    if given and (forecasts or not settings.enable_stack_ensemble):
        note("the meta learner (ensemble.meta_learner, meta_learner_params) is not used: there is no stack ensemble")
    elif chosen.meta_learner is not None and chosen.meta_learner not in learners:
        note(
            f"ensemble.meta_learner {chosen.meta_learner!r} is none of {settings.task} and is not used: {learners[0]} "
            f"is; there are {', '.join(learners)}"
        )
    if chosen.iterations != type(chosen)().iterations and not settings.enable_voting_ensemble:
        note("ensemble.iterations is not used: there is no voting ensemble")


def _tell_rows(settings: AutoMLSettings, validated: bool, tested: bool, note: Note) -> None:
    """What gives way to other wishes for the rows to validate and to test with."""
    wishes: dict[str, Any] = {
        "n_cross_validations": settings.n_cross_validations if settings.n_cross_validations != "auto" else None,
        "cv_split_columns": settings.cv_split_columns,
        "validation_size": settings.validation_size,
    }
    wished = [name for name, value in wishes.items() if value]
    if validated:
        unused, why = wished, "there are validation data"
    elif settings.task == "forecasting":
        unused = [name for name in wished if name != "n_cross_validations"]
        why = "forecasts are validated with rolling origins (n_cross_validations)"
    else:
        unused = [name for name in wished if name != "cv_split_columns"] if settings.cv_split_columns else []
        why = "the split columns say how to validate"
    for name in unused:
        note(f"{name} is not used: {why}")
    if tested and settings.test_size:
        note("test_size is not used: there are test data")
    if settings.test_predictions_only and not (tested or settings.test_size):
        note("test_predictions_only is not used: there are no test rows")


def _tell_featurization(settings: AutoMLSettings, columns: set[str], note: Note) -> None:
    chosen = settings.featurization
    for name in sorted({*chosen.drop_columns, *settings.drop_columns} - columns):
        note(f"drop_columns names the column {name!r}, which is not in the training data")
    if chosen.dataset_language not in (None, "eng"):
        note("dataset_language is not used: words are counted the same way in all languages")
    if chosen.mode == "off" and settings.task != "forecasting":
        for name in ("blocked_transformers", "column_purposes", "transformer_params"):
            if getattr(chosen, name):
                note(f"{name} is not used: featurization is off")
        return
    times = ("TimeIndexFeaturizer",) if settings.task == "forecasting" else ()
    for name in chosen.blocked_transformers:
        if name in _UNUSED or (name == "TimeIndexFeaturizer" and not times):
            note(f"blocked_transformers: {name} is never used here, so that it needs no block")
        elif name not in (*_BLOCKABLE, *times):
            there = ", ".join((*_BLOCKABLE, *times))
            note(f"blocked_transformers: {name!r} cannot be blocked and is ignored; there are {there}")
    _tell_parameters(settings, chosen, columns, note)


def _tell_parameters(settings: AutoMLSettings, chosen: Featurization, columns: set[str], note: Note) -> None:
    for name, items in chosen.transformer_params.items():
        if name not in _PARAMETERS:
            note(f"transformer_params: those of {name} are not used; there are those of {', '.join(_PARAMETERS)}")
            continue
        if name in chosen.blocked_transformers:
            note(f"transformer_params: those of {name} are not used: it is blocked")
        for where, values in items:
            for column in where:
                if column not in columns:
                    note(f"transformer_params of {name} name the column {column!r}, which the training data have not")
            for key in values:
                if key not in _PARAMETERS[name]:
                    there = ", ".join(_PARAMETERS[name])
                    note(f"transformer_params of {name}: {key!r} is unknown and not used; there are {there}")
            _check_values(settings, name, where, values)


def _check_values(settings: AutoMLSettings, name: str, where: tuple[str, ...], values: Mapping[str, Any]) -> None:
    if name == "HashOneHotEncoder":
        bits = values.get("number_of_bits", 1)
        if not isinstance(bits, int) or not 1 <= bits <= _MOST_BITS:
            raise AutoMLError(
                f"number_of_bits of HashOneHotEncoder is {bits!r}: give a whole number of 1 to {_MOST_BITS}"
            )
    if name == "Imputer":
        known: tuple[str, ...] = (*_STRATEGIES, "ffill") if settings.task == "forecasting" else _STRATEGIES
        target = settings.target_column in where
        if target and settings.task == "forecasting":
            known = ("constant", "ffill")
        if values.get("strategy", known[0]) not in known:
            of = f"the target {settings.target_column!r}" if target else settings.task
            there = ", ".join(known)
            raise AutoMLError(f"the Imputer's strategy {values['strategy']!r} does not fit {of}: choose one of {there}")


def _tell_forecasting(settings: AutoMLSettings, chosen: Forecasting, validated: bool, note: Note) -> None:
    unused: dict[str, Any] = {
        "country_or_region (holidays)": chosen.country_or_region,
        "feature_lags": chosen.feature_lags,
        "use_stl": chosen.use_stl,
        "weight_column": settings.weight_column,
        "aggregation (target_aggregation_function) without a frequency": chosen.aggregation and not chosen.frequency,
        "cv_step_size with validation data": validated and chosen.cv_step_size != "auto",
    }
    for name, value in unused.items():
        if value:
            note(f"{name} is not used in forecasts here")
    if chosen.horizon == "auto":
        note("the horizon 'auto' is one period here: set forecast_horizon to how far is looked ahead")
    if settings.featurization.mode == "off":
        note("featurization 'off' is not used: forecasts make features of times and series")
    for name in chosen.unknown_in_future:
        note(f"unknown_in_future: the column {name!r} is not used, because its values are not known for the horizon")
