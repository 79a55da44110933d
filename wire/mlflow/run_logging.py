"""What MLflow logs to a run: metrics, parameters, tags, inputs, outputs, models; each request is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.runs import Run
from amlbridge.wire.context import Call, typed
from amlbridge.wire.metrics import check_shape
from amlbridge.wire.mlflow.api import MlflowRoutes, arguments, as_pairs, integer, objects, pairs, text
from amlbridge.wire.mlflow.errors import invalid
from amlbridge.wire.mlflow.logged_models import add_metric, model_of
from amlbridge.wire.mlflow.metrics import metric_value
from amlbridge.wire.mlflow.run_entity import DATASETS, MODEL_INPUTS, MODEL_OUTPUTS, PARAMS, params_of, run_of
from amlbridge.wire.mlflow.runs import run_id_of, tagged
from amlbridge.wire.routing import Reply

routes = MlflowRoutes("mlflow runs")

#: Limits of MLflow's REST API for one batch; its client splits what is larger.
_MOST = {"metrics": 1000, "params": 100, "tags": 100}
_MOST_TOGETHER = 1000
_LONGEST_KEY = 250
_HISTORY_TAG = "mlflow.log-model.history"


def _log(
    call: Call,
    run_id: str,
    metrics: list[dict[str, Any]] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Reply:
    """Records all of it or nothing."""
    values = [metric_value(item) for item in metrics or []]
    _check_keys({**(params or {}), **(tags or {})})
    with call.records.database.write():
        run = run_of(call, run_id, active=True)
        shapes: dict[str, str] = {}
        for value in values:
            check_shape(call, run, value, shapes)
        if values:
            call.records.metrics.add(call.workspace.id, run.id, values)
            _to_models(call, run, metrics or [], values)
        columns = tagged(call, run, tags) if tags else {}
        if params:
            columns["extra"] = {**run.extra, PARAMS: _with_params(run, params)}
        if columns:
            call.records.runs.set(call.workspace.id, run.id, **columns)
    return {}


def _check_keys(names: Mapping[str, Any]) -> None:
    for name in names:
        if len(name) > _LONGEST_KEY or not name.strip():
            raise invalid(f"{name[:80]!r} cannot be a key: it must have 1 to {_LONGEST_KEY} characters")


def _with_params(run: Run, params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters with these; a parameter never changes its value."""
    known = params_of(run)
    for key, value in params.items():
        if known.get(key, value) != value:
            raise invalid(
                f"Changing param values is not allowed. Param with key={key!r} was already logged with "
                f"value={known[key]!r} for run ID={run.id!r}. Attempted logging new value {value!r}."
            )
    return {**run.extra.get(PARAMS, {}), **{key: value for key, value in params.items() if key not in known}}


def _to_models(call: Call, run: Run, metrics: list[dict[str, Any]], values: list[MetricValue]) -> None:
    for item, value in zip(metrics, values, strict=True):
        model_id = text(item, "model_id", None)
        if model_id is not None:
            add_metric(call, model_id, run.id, value, item)


@routes.post("/runs/log-metric")
def log_metric(call: Call) -> Reply:
    """Records one value of a metric; MLflow 3 may name the logged model and the dataset that it is of."""
    given = arguments(call)
    return _log(call, run_id_of(given), metrics=[dict(given)])


@routes.post("/runs/log-parameter")
def log_param(call: Call) -> Reply:
    """Records a parameter; it cannot be changed afterwards."""
    given = arguments(call)
    return _log(call, run_id_of(given), params={text(given, "key"): text(given, "value", "")})


@routes.post("/runs/set-tag")
def set_tag(call: Call) -> Reply:
    """Sets a tag; run name, note and parent are the run's display name, description and parent."""
    given = arguments(call)
    return _log(call, run_id_of(given), tags={text(given, "key"): text(given, "value", "")})


@routes.post("/runs/log-batch")
def log_batch(call: Call) -> Reply:
    """Records metrics, parameters and tags at once: all of them or, when one is wrong, none."""
    given = arguments(call)
    counts = {name: len(objects(given, name)) for name in _MOST}
    for name, count in counts.items():
        if count > _MOST[name]:
            raise invalid(
                f"A batch logging request can contain at most {_MOST[name]} {name}. Got {count} {name}. Please split "
                f"up {name} across multiple requests and try again."
            )
    if sum(counts.values()) > _MOST_TOGETHER:
        raise invalid(f"A batch logging request can contain at most {_MOST_TOGETHER} metrics, params and tags together")
    tags = {text(item, "key"): text(item, "value", "") for item in objects(given, "tags")}
    return _log(call, run_id_of(given), objects(given, "metrics"), pairs(given, "params"), tags)


@routes.post("/runs/log-inputs")
def log_inputs(call: Call) -> Reply:
    """Notes datasets, and with MLflow 3 logged models, that a run reads; one that it has already is not noted again."""
    given = arguments(call)
    datasets = [_dataset_input(item) for item in objects(given, "datasets")]
    models = [{"model_id": model_of(call, text(item, "model_id")).name} for item in objects(given, "models")]
    return _append(call, run_id_of(given), {DATASETS: datasets, MODEL_INPUTS: models})


@routes.operation("POST", "/runs/outputs", others="MLflow 3")
def log_outputs(call: Call) -> Reply:
    """Notes logged models that a run has made."""
    given = arguments(call)
    models = [
        {"model_id": model_of(call, text(item, "model_id")).name, "step": integer(item, "step", 0)}
        for item in objects(given, "models")
    ]
    return _append(call, run_id_of(given), {MODEL_OUTPUTS: models})


def _append(call: Call, run_id: str, added: Mapping[str, list[dict[str, Any]]]) -> Reply:
    def change(run: Run) -> dict[str, Any]:
        extra = dict(run.extra)
        for key, items in added.items():
            known = list(extra.get(key, []))
            extra[key] = known + [item for item in items if item not in known]
        return {"extra": extra}

    with call.records.database.write():
        call.records.runs.change(call.workspace.id, run_of(call, run_id, active=True).id, change)
    return {}


def _dataset_input(item: Mapping[str, Any]) -> dict[str, Any]:
    dataset: dict[str, Any] = typed(item, "dataset", dict)
    required = {name: text(dataset, name) for name in ("name", "digest", "source_type", "source")}
    optional = {name: text(dataset, name, None) for name in ("schema", "profile")}
    return {
        "tags": as_pairs(pairs(item, "tags")),
        "dataset": {**required, **{name: value for name, value in optional.items() if value is not None}},
    }


def _history(run: Run) -> list[Any]:
    """The models noted so far. Raises INVALID_PARAMETER_VALUE when a user has set the tag to something else."""
    try:
        known = json.loads(run.tags.get(_HISTORY_TAG) or "[]")
    except ValueError:
        known = None
    if not isinstance(known, list):
        raise invalid(f"the tag {_HISTORY_TAG} of run {run.id} holds no list of models: delete it, then log again")
    return known


@routes.post("/runs/log-model")
def log_model(call: Call) -> Reply:
    """Notes a model that a run has written (its MLmodel as JSON) in the tag ``mlflow.log-model.history``."""
    given = arguments(call)
    try:
        model = json.loads(text(given, "model_json"))
    except ValueError as error:
        raise invalid(f"Malformed model info. \n {error}") from error
    wanted = {"artifact_path", "flavors", "utc_time_created", "run_id"}
    if not isinstance(model, dict) or not wanted <= model.keys():
        raise invalid(f"Model json is missing mandatory fields: {', '.join(sorted(wanted))}")

    def change(run: Run) -> dict[str, Any]:
        known = _history(run)
        return {"tags": {**run.tags, _HISTORY_TAG: json.dumps([*known, model])}}

    with call.records.database.write():
        call.records.runs.change(call.workspace.id, run_of(call, run_id_of(given), active=True).id, change)
    return {}
