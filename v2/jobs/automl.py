"""What an AutoML job or node of SDK v2 asks for, as settings of the engine.

Protocol facts: ``taskDetails`` of a job is camelCase with durations in ISO 8601 and choices as ``{"mode": "Custom",
"value": 4}``; a node has the same fields in snake_case, durations in minutes and choices as plain values. Names of
metrics, algorithms and transformers come as ``AUCWeighted``, ``auc_weighted`` or as v1 has them (``AUC_weighted``).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine.automl.metrics import names
from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node
from amlbridge.v2.jobs.reading import Section, invalid, seconds

#: Field of a job, field of a node and of the Plan.
TABLES = (("trainingData", "training_data"), ("validationData", "validation_data"), ("testData", "test_data"))
#: What run history calls the run of a job.
RUN_TYPE = "automl"
#: The only output of an AutoML job: an MLflow model.
BEST_MODEL = "best_model"
_TASKS = ("classification", "regression", "forecasting")
#: What Azure's service does when a job says nothing (AutoMLVerticalLimitSettings of the REST API).
_TRIALS, _MINUTES, _TRIAL_MINUTES = 1000, 360.0, 30.0
#: How often a voting ensemble picks a model, at most.
_PICKS = 15
_METRICS = (
    *("accuracy", "AUC_weighted", "average_precision_score_weighted", "norm_macro_recall", "precision_score_weighted"),
    *("spearman_correlation", "normalized_root_mean_squared_error", "r2_score", "normalized_mean_absolute_error"),
)
_MODELS = (
    *("LogisticRegression", "SGD", "MultinomialNaiveBayes", "BernoulliNaiveBayes", "SVM", "LinearSVM", "KNN"),
    *("DecisionTree", "RandomForest", "ExtremeRandomTrees", "LightGBM", "GradientBoosting", "XGBoostClassifier"),
    *("ElasticNet", "LassoLars", "XGBoostRegressor", "AutoArima", "Prophet", "Naive", "SeasonalNaive", "Average"),
    *("SeasonalAverage", "ExponentialSmoothing", "Arimax", "TCNForecaster"),
)
#: Settings of the training that change nothing here.
_UNHONOURED = {
    ("enable_dnn_training", "enableDnnTraining"): "enable_dnn_training: no neural networks are tried",
    ("enable_onnx_compatible_models", "enableOnnxCompatibleModels"): (
        "enable_onnx_compatible_models: no model is converted to ONNX"
    ),
}


def settings(said: Section) -> AutoMLSettings:
    """The engine's settings; ``said`` is a node, or the taskDetails of a job. Raises a 400 ServiceError that names the
    field."""
    named = said.required("task", "taskType")
    task = named.lower()
    if task not in _TASKS:
        raise _no_task(said, named)
    notes: list[str] = []
    training = said.section("training", "trainingSettings")
    limits = said.section("limits", "limitSettings")
    bounds = _limits(limits)
    found: dict[str, Any] = {
        "task": task,
        "target_column": said.text("target_column_name", "targetColumnName") or "",
        "primary_metric": _known(said.text("primary_metric", "primaryMetric"), _METRICS),
        "weight_column": said.text("weight_column_name", "weightColumnName"),
        "cv_split_columns": _names(said, "cv_split_column_names", "cvSplitColumnNames"),
        "n_cross_validations": _choice(said, "n_cross_validations", "nCrossValidations"),
        "validation_size": said.get("validation_data_size", "validationDataSize"),
        "test_size": said.get("test_data_size", "testDataSize"),
        **bounds,
        **_training(training, task, bounds["max_trials"], notes),
        "featurization": _featurization(said.section("featurization", "featurizationSettings"), notes),
        "notes": notes,
    }
    if task == "forecasting":
        found["forecasting"] = _forecasting(said.section("forecasting", "forecastingSettings"))
    try:
        return AutoMLSettings.from_json(found)
    except EngineError as error:
        raise invalid(said.spot or "taskDetails", str(error)) from error


def properties(node: Node) -> dict[str, str]:
    """The properties of an AutoML run, with which SDK v1 (``AutoMLRun``) recognises and reads it, too."""
    made = AutoMLSettings.from_json(node.options["automl"])
    metric = made.primary_metric or names.DEFAULTS[made.task]
    shown = {
        "task_type": "classification" if made.task == "classification" else "regression",
        "is_timeseries": made.task == "forecasting",
        "primary_metric": metric,
        "metric_operation": "maximize" if names.is_maximized(metric) else "minimize",
        "iterations": made.max_trials,
        "max_concurrent_iterations": made.max_concurrent_trials,
        "n_cross_validations": made.n_cross_validations,
        "label_column_name": made.target_column,
        "compute_target": node.resources.compute,
    }
    if made.forecasting is not None:
        shown["time_column_name"] = made.forecasting.time_column
    return {
        "StepType": "AutoMLStep",
        "runTemplate": "AutoML",
        "azureml.runsource": "automl",
        "display_task_type": made.task,
        "task_type": str(shown["task_type"]),
        "primary_metric": metric,
        "num_iterations": str(made.max_trials),
        "AMLSettingsJsonString": json.dumps(shown),
    }


def _no_task(said: Section, task: str) -> Exception:
    return invalid(
        said.at("task"),
        f"the task {task!r} cannot run on this machine: models for images and text are large neural networks. "
        f"amlbridge has {', '.join(_TASKS)}, for tables; for others, run a training script in a command",
        "JobTypeNotSupported",
    )


def _limits(limits: Section) -> dict[str, Any]:
    return {
        "max_trials": limits.count("max_trials", "maxTrials") or _TRIALS,
        "max_concurrent_trials": limits.count("max_concurrent_trials", "maxConcurrentTrials") or 1,
        "max_cores_per_trial": _positive(limits.get("max_cores_per_trial", "maxCoresPerTrial")),
        "timeout_minutes": _minutes(limits, "timeout") or _MINUTES,
        "trial_timeout_minutes": _minutes(limits, "trial_timeout", "trialTimeout") or _TRIAL_MINUTES,
        "exit_score": limits.get("exit_score", "exitScore"),
        "enable_early_termination": limits.flag("enable_early_termination", "enableEarlyTermination") is not False,
    }


def _positive(value: Any) -> Any:
    """None for -1, which means all that there are."""
    return value if not isinstance(value, int) or value > 0 else None


def _minutes(limits: Section, snake: str, camel: str | None = None) -> float | None:
    minutes = limits.get(f"{snake}_minutes")
    if minutes is not None:
        return seconds(minutes, limits.at(f"{snake}_minutes"))
    found = seconds(limits.get(camel or snake), limits.at(camel or snake))
    return found / 60 if found is not None else None


def _training(training: Section, task: str, trials: int, notes: list[str]) -> dict[str, Any]:
    for fields, text in _UNHONOURED.items():
        if training.flag(*fields):
            notes.append(f"AutoML does not honour {text}")
    if (training.text("training_mode", "trainingMode") or "").lower().startswith("dist"):
        notes.append("AutoML does not honour training_mode: the search runs on this machine")
    stack = training.section("stack_ensemble_settings", "stackEnsembleSettings")
    share = stack.get("stack_meta_learner_train_percentage", "stackMetaLearnerTrainPercentage")
    if share is not None:
        notes.append("AutoML does not honour stack_meta_learner_train_percentage")
    ensemble: dict[str, Any] = {
        "meta_learner_params": stack.section("stack_meta_learner_k_wargs", "stackMetaLearnerKWargs").content
    }
    learner = stack.text("stack_meta_learner_type", "stackMetaLearnerType")
    if learner and learner.lower() != "none":
        ensemble["meta_learner"] = _pascal(learner)
    allowed = _names(training, "allowed_training_algorithms", "allowedTrainingAlgorithms")
    blocked = _names(training, "blocked_training_algorithms", "blockedTrainingAlgorithms")
    return {
        "allowed_models": [_known(name, _MODELS) for name in allowed] or None,
        "blocked_models": [_known(name, _MODELS) for name in blocked],
        **_ensembles(training, task, trials, ensemble),
        "model_explainability": training.flag("enable_model_explainability", "enableModelExplainability") or False,
        "ensemble": ensemble,
    }


def _ensembles(training: Section, task: str, trials: int, ensemble: dict[str, Any]) -> dict[str, Any]:
    """Which ensembles are made. As with SDK v1 (azureml-train-automl-client): none where fewer than two trials are left
    beside them, no stack of forecasters unless asked for, and no more picks than trials."""
    voting = training.flag("enable_vote_ensemble", "enableVoteEnsemble") is not False
    stack = training.flag("enable_stack_ensemble", "enableStackEnsemble")
    stack = task != "forecasting" if stack is None else stack
    if trials < 2 + voting + stack:
        voting = stack = False
    if voting or stack:
        ensemble["iterations"] = min(_PICKS, trials)
    return {"enable_voting_ensemble": voting, "enable_stack_ensemble": stack}


def _featurization(said: Section, notes: list[str]) -> dict[str, Any]:
    if said.flag("enable_dnn_featurization", "enableDnnFeaturization"):
        notes.append("AutoML does not honour enable_dnn_featurization: text becomes TF-IDF features")
    mode = (said.text("mode") or "auto").lower()
    if mode == "off":
        return {"mode": mode}
    own = {
        "blocked_transformers": [_pascal(name) for name in _names(said, "blocked_transformers", "blockedTransformers")],
        "column_purposes": {
            name: _pascal(kind) for name, kind in said.texts("column_name_and_types", "columnNameAndTypes").items()
        },
        "transformer_params": _transformers(said.section("transformer_params", "transformerParams")),
        "dataset_language": said.text("dataset_language", "datasetLanguage"),
    }
    return {"mode": "custom" if mode == "custom" or any(own.values()) else "auto", **own}


def _transformers(said: Section) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, items in said.content.items():
        if not isinstance(items, list):
            raise invalid(said.at(name), "must be a list of column transformers")
        sections = [Section(item, f"{said.at(name)}[{index}]") for index, item in enumerate(items)]
        found[_pascal(name)] = [(_names(item, "fields"), item.section("parameters").content) for item in sections]
    return found


def _forecasting(said: Section) -> dict[str, Any]:
    lags = _choice(said, "target_lags", "targetLags")
    short = said.text("short_series_handling_config", "shortSeriesHandlingConfig")
    return {
        "time_column": said.required("time_column_name", "timeColumnName"),
        "horizon": _choice(said, "forecast_horizon", "forecastHorizon") or 1,
        "time_series_ids": _names(said, "time_series_id_column_names", "timeSeriesIdColumnNames"),
        "frequency": said.text("frequency"),
        "target_lags": lags if isinstance(lags, str | list) else [] if lags is None else [lags],
        "rolling_window": _choice(said, "target_rolling_window_size", "targetRollingWindowSize"),
        "seasonality": _choice(said, "seasonality") or "auto",
        "short_series_handling": (short or "auto").lower(),
        "country_or_region": said.text("country_or_region_for_holidays", "countryOrRegionForHolidays"),
        "unknown_in_future": _names(said, "features_unknown_at_forecast_time", "featuresUnknownAtForecastTime"),
        "feature_lags": _unless_none(said.text("feature_lags", "featureLags")),
        "aggregation": _unless_none(said.text("target_aggregate_function", "targetAggregateFunction")),
        "cv_step_size": said.get("cv_step_size", "cvStepSize") or "auto",
        "use_stl": _stl(said.text("use_stl", "useStl")),
    }


def _unless_none(text: str | None) -> str | None:
    return None if text is None or text.lower() == "none" else text.lower()


def _stl(text: str | None) -> str | None:
    """The REST API writes ``SeasonTrend``."""
    found = _unless_none(text)
    return "season_trend" if found == "seasontrend" else found


def _choice(said: Section, *names: str) -> Any:
    """``auto``, or the value that the user has chosen."""
    value = said.get(*names)
    if isinstance(value, Mapping):
        if str(value.get("mode", "")).lower() in ("auto", "none"):
            return "auto" if str(value["mode"]).lower() == "auto" else None
        value = value.get("value", value.get("values"))
    if isinstance(value, str):
        if value.lower() in ("auto", "none"):
            return "auto" if value.lower() == "auto" else None
        return _literal(value)
    return value


def _names(said: Section, *names: str) -> list[str]:
    """A list of names. In a node the client writes some as Python does (``"['store']"``), and one may stand alone."""
    value = said.get(*names)
    if isinstance(value, str):
        value = _literal(value) if value.startswith("[") else [value]
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(said.at(names[0]), f"must be a list of names, not {value!r}")
    return value


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _known(name: str | None, names: tuple[str, ...]) -> str | None:
    """A name in the spelling of v1; one that is not known stays as it is, and the engine says so."""
    if name is None:
        return None
    plain = {item.replace("_", "").lower(): item for item in names}
    return plain.get(name.replace("_", "").lower(), name)


def _pascal(name: str) -> str:
    """``cat_imputer`` as ``CatImputer``."""
    if name != name.lower():
        return name
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def settled(said: Section, value_of: Callable[[str, str], str]) -> Section:
    """A node whose bindings (``${{parent.inputs.x}}``) are replaced by their values; ``value_of(text, spot)``."""
    return Section(_settled(said.content, said.spot, value_of), said.spot)


def _settled(value: Any, spot: str, value_of: Callable[[str, str], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _settled(item, f"{spot}.{name}", value_of) for name, item in value.items()}
    if isinstance(value, list):
        return [_settled(item, f"{spot}[{index}]", value_of) for index, item in enumerate(value)]
    return value_of(value, spot) if isinstance(value, str) else value
