"""What AutoMLConfig of SDK v1 asks for, as settings of the engine.

The client sends all of its settings as one JSON object (``aml_settings_json_string``), also those that nobody set.
The old names of arguments are already the new ones in it, or have one place: ``blacklist_algos`` and
``whitelist_models``, ``max_horizon``, ``grain_column_names``, ``lags`` (protocol notes, section 3; the rest measured
with azureml-train-automl-client 1.62). ``preprocess`` is the ``featurization`` of clients before 1.0.83.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.errors import EngineError
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire.errors import ServiceError, bad_request

#: The name of the label and of the weight when they come as tables of their own (the old ``y`` and ``sample_weight``).
LABEL, WEIGHT = "y", "sample_weight"
#: The column that the client's forecasting settings call the label by.
_TARGET = "_automl_target_col"
_TASKS = ("classification", "regression")

#: Settings that change nothing here, with the values that ask for nothing, and what is said when there is another one.
_UNHONOURED: dict[str, tuple[tuple[Any, ...], str]] = {
    "enable_dnn": ((False, None), "enable_dnn: no neural networks are tried"),
    "force_text_dnn": ((False, None), "force_text_dnn: no neural networks are tried"),
    "enable_tf": ((False, None), "enable_tf: no TensorFlow models are tried"),
    "enable_nimbusml": ((False, None), "enable_nimbusml: no NimbusML models are tried"),
    "enable_onnx_compatible_models": ((False, None), "enable_onnx_compatible_models: no model is converted to ONNX"),
    "enable_split_onnx_featurizer_estimator_models": ((False, None), "no model is converted to ONNX"),
    "enable_subsampling": ((False, None), "enable_subsampling: all rows are used in every iteration"),
    "enable_streaming": ((False, None), "enable_streaming: the data are read at once"),
    "force_streaming": ((False, None), "force_streaming: the data are read at once"),
    "enable_categorical_indicators": ((False, None), "enable_categorical_indicators"),
    "enable_metric_confidence": ((False, None), "enable_metric_confidence: metrics have no confidence intervals"),
    "mem_in_mb": ((None,), "mem_in_mb: the memory of an iteration is not limited"),
    "positive_label": ((None,), "positive_label: binary metrics take the larger label as the positive one"),
    "y_min": ((None,), "y_min: it follows from the data"),
    "y_max": ((None,), "y_max: it follows from the data"),
    "num_classes": ((None,), "num_classes: it follows from the data"),
    "spark_service": ((None,), "spark_context: the search runs on this machine"),
    "track_child_runs": ((True, None), "track_child_runs: every iteration is a run"),
    "n_best_runs": ((1, None), "n_best_runs"),
    "private_models": (([], None), "private_models"),
    "allowed_private_models": (([], None), "allowed_private_models"),
    "exclude_nan_labels": ((True, None), "exclude_nan_labels: rows without a label are left out all the same"),
    "auto_blacklist": ((True, None), "auto_blacklist"),
    "partition_column_names": ((None, []), "partition_column_names: one model is trained for all rows"),
    "hierarchy_column_names": ((None, []), "hierarchy_column_names: one model is trained for all rows"),
    "group_column_names": ((None, []), "group_column_names"),
    "_enable_future_regressors": ((False, None), "_enable_future_regressors"),
}


def settings(content: Mapping[str, Any], *, split: bool = False, weighted: bool = False) -> AutoMLSettings:
    """The engine's settings. ``split``: features and label come as two tables (``X`` and ``y``); ``weighted``: weights
    as a third one.

    Raises a 400 :class:`ServiceError` that names the setting.
    """
    said = Fields(content, "AutoMLConfig")
    _check(said)
    notes = _notes(said)
    if split:
        notes.append("X and y are old: pass training_data and label_column_name")
    found: dict[str, Any] = {
        "task": "forecasting" if said.flag("is_timeseries") else said.required("task_type"),
        "target_column": LABEL if split else said.text("label_column_name") or "",
        "primary_metric": said.text("primary_metric"),
        "weight_column": WEIGHT if weighted else said.text("weight_column_name"),
        "drop_columns": said.texts("drop_column_names"),
        "n_cross_validations": _or_auto(said, "n_cross_validations"),
        "cv_split_columns": said.texts("cv_split_column_names"),
        "validation_size": content.get("validation_size") or None,
        "test_size": content.get("test_size") or None,
        "test_predictions_only": said.flag("test_include_predictions_only", False),
        "max_trials": said.number("iterations"),
        "max_concurrent_trials": said.number("max_concurrent_iterations") or 1,
        "timeout_minutes": content.get("experiment_timeout_minutes"),
        "trial_timeout_minutes": content.get("iteration_timeout_minutes"),
        "exit_score": content.get("experiment_exit_score"),
        "enable_early_termination": said.flag("enable_early_stopping", True),
        "max_cores_per_trial": _cores(said),
        "featurization": _featurization(said, notes),
        "allowed_models": said.texts("whitelist_models") or None,
        "blocked_models": said.texts("blacklist_algos"),
        "enable_voting_ensemble": said.flag("enable_ensembling", True),
        "enable_stack_ensemble": said.flag("enable_stack_ensembling", False),
        "ensemble": _ensemble(said),
        "forecasting": _forecasting(said) if said.flag("is_timeseries") else None,
        "model_explainability": said.flag("model_explainability"),
        "notes": notes,
    }
    seed = next((said.number(name) for name in ("random_state", "subsample_seed") if content.get(name)), None)
    if seed is not None:
        found["seed"] = seed
    try:
        return AutoMLSettings.from_json(found)
    except EngineError as error:
        raise bad_request(f"AutoMLConfig: {error}", "UserError") from error


def _check(said: Fields) -> None:
    """What cannot run here at all."""
    task = said.required("task_type")
    if task not in _TASKS:
        raise _refused(
            f"the task {task!r} cannot run on this machine: models for images and text are large neural networks. "
            "amlbridge has the tasks classification, regression and forecasting, for tables; for others, train with "
            "a script of your own"
        )
    if said.text("data_script"):
        raise _refused("data_script (get_data) was retired by Azure: pass a dataset as training_data")
    if said.flag("many_models"):
        raise _refused("many models and hierarchical runs are not served: submit one AutoMLConfig for each model")
    if said.content.get("hyperdrive_config"):
        raise _refused("sweeps over the parameters of image models are not served")


def _refused(message: str) -> ServiceError:
    return bad_request(f"AutoMLConfig: {message}", "NotSupported")


def _notes(said: Fields) -> list[str]:
    found = []
    for name, (usual, text) in _UNHONOURED.items():
        value = said.content.get(name)
        if name in said.content and not any(value == item and type(value) is type(item) for item in usual):
            found.append(f"AutoML does not honour {text}")
    return found


def _or_auto(said: Fields, name: str) -> int | str | None:
    return "auto" if said.content.get(name) == "auto" else said.number(name)


def _cores(said: Fields) -> int | None:
    """-1 means all that there are."""
    cores = said.number("max_cores_per_iteration")
    return None if cores is None or cores < 1 else cores


def _featurization(said: Fields, notes: list[str]) -> dict[str, Any]:
    value = said.parsed("featurization")
    if value is None:
        if "preprocess" in said.content:
            notes.append("preprocess is old: pass featurization, 'auto' or 'off'")
        return {"mode": "auto" if said.flag("preprocess", True) else "off"}
    if not isinstance(value, Mapping):
        return {"mode": value}
    # A FeaturizationConfig is serialised by its attributes, which begin with "_".
    own = Fields({str(name).lstrip("_"): item for name, item in value.items()}, said.at("featurization"))
    if own.content.get("prediction_transform_type"):
        notes.append("AutoML does not honour prediction_transform_type: predictions are of the label's own type")
    return {
        "mode": "custom",
        "blocked_transformers": own.texts("blocked_transformers"),
        "column_purposes": own.scalars("column_purposes"),
        "transformer_params": own.object("transformer_params").content,
        "drop_columns": own.texts("drop_columns"),
        "dataset_language": own.text("dataset_language"),
    }


def _ensemble(said: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {"iterations": said.number("ensemble_iterations") or 15}
    if said.text("stack_meta_learner_type"):
        found["meta_learner"] = said.text("stack_meta_learner_type")
    if said.content.get("stack_meta_learner_kwargs"):
        found["meta_learner_params"] = said.object("stack_meta_learner_kwargs").content
    return found


def _forecasting(said: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {
        "time_column": said.required("time_column_name"),
        "horizon": _or_auto(said, "max_horizon") or 1,
        "time_series_ids": _names(said, "grain_column_names"),
        "frequency": said.text("freq"),
        "target_lags": _lags(said),
        "rolling_window": _or_auto(said, "window_size"),
        "seasonality": _or_auto(said, "seasonality") or "auto",
        "short_series_handling": _short_series(said),
        "country_or_region": said.text("country_or_region"),
        "unknown_in_future": _names(said, "features_unknown_at_forecast_time"),
        "feature_lags": said.text("feature_lags"),
        "aggregation": said.text("target_aggregation_function"),
        "cv_step_size": _or_auto(said, "cv_step_size") or "auto",
        "use_stl": said.text("use_stl"),
    }
    return found


def _names(said: Fields, name: str) -> list[str]:
    """Names of columns; a single one may stand for itself."""
    value = said.content.get(name)
    return [value] if isinstance(value, str) else said.texts(name)


def _lags(said: Fields) -> str | list[int]:
    lags = said.object("lags").items(_TARGET)
    return "auto" if "auto" in lags else [int(item) for item in lags]


def _short_series(said: Fields) -> str:
    if "short_series_handling_configuration" in said.content:
        return said.text("short_series_handling_configuration") or "none"
    return "auto" if said.flag("short_series_handling", True) else "none"
