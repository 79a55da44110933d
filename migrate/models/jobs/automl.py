"""AutoMLConfig as a v2 AutoML job: the call that makes it, and those that set its limits and the rest."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.keywords import is_written_out, keywords_behind
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.datasets.data import INTERMEDIATE, asset_code, follow, input_code, kind_of
from amlbridge.migrate.models.jobs.automl_rows import (
    TARGET,
    WEIGHT,
    Rows,
    rows_of_script,
    save_table,
    split_table,
    take_rows,
)
from amlbridge.migrate.rewriter import Rewriter

TASKS = ("classification", "regression", "forecasting")
#: Tasks on a column of text -> the function of azure.ai.ml.automl; they have fewer settings.
TEXT_TASKS = {
    "text-classification": "text_classification",
    "text-classification-multilabel": "text_classification_multilabel",
}
_TEXT_JOB = frozenset({"compute", "target_column_name", "primary_metric"})
_TEXT_LIMITS = frozenset({"max_trials", "max_concurrent_trials", "trial_timeout_minutes", "timeout_minutes"})
#: Data of a job: keyword of AutoMLConfig -> keyword of the v2 job.
DATA = {"training_data": "training_data", "validation_data": "validation_data", "test_data": "test_data"}
_JOB = {
    "label_column_name": "target_column_name",
    "primary_metric": "primary_metric",
    "weight_column_name": "weight_column_name",
    "validation_size": "validation_data_size",
    "test_size": "test_data_size",
    "n_cross_validations": "n_cross_validations",
    "cv_split_column_names": "cv_split_column_names",
    "model_explainability": "enable_model_explainability",
}
_LIMITS = {
    "iterations": "max_trials",
    "max_concurrent_iterations": "max_concurrent_trials",
    "concurrent_iterations": "max_concurrent_trials",
    "max_cores_per_iteration": "max_cores_per_trial",
    "iteration_timeout_minutes": "trial_timeout_minutes",
    "experiment_timeout_minutes": "timeout_minutes",
    "experiment_timeout_hours": "timeout_minutes",
    "experiment_exit_score": "exit_score",
    "exit_score": "exit_score",
    "enable_early_stopping": "enable_early_termination",
}
_TRAINING = {
    "allowed_models": "allowed_training_algorithms",
    "whitelist_models": "allowed_training_algorithms",
    "blocked_models": "blocked_training_algorithms",
    "blacklist_models": "blocked_training_algorithms",
    "enable_onnx_compatible_models": "enable_onnx_compatible_models",
    "enable_dnn": "enable_dnn_training",
    "enable_voting_ensemble": "enable_vote_ensemble",
    "enable_ensembling": "enable_vote_ensemble",
    "enable_stack_ensemble": "enable_stack_ensemble",
}
#: Keyword of ForecastingParameters, also of old AutoMLConfigs -> keyword of ForecastingSettings.
FORECAST = {
    "time_column_name": "time_column_name",
    "forecast_horizon": "forecast_horizon",
    "max_horizon": "forecast_horizon",
    "time_series_id_column_names": "time_series_id_column_names",
    "grain_column_names": "time_series_id_column_names",
    "target_lags": "target_lags",
    "feature_lags": "feature_lags",
    "target_rolling_window_size": "target_rolling_window_size",
    "country_or_region_for_holidays": "country_or_region_for_holidays",
    "country_or_region": "country_or_region_for_holidays",
    "use_stl": "use_stl",
    "seasonality": "seasonality",
    "short_series_handling_configuration": "short_series_handling_config",
    "freq": "frequency",
    "target_aggregation_function": "target_aggregate_function",
    "cv_step_size": "cv_step_size",
    "features_unknown_at_forecast_time": "features_unknown_at_forecast_time",
}
#: What only said how v1's client worked.
_NOT_NEEDED = frozenset(
    {
        "debug_log",
        "verbosity",
        "path",
        "spark_context",
        "enable_tf",
        "mem_in_mb",
        "enforce_time_on_windows",
        "exclude_nan_labels",
        "enable_local_managed",
        "save_mlflow",
        "enable_code_generation",
        "show_warnings",
        "pipeline_fetch_max_batch_size",
        "track_child_runs",
        "name",
        "validate_parameters",
        "show_output",
        "auto_blacklist",
    }
)


_ARRAYS = (
    "features and target are written as one table, which is uploaded: they have to be arrays or data frames, and the "
    "models take a table with these columns"
)
_SCRIPT = (
    "get_data() of the script runs where the job is submitted, and its table is uploaded; "
    "SDK v1 called it on the compute"
)


_VOTING = "enable_ensembling was the voting ensemble's: enable_stack_ensemble is another setting of set_training"
_REFERENCES = "the files that data references brought to the compute are none of its data: see that get_data() has them"


@dataclass
class AutoMLJob:
    """An AutoMLConfig. ``data``: keyword -> the expression of its data; ``rows``: keyword -> its data as arrays; all
    else is code. ``task``: the function of azure.ai.ml.automl; ``chosen``: code for its name where only the run knows
    it."""

    use: Use
    task: str
    chosen: str = ""
    data: dict[str, ast.expr] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    job: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    training: list[str] = field(default_factory=list)
    forecast: list[str] = field(default_factory=list)
    #: What featurization is set to: the keywords of ``set_featurization``, or an entity.
    featurization: str = ""
    settings: str = ""
    reviews: list[str] = field(default_factory=list)
    #: Settings without a counterpart: their code, by name.
    lost: dict[str, str] = field(default_factory=dict)

    def statements(self, name: str, bound: dict[str, str], more: list[str], to: Rewriter) -> list[str]:
        """The statements that make the job. ``bound``: code of its data; ``more``: further keywords."""
        automl = to.need("azure.ai.ml", "automl")
        keywords = [*(f"{key}={code}" for key, code in bound.items()), *self.job, *more]
        function = f"getattr({automl}, {self.chosen})" if self.chosen else f"{automl}.{self.task}"
        lines = [f"{name} = {function}({', '.join(keywords)})"]
        for method, found in (
            ("set_limits", self.limits),
            ("set_training", self.training),
            ("set_forecast_settings", self.forecast),
        ):
            if found:
                lines.append(f"{name}.{method}({', '.join(found)})")
        if self.featurization:
            lines.append(f"{name}.set_featurization(mode={self.featurization})")
        if self.settings:
            lines.append(f"{name}.featurization = {self.settings}")
        return lines


def is_local(compute: ast.expr, to: Rewriter) -> bool:
    """Whether a compute is the machine of the client."""
    return to.evaluator.text(compute) == "local" or to.evaluator.type_of(compute) == "LocalTarget"


def read_job(use: Use, to: Rewriter) -> AutoMLJob:
    """Reads a call of AutoMLConfig. Raises ValueError for what cannot be told, or what SDK v2 cannot do."""
    check_settings(use, to)
    found = read_settings(use.named(), use, to)
    labelled = any(key.startswith("target_column_name") for key in found.job)
    if not labelled or "training_data" not in {**found.data, **found.rows}:
        raise ValueError("the training data and the label column have to be given in the call")
    if found.task in TEXT_TASKS.values():
        _check_text(found)
    elif not any(code.startswith("enable_model_explainability=") for code in found.job):
        # AutoMLConfig explains the best model unless told otherwise, SDK v2 only when it is asked for.
        found.job.append("enable_model_explainability=True")
    return found


def read_settings(arguments: dict[str, ast.expr], use: Use, to: Rewriter) -> AutoMLJob:
    """Reads the keywords of an AutoMLConfig, which may have no data; "0" is the first one by position. Raises
    ValueError for what cannot be told, or what SDK v2 cannot do."""
    given = {name: value for name, value in arguments.items() if not is_none(value)}
    named = given.pop("0", None)
    found = _of_task(given.pop("task", named), use, to)
    if "data_script" in given:
        found.rows = rows_of_script(given.pop("data_script"), to)
        found.reviews.append(_SCRIPT)
    elif (split := split_table(given, to)) is not None and "X_valid" not in given:
        given["training_data"], given["label_column_name"] = split
        del given["X"], given["y"]
    else:
        found.rows = take_rows(given, to)
        found.reviews += [_ARRAYS] if found.rows else []
    if found.rows:
        found.job.append(f'target_column_name="{TARGET}"')
        found.job += [f'weight_column_name="{WEIGHT}"'] if any(rows.weight for rows in found.rows.values()) else []
    compute = given.pop("compute_target", None)
    configuration = given.pop("run_configuration", None)
    if configuration is not None:
        from amlbridge.migrate.models.jobs.settings import configured

        target, references = configured(configuration, use, to)
        compute = compute if compute is not None else target
        found.reviews += [_REFERENCES] if references else []
    if compute is not None and not is_local(compute, to):
        from amlbridge.migrate.rules.computes import compute_of

        found.job.append(f"compute={compute_of(compute, to)}")
    else:
        found.reviews.append("AutoML of SDK v2 runs on a cluster or serverless, not on the machine of the client")
    for name, value in given.items():
        _take(found, name, value, to)
    return found


def _of_task(node: ast.expr | None, use: Use, to: Rewriter) -> AutoMLJob:
    """The job of a task, which may be known only at run time. Raises ValueError for a task that SDK v2 has not."""
    task = to.evaluator.text(node)
    if task in (*TASKS, *TEXT_TASKS):
        return AutoMLJob(use, TEXT_TASKS.get(task, task))
    known = ", ".join(TASKS)
    if task is not None or node is None or isinstance(to.evaluator.value(node), Instance):
        raise ValueError(
            f"the task is none of {known}, or is chosen at run time: call its function of azure.ai.ml.automl"
        )
    review = f"the task is chosen at run time: it has to be one of {known}, with a metric of this task"
    return AutoMLJob(use, TASKS[0], to.source(node), reviews=[review])


def _check_text(found: AutoMLJob) -> None:
    """Drops the limits that tasks on text do not have, and the mode of featurization: their model reads the text
    itself. Raises ValueError for other settings that they do not have."""
    other = [code.partition("=")[0] for code in (*found.job, *found.training, *found.forecast)]
    other = [*found.data.keys() - {"training_data", "validation_data"}, *(key for key in other if key not in _TEXT_JOB)]
    if found.featurization:
        found.featurization = ""
        found.reviews.append(f"automl.{found.task} of SDK v2 has no mode of featurization: it is left out")
    if found.settings:
        other.append("featurization")
    if other:
        raise ValueError(f"automl.{found.task} of SDK v2 has no {', '.join(sorted(other))}: leave it out")
    if "validation_data" not in found.data:
        raise ValueError(f"automl.{found.task} of SDK v2 needs validation_data")
    lost = [code.partition("=")[0] for code in found.limits if code.partition("=")[0] not in _TEXT_LIMITS]
    if lost:
        found.reviews.append(f"automl.{found.task} of SDK v2 has no {', '.join(lost)}")
    found.limits = [code for code in found.limits if code.partition("=")[0] not in lost]


def _take(found: AutoMLJob, name: str, value: ast.expr, to: Rewriter) -> None:
    if name in DATA:
        found.data[name] = value
    elif name in _JOB:
        found.job.append(f"{_JOB[name]}={to.source(value)}")
    elif name in _LIMITS:
        code = minutes(value, to) if name.endswith("_hours") else to.source(value)
        found.limits.append(f"{_LIMITS[name]}={code}")
    elif name in _TRAINING:
        found.training.append(f"{_TRAINING[name]}={to.source(value)}")
        found.reviews += [_VOTING] if name == "enable_ensembling" else []
    elif name == "forecasting_parameters":
        found.job.append(f"forecasting_settings={to.source(value)}")
    elif name in FORECAST:
        found.forecast.append(f"{FORECAST[name]}={to.source(value)}")
    elif name in ("featurization", "preprocess"):
        _featurization(found, name, value, to)
    elif name not in _NOT_NEEDED and not is_none(value):
        found.lost[name] = to.source(value)


def _featurization(found: AutoMLJob, name: str, value: ast.expr, to: Rewriter) -> None:
    if to.evaluator.type_of(value) == "FeaturizationConfig":
        found.settings = to.source(value)
    elif name == "preprocess":
        try:
            found.featurization = '"auto"' if to.evaluator.constant(value) else '"off"'
        except ValueError:
            found.featurization = f'"auto" if {to.source(value)} else "off"'
    else:
        found.featurization = to.source(value)


def minutes(hours: ast.expr, to: Rewriter) -> str:
    """Hours as whole minutes."""
    if isinstance(hours, ast.Constant) and isinstance(hours.value, (int, float)):
        return str(round(hours.value * 60))
    return f"round(60 * {to.source(hours)})"


def data_code(node: ast.expr, to: Rewriter) -> str:
    """The v2 Input for the data of a job. Raises ValueError for what is no dataset."""
    data = follow(node, to)
    if data is None:
        raise ValueError("the data of AutoML cannot be told: give it Input(type='mltable', path=...)")
    if data.type in INTERMEDIATE:
        raise ValueError("the data of AutoML comes from a step of a pipeline")
    return input_code(data, to)


def table_code(node: ast.expr, at: ast.stmt, to: Rewriter) -> str:
    """The Input for a table: of an asset that is a plain file, an MLTable is written above a statement."""
    data = follow(node, to)
    if data is None or data.type not in ("TabularDataset", "Dataset") or kind_of(data, to) != "uri_file":
        return data_code(node, to)
    code, mltable = asset_code(data, to), to.need_module("mltable")
    folder = f"{code if code.isidentifier() else 'data'}_mltable"
    to.before(at, f'{mltable}.from_delimited_files([{{"file": {code}.path}}]).save("{folder}")')
    return f'{to.need("azure.ai.ml", "Input")}(type="mltable", path="{folder}")'


def tables(job: AutoMLJob, use: Use, to: Rewriter) -> dict[str, str]:
    """The Inputs of the data that was given as arrays: tables that are written above the configuration."""
    return {
        key: save_table(rows.frame(to), to.fresh(key.replace("data", "table")), use.statement, rows.setup, to)
        for key, rows in job.rows.items()
    }


def settings_names(use: Use) -> list[ast.Name]:
    """The dicts that give a call its keywords: the names behind ``**``."""
    keywords = use.call.keywords if use.call is not None else []
    return [key.value for key in keywords if key.arg is None and isinstance(key.value, ast.Name)]


def _reads(name: ast.Name, to: Rewriter) -> list[ast.Name]:
    return [node for node in to.evaluator.scopes.named(name.id) if isinstance(node.ctx, ast.Load)]


def check_settings(use: Use, to: Rewriter) -> None:
    """Raises ValueError where it cannot be told what is in a dict of settings."""
    for name in settings_names(use):
        keywords_behind(name, to.evaluator)


#: Classes whose keywords may come from a dict.
_CONFIGS = ("AutoMLConfig", "AutoMLImageConfig")


def remove_settings(use: Use, to: Rewriter) -> None:
    """A dict that only gave AutoMLConfigs their keywords goes."""
    parents = to.evaluator.scopes.parents
    for name in settings_names(use):
        bindings = to.evaluator.scopes.lookup(name.id, name)
        spread = {read for other in to.uses if other.symbol in _CONFIGS for read in settings_names(other)}
        whole = is_written_out(name, to.evaluator)
        if whole and len(bindings) == 1 and bindings[0].is_alone and set(_reads(name, to)) <= spread:
            statement = bindings[0].statement
            if statement is not None and parents.get(statement) is not None:
                to.remove(statement)
