"""The logged models of MLflow 3. Their files are artifacts of the run that made them."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.resources import Resource
from amlbridge.wire.artifact_files import CONTAINER, RUN_ORIGIN, Artifacts
from amlbridge.wire.context import Call
from amlbridge.wire.mlflow.api import (
    Arguments,
    MlflowRoutes,
    arguments,
    as_pairs,
    boolean,
    milliseconds,
    objects,
    page,
    page_of,
    pairs,
    text,
    texts,
)
from amlbridge.wire.mlflow.artifact_listing import listing
from amlbridge.wire.mlflow.errors import invalid, missing
from amlbridge.wire.mlflow.experiments import experiment_of
from amlbridge.wire.mlflow.filters import LOGGED_MODELS, parse
from amlbridge.wire.mlflow.matching import Subject, matches, sort
from amlbridge.wire.mlflow.names import random_name
from amlbridge.wire.mlflow.run_entity import folder_of, run_of
from amlbridge.wire.routing import Reply
from amlbridge.wire.run_dto import data_container

_SENT_BY = "MLflow 3"
routes = MlflowRoutes("mlflow logged models")

#: The kind of the records; their name is the model's id.
KIND = "mlflow-logged-model"
#: Where the files of a model without a run lie.
_ORIGIN = "LoggedModel"
_PENDING = "LOGGED_MODEL_PENDING"
#: LoggedModelStatus; a filter names them without the prefix, as the client shows them.
_STATUSES = (_PENDING, "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")
#: MLflow's own rule: what would end a path, a URI or a filter.
_BAD_NAME = re.compile(r"[/:.%\"'\x00-\x1f]")
_LARGEST_PAGE = 1000


def model_of(call: Call, model_id: str) -> Resource:
    """The logged model of an id."""
    found = call.records.resources.find(call.workspace.id, KIND, model_id)
    if found is None:
        raise missing(f"Logged model with ID '{model_id}' not found.")
    return found


def _artifacts(call: Call, model: Resource) -> Artifacts:
    return Artifacts(call.service, call.workspace, model.body["origin"], model.body["container"])


def files_of(model: Resource) -> str:
    """The blob prefix of a model's files in the artifact container."""
    return f"{model.body['origin']}/{model.body['container']}/{model.body['path']}".rstrip("/")


def _folder(call: Call, model: Resource) -> Path:
    return call.service.blobs.path(call.workspace.storage_account, CONTAINER, files_of(model))


def add_metric(call: Call, model_id: str, run_id: str, value: MetricValue, given: Arguments) -> None:
    """Notes a metric of a logged model, which its run has logged."""
    message: dict[str, Any] = {
        "key": value.name,
        "value": value.data[value.name],
        "timestamp": milliseconds(value.created),
        "step": value.step,
        "model_id": model_of(call, model_id).name,
        "run_id": run_id,
    }
    for name in ("dataset_name", "dataset_digest"):
        if (found := text(given, name, None)) is not None:
            message[name] = found

    def change(body: dict[str, Any]) -> None:
        if message not in body["metrics"]:
            body["metrics"] = [*body["metrics"], message]

    call.records.resources.change(call.workspace.id, KIND, model_id, change)


def _entity(call: Call, model: Resource) -> dict[str, Any]:
    body = model.body
    # Without creator_id: MLflow's is a number, and there is none for a user of Azure.
    info = {
        "model_id": model.name,
        "experiment_id": body["experiment_id"],
        "name": body["name"],
        "creation_timestamp_ms": milliseconds(model.created),
        "last_updated_timestamp_ms": milliseconds(model.modified),
        "artifact_uri": str(_folder(call, model)),
        "status": body["status"],
        "model_type": body["model_type"] or "",
        "source_run_id": body["source_run_id"] or "",
        "tags": as_pairs(body["tags"]),
    }
    return {"info": info, "data": {"params": as_pairs(body["params"]), "metrics": body["metrics"]}}


def _changed(call: Call, change: dict[str, dict[str, str]], **values: Any) -> Reply:
    """Merges mappings and sets values of the model of the path."""

    def apply(body: dict[str, Any]) -> None:
        for key, added in change.items():
            body[key] = {**body[key], **added}
        body.update(values)

    model = model_of(call, call.params["model_id"])
    return {"model": _entity(call, call.records.resources.change(call.workspace.id, KIND, model.name, apply))}


@routes.operation("POST", "/logged-models/search", others=_SENT_BY)
def search_logged_models(call: Call) -> Reply:
    """Logged models of experiments by filter (of the metrics on a dataset, too) and order, in pages."""
    given = arguments(call)
    size, offset = page_of(given, 50, _LARGEST_PAGE)
    wanted = {experiment_of(call, item).id for item in texts(given, "experiment_ids")}
    clauses = parse(text(given, "filter", ""), LOGGED_MODELS)
    datasets = [(text(item, "dataset_name"), text(item, "dataset_digest", None)) for item in objects(given, "datasets")]
    found = []
    for item in reversed(call.records.resources.list(call.workspace.id, KIND)):
        subject = _subject(call, item, datasets)
        if item.body["experiment_id"] in wanted and matches(subject, clauses):
            found.append(subject)
    for order in reversed(objects(given, "order_by")):
        found = _sorted(call, found, order)
    return page("models", [item.entity for item in found[offset : offset + size + 1]], size, offset)


def _sorted(call: Call, subjects: list[Subject], order: dict[str, Any]) -> list[Subject]:
    field, of = text(order, "field_name"), (text(order, "dataset_name", None), text(order, "dataset_digest", None))
    direction = "ASC" if boolean(order, "ascending", True) else "DESC"
    if of[0] is not None:
        subjects = [_subject(call, model_of(call, item.attributes["model_id"]), [(of[0], of[1])]) for item in subjects]
    return sort(subjects, [f"{field} {direction}"], LOGGED_MODELS)


def _subject(call: Call, model: Resource, datasets: list[tuple[str, str | None]]) -> Subject:
    found = _entity(call, model)
    latest: dict[str, dict[str, Any]] = {}
    for item in model.body["metrics"]:
        on = (item.get("dataset_name"), item.get("dataset_digest"))
        if datasets and not any(on[0] == name and digest in (None, on[1]) for name, digest in datasets):
            continue
        known = latest.get(item["key"])
        if known is None or (item["step"], item["timestamp"]) >= (known["step"], known["timestamp"]):
            latest[item["key"]] = item
    status = found["info"]["status"].removeprefix("LOGGED_MODEL_")
    return Subject(
        found,
        {**found["info"], "status": status},
        metrics={key: float(item["value"]) for key, item in latest.items()},
        params=model.body["params"],
        tags=model.body["tags"],
    )


@routes.operation("POST", "/logged-models", others=_SENT_BY)
def create_logged_model(call: Call) -> Reply:
    """A new logged model; its files go to the folder of its name among the artifacts of its run."""
    given = arguments(call)
    experiment = experiment_of(call, text(given, "experiment_id"), active=True)
    name = text(given, "name", None) or random_name()
    if _BAD_NAME.search(name):
        raise invalid(f"Invalid model name ({name!r}) provided. Model name must not contain / : . % or quotes.")
    model_id = f"m-{uuid.uuid4().hex}"
    source = text(given, "source_run_id", None)
    body: dict[str, Any] = {
        "experiment_id": experiment.id,
        "name": name,
        "model_type": text(given, "model_type", None),
        "source_run_id": source,
        "params": pairs(given, "params"),
        "tags": pairs(given, "tags"),
        "metrics": [],
        "status": _PENDING,
    }
    with call.records.database.write():
        if source is None:
            body |= {"origin": _ORIGIN, "container": model_id, "path": ""}
        else:
            run = run_of(call, source)
            path = _free_folder(call, folder_of(call.service, call.workspace, run), source, name, model_id)
            body |= {"origin": RUN_ORIGIN, "container": data_container(run), "path": path}
        model = call.records.resources.add(call.workspace.id, KIND, model_id, body)
    return {"model": _entity(call, model)}


def _free_folder(call: Call, root: Path, run_id: str, name: str, model_id: str) -> str:
    """The model's name, where ``runs:/…/name`` looks for it; with its id when another model has that already."""
    taken = {
        item.body["path"]
        for item in call.records.resources.list(call.workspace.id, KIND)
        if item.body["source_run_id"] == run_id
    }
    return name if name not in taken and not (root / name).exists() else f"{name}-{model_id}"


@routes.operation("GET", "/logged-models/{model_id}", others=_SENT_BY)
def get_logged_model(call: Call) -> Reply:
    """A logged model with parameters, tags and metrics."""
    return {"model": _entity(call, model_of(call, call.params["model_id"]))}


@routes.operation("PATCH", "/logged-models/{model_id}", others=_SENT_BY)
def finalize_logged_model(call: Call) -> Reply:
    """Says that a model's files are complete, or failed to be."""
    status = text(arguments(call), "status")
    if status not in _STATUSES[1:]:
        raise invalid(f"Invalid model status {status!r}. Expected one of {', '.join(_STATUSES[1:])}")
    return _changed(call, {}, status=status)


@routes.operation("DELETE", "/logged-models/{model_id}", others=_SENT_BY)
def delete_logged_model(call: Call) -> Reply:
    """Deletes a logged model; its files stay with the run."""
    model = model_of(call, call.params["model_id"])
    call.records.resources.delete(call.workspace.id, KIND, model.name)
    return {}


@routes.operation("PATCH", "/logged-models/{model_id}/tags", others=_SENT_BY)
def set_logged_model_tags(call: Call) -> Reply:
    """Sets tags of a logged model."""
    return _changed(call, {"tags": pairs(arguments(call), "tags")})


@routes.operation("DELETE", "/logged-models/{model_id}/tags/{tag}", others=_SENT_BY)
def delete_logged_model_tag(call: Call) -> Reply:
    """Deletes a tag of a logged model."""
    model, tag = model_of(call, call.params["model_id"]), call.params["tag"]
    if tag not in model.body["tags"]:
        raise missing(f"No tag with key {tag!r} found for model with ID {model.name!r}.")
    _changed(call, {}, tags={key: value for key, value in model.body["tags"].items() if key != tag})
    return {}


@routes.operation("POST", "/logged-models/{model_id}/params", others=_SENT_BY)
def log_logged_model_params(call: Call) -> Reply:
    """Adds parameters to a logged model."""
    _changed(call, {"params": pairs(arguments(call), "params")})
    return {}


@routes.operation("GET", "/logged-models/{model_id}/artifacts/directories", others=_SENT_BY)
def list_logged_model_artifacts(call: Call) -> Reply:
    """The files of a logged model in one folder."""
    model = model_of(call, call.params["model_id"])
    folder = text(arguments(call), "artifact_directory_path", "")
    return listing(_artifacts(call, model), _folder(call, model), folder, model.body["path"])
