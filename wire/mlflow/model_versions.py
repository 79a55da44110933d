"""Versions of models as MLflow creates, stages, tags, finds and deletes them: the same records as SDK v1's models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call
from amlbridge.wire.experiments import experiment_by_id, public_name
from amlbridge.wire.identity import USER_NAME
from amlbridge.wire.mlflow import logged_models, model_files
from amlbridge.wire.mlflow.api import (
    MlflowRoutes,
    arguments,
    as_pairs,
    boolean,
    milliseconds,
    page,
    page_of,
    pairs,
    text,
    texts,
)
from amlbridge.wire.mlflow.errors import MlflowError, invalid, missing
from amlbridge.wire.mlflow.filters import VERSIONS, parse
from amlbridge.wire.mlflow.matching import Subject, matches, sort
from amlbridge.wire.mlflow.model_names import change, name_of
from amlbridge.wire.mlflow.run_entity import run_of
from amlbridge.wire.routing import Reply

routes = MlflowRoutes("mlflow registry")

STAGES = ("None", "Staging", "Production", "Archived")
#: What only MLflow says of a version, and what SDK v2 says of it (its stage, that it is an MLflow model).
_OWN, _V2 = "mlflow", "v2"
_LARGEST_PAGE = 200_000


def check_stage(stage: str) -> str:
    """A stage, written in whatever case. Raises INVALID_PARAMETER_VALUE."""
    found = {item.lower(): item for item in STAGES}.get(stage.lower())
    if found is None:
        raise invalid(f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(STAGES)}.")
    return found


def stage_of(model: Resource) -> str:
    """The stage, which SDK v2 writes in its own case; its Development is none of MLflow's."""
    own = str((model.body.get(_V2) or {}).get("stage") or "").lower()
    return {item.lower(): item for item in STAGES}.get(own, "None")


def version_of(call: Call, name: str, version: str) -> Resource:
    """One version. Raises RESOURCE_DOES_NOT_EXIST."""
    found = call.records.resources.find(call.workspace.id, registry.KIND, name, version)
    if found is None:
        raise missing(f"Model Version (name={name}, version={version}) not found")
    return found


def _source(call: Call, model: Resource) -> str:
    own = (model.body.get(_OWN) or {}).get("source")
    if own is not None:
        return str(own)
    try:
        return str(model_files.local_path(call.service, call.workspace, model))
    except MlflowError:
        return str(model.body.get("url") or "")


def entity(call: Call, model: Resource, aliases: Mapping[str, str]) -> dict[str, Any]:
    """A ModelVersion. ``aliases`` are those of its name."""
    body, own = model.body, model.body.get(_OWN) or {}
    optional = {
        "description": body.get("description"),
        "run_id": body.get("runId"),
        "run_link": own.get("run_link"),
        "model_id": own.get("model_id"),
    }
    return {
        "name": model.name,
        "version": model.version,
        "creation_timestamp": milliseconds(model.created),
        "last_updated_timestamp": milliseconds(model.modified),
        "user_id": USER_NAME,
        "current_stage": stage_of(model),
        "source": _source(call, model),
        "status": "READY",
        "tags": as_pairs(_tags(model)),
        "aliases": [alias for alias, version in aliases.items() if version == model.version],
        **{name: value for name, value in optional.items() if value is not None},
    }


def _tags(model: Resource) -> dict[str, str]:
    return dict(model.body.get("kvTags") or {})


def _answer(call: Call, model: Resource) -> Reply:
    return {"model_version": entity(call, model, name_of(call, model.name).aliases)}


@routes.post("/model-versions/create")
def create_model_version(call: Call) -> Reply:
    """Registers the next version of a model from what a run has logged; SDK v1 and v2 see it as theirs."""
    given = arguments(call)
    source, run_id = text(given, "source"), text(given, "run_id", None)
    model_id = text(given, "model_id", None) or model_files.logged_model_of(source)
    with call.records.database.write():
        name = name_of(call, text(given, "name")).name
        if model_id is not None:
            model = logged_models.model_of(call, model_id)
            run_id = run_id or model.body["source_run_id"]
        body: dict[str, Any] = {
            "url": model_files.url_of(call, name, source),
            "mimeType": "application/x-python",
            "framework": "Custom",
            "frameworkVersion": None,
            "description": text(given, "description", None),
            "runId": run_id,
            "experimentName": _experiment(call, run_id),
            "unpack": False,
            "derivedModelIds": [],
            "kvTags": pairs(given, "tags"),
            "properties": {},
            "datasets": None,
            "resourceRequirements": None,
            _OWN: {"source": source, "run_link": text(given, "run_link", None), "model_id": model_id},
        }
        added = registry.add(call.service, call.workspace, name, body)
        if (model_files.local_path(call.service, call.workspace, added) / "MLmodel").is_file():
            added = _change(call, added, {_V2: {"modelType": "mlflow_model"}})
    return _answer(call, added)


def _experiment(call: Call, run_id: str | None) -> str | None:
    if run_id is None:
        return None
    return public_name(experiment_by_id(call.service, call.workspace, run_of(call, run_id).experiment_id))


def _change(call: Call, model: Resource, values: Mapping[str, Any]) -> Resource:
    model_id = f"{model.name}:{model.version}"
    return registry.change(call.service, call.workspace, model_id, lambda body: body.update(values))


def _named(call: Call) -> Resource:
    given = arguments(call)
    return version_of(call, text(given, "name"), text(given, "version"))


@routes.get("/model-versions/get")
def get_model_version(call: Call) -> Reply:
    """One version."""
    return _answer(call, _named(call))


@routes.patch("/model-versions/update")
def update_model_version(call: Call) -> Reply:
    """Sets the description of a version."""
    return _answer(call, _change(call, _named(call), {"description": text(arguments(call), "description", None)}))


@routes.post("/model-versions/transition-stage")
def transition_model_version_stage(call: Call) -> Reply:
    """Sets the stage of a version, and archives the others of that stage if asked to."""
    given = arguments(call)
    stage, archive = check_stage(text(given, "stage")), boolean(given, "archive_existing_versions")
    if archive and stage not in ("Staging", "Production"):
        raise invalid(f"archive_existing_versions is for the stages Staging and Production, not for {stage}")
    with call.records.database.write():
        model = _named(call)
        for other in registry.versions(call.service, call.workspace, model.name) if archive else []:
            if other.version != model.version and stage_of(other) == stage:
                _change(call, other, _staged(other, "Archived"))
        return _answer(call, _change(call, model, _staged(model, stage)))


def _staged(model: Resource, stage: str) -> dict[str, Any]:
    return {_V2: {**(model.body.get(_V2) or {}), "stage": stage}}


@routes.delete("/model-versions/delete")
def delete_model_version(call: Call) -> Reply:
    """Deletes a version and the aliases that point to it; its files stay."""
    with call.records.database.write():
        model = _named(call)
        # The name stays, as MLflow has it, also without a version.
        change(call, model.name, lambda body: _without(body["aliases"], model.version))
        registry.delete(call.service, call.workspace, f"{model.name}:{model.version}")
    return {}


def _without(aliases: dict[str, str], version: str) -> None:
    for alias in [alias for alias, to in aliases.items() if to == version]:
        del aliases[alias]


@routes.post("/model-versions/set-tag")
def set_model_version_tag(call: Call) -> Reply:
    """Sets a tag of a version."""
    given = arguments(call)
    with call.records.database.write():
        model = _named(call)
        _change(call, model, {"kvTags": {**_tags(model), text(given, "key"): text(given, "value", "")}})
    return {}


@routes.delete("/model-versions/delete-tag")
def delete_model_version_tag(call: Call) -> Reply:
    """Deletes a tag of a version; one that is not there is gone already, as MLflow has it."""
    key = text(arguments(call), "key")
    with call.records.database.write():
        model = _named(call)
        _change(call, model, {"kvTags": {name: value for name, value in _tags(model).items() if name != key}})
    return {}


@routes.get("/model-versions/get-download-uri")
def get_model_version_download_uri(call: Call) -> Reply:
    """The folder of a version's files on this machine, whichever SDK has registered it."""
    return {"artifact_uri": str(model_files.local_path(call.service, call.workspace, _named(call)))}


@routes.get("/model-versions/search")
def search_model_versions(call: Call) -> Reply:
    """Versions by filter (name, version_number, run_id, source_path, tags) and order, in pages."""
    given = arguments(call)
    size, offset = page_of(given, 10_000, _LARGEST_PAGE)
    clauses = parse(text(given, "filter", ""), VERSIONS)
    subjects = []
    for model in registry.versions(call.service, call.workspace):
        facts = {
            "name": model.name,
            "version_number": int(model.version),
            "run_id": model.body.get("runId"),
            "source_path": _source(call, model),
            "creation_timestamp": milliseconds(model.created),
            "last_updated_timestamp": milliseconds(model.modified),
        }
        subject = Subject(model, facts, tags=_tags(model))
        if matches(subject, clauses):
            subjects.append(subject)
    order = [*texts(given, "order_by"), "last_updated_timestamp DESC", "name ASC", "version_number DESC"]
    found = [item.entity for item in sort(subjects, order, VERSIONS)[offset : offset + size + 1]]
    aliases = {name: name_of(call, name).aliases for name in {item.name for item in found}}
    return page("model_versions", [entity(call, item, aliases[item.name]) for item in found], size, offset)
