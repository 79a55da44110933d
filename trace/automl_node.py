"""An AutoML step as an AutoML node of SDK v2, which has no component.

Its only output is the best model in MLflow's form. Where v1's outputs are read (the metrics as JSON, the model as a
pickle file), a step behind the node writes them, the same that `amlbridge migrate` makes.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.plan import Json, Node, Output
from amlbridge.migrate.models.steps import automl_outputs, nodes_behind
from amlbridge.trace import environments
from amlbridge.trace.model import FromStep, Pipeline, Step

MODEL = "best_model"
_SCHEMA = "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json"
_TABLES = ("training_data", "validation_data", "test_data")
#: Reader of an MLTable -> the files that it reads.
_FILES = {"read_parquet": "*.parquet", "read_json_lines": "*.jsonl"}


def fill(step: Step, to: Pipeline, table: Callable[[Json], Sequence[Any]]) -> None:
    """The settings of the node, and what its data and its outputs ask of the reader. ``table``: how rows are read, as
    transformations of an MLTable."""
    node = step.node
    settings = AutoMLSettings.from_json(node.options["automl"])
    step.job |= {"task": settings.task, **_settings(settings)}
    for name in list(step.inputs):
        if name not in _TABLES:
            del step.inputs[name]
            to.attention.append(f"Step {node.name!r}: an AutoML node of SDK v2 has no input {name!r}.")
            continue
        binding = step.inputs[name]
        if isinstance(binding, FromStep):
            steps = table(node.inputs[name].transformations) if name in node.inputs else []
            _make_table(to.step(binding.step), binding.port, steps, node, to)
    if settings.notes:
        to.attention.append(f"Step {node.name!r}: {' '.join(settings.notes)}")


def behind(key: str, automl: Step, written: Mapping[str, str], to: Pipeline) -> Step:
    """The step that writes outputs of an AutoML node as files. ``written``: output of v1 -> port of the step."""
    options = []
    for name, port in written.items():
        output = automl.node.outputs[name]
        options.append(f"--{'model' if _is_model(output) else 'metrics'} ${{{{outputs.{port}}}}}")
        for more in ("iteration", "metric", "model_file"):
            if isinstance(output.training, dict) and output.training.get(more) is not None:
                text = f"its output {name!r} is another model than the best one ({more}): take it from its run"
                to.attention.append(f"Step {automl.node.name!r}: {text}.")
    to.attention.append(
        f"Step {automl.node.name!r}: an AutoML node of SDK v2 has the best model as its only output, in MLflow's form. "
        f"The step {key!r} behind it writes the files that readers had in v1."
    )
    to.files[f"components/{key}/code/{automl_outputs.SCRIPT}"] = automl_outputs.TEXT
    environment = environments.Files(nodes_behind.IMAGE, nodes_behind.CONDA)
    command = f"python {automl_outputs.SCRIPT} --best_model ${{{{inputs.{MODEL}}}}} {' '.join(options)}"
    component = {
        "$schema": _SCHEMA,
        "name": key,
        "display_name": f"{automl.node.name} outputs",
        "type": "command",
        "version": "1",
        "inputs": {MODEL: {"type": "mlflow_model"}},
        "outputs": {port: {"type": "uri_file"} for port in written.values()},
        "code": "./code",
        "environment": environments.written(environment, "automl_outputs", to),
        "command": command,
    }
    node = Node(key, f"{automl.node.name} outputs")
    step = Step(key, node, {MODEL: FromStep(automl.key, MODEL)}, component=component)
    step.compute = automl.compute
    return step


def _is_model(output: Output) -> bool:
    """Whether an output holds the best model, and not the metrics of all."""
    said = output.training
    return isinstance(said, dict) and str(said.get("type", "")).lower() in ("model", "1")


def _make_table(producer: Step, port: str, steps: Sequence[Any], node: Node, to: Pipeline) -> None:
    """SDK v2 reads tables from folders with an MLTable file: the step before writes one."""
    if producer.component is None or "command" not in producer.component:
        return
    files = next((_FILES[name] for name in _FILES if any(name in step for step in steps)), "*.csv")
    text = json.dumps({"paths": [{"pattern": f"./{files}"}], "transformations": list(steps)}, ensure_ascii=False)
    written = f" && echo {shlex.quote(text)} > ${{{{outputs.{port}}}}}/MLTable"
    if written in producer.component["command"]:
        return
    if producer.component["outputs"][port]["type"] == "mltable":
        text = f"it reads the output {port!r} of {producer.node.name!r} in another way than a step before: correct it"
        to.attention.append(f"Step {node.name!r}: {text}.")
        return
    producer.component["outputs"][port]["type"] = "mltable"
    if port in producer.outputs:
        producer.outputs[port]["type"] = "mltable"
    producer.component["command"] += written
    to.attention.append(
        f"Step {producer.node.name!r}: it describes its output {port!r} as a table of the {files} files in it, which "
        f"step {node.name!r} trains with. Correct the MLTable text in its command where the files are of another form."
    )


def _settings(settings: AutoMLSettings) -> dict[str, Any]:
    training = {
        "enable_vote_ensemble": settings.enable_voting_ensemble,
        "enable_stack_ensemble": settings.enable_stack_ensemble,
        "enable_model_explainability": settings.model_explainability,
        "allowed_training_algorithms": list(settings.allowed_models) if settings.allowed_models is not None else None,
        "blocked_training_algorithms": list(settings.blocked_models) or None,
    }
    limits = {
        "max_trials": settings.max_trials,
        "max_concurrent_trials": settings.max_concurrent_trials,
        "max_cores_per_trial": settings.max_cores_per_trial,
        "timeout_minutes": _whole(settings.timeout_minutes),
        # SDK v2 has a limit of its own for a trial, SDK v1 has none.
        "trial_timeout_minutes": _whole(settings.trial_timeout_minutes or settings.timeout_minutes),
        "exit_score": settings.exit_score,
        "enable_early_termination": settings.enable_early_termination,
    }
    found = {
        "target_column_name": settings.target_column,
        "primary_metric": settings.primary_metric,
        "weight_column_name": settings.weight_column,
        "n_cross_validations": settings.n_cross_validations,
        "cv_split_column_names": list(settings.cv_split_columns) or None,
        "validation_data_size": settings.validation_size,
        "test_data_size": settings.test_size or None,
        "limits": _present(limits),
        "training": _present(training),
        "featurization": _featurization(settings),
    }
    if settings.forecasting is not None:
        found["forecasting"] = _forecasting(settings)
    return _present(found)


def _featurization(settings: AutoMLSettings) -> dict[str, Any]:
    own = settings.featurization
    found = {
        "mode": own.mode,
        "blocked_transformers": list(own.blocked_transformers) or None,
        "column_name_and_types": dict(own.column_purposes) or None,
        "dataset_language": own.dataset_language,
        "transformer_params": {
            name: [{"fields": list(columns), "parameters": dict(values)} for columns, values in items]
            for name, items in own.transformer_params.items()
        }
        or None,
    }
    return _present(found)


def _forecasting(settings: AutoMLSettings) -> dict[str, Any]:
    own = settings.forecasting
    assert own is not None
    short = own.short_series_handling
    found = {
        "time_column_name": own.time_column,
        "forecast_horizon": own.horizon,
        "time_series_id_column_names": list(own.time_series_ids) or None,
        "frequency": own.frequency,
        "target_lags": own.target_lags if own.target_lags == "auto" else list(own.target_lags) or None,
        "target_rolling_window_size": own.rolling_window,
        "seasonality": own.seasonality,
        "short_series_handling_config": short if short != "auto" else None,
        "country_or_region_for_holidays": own.country_or_region,
        "feature_lags": own.feature_lags,
        "target_aggregate_function": own.aggregation,
        "cv_step_size": own.cv_step_size if own.cv_step_size != "auto" else None,
        "use_stl": own.use_stl,
    }
    return _present(found)


def _whole(minutes: float | None) -> int | None:
    return None if minutes is None else max(1, round(minutes))


def _present(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}
