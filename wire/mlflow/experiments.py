"""MLflow's experiments: those of the workspace. A deleted one is an archived one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from amlbridge.engine.records.runs import Experiment
from amlbridge.engine.records.schema import run as run_table
from amlbridge.wire.artifact_files import CONTAINER, RUN_ORIGIN
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.experiments import (
    experiment_by_id,
    experiment_by_name,
    experiment_for_writing,
    free_name,
    public_name,
)
from amlbridge.wire.mlflow.api import (
    Arguments,
    MlflowRoutes,
    arguments,
    as_pairs,
    milliseconds,
    page,
    page_of,
    pairs,
    text,
    texts,
)
from amlbridge.wire.mlflow.errors import exists, invalid, missing
from amlbridge.wire.mlflow.filters import EXPERIMENTS, parse
from amlbridge.wire.mlflow.matching import Subject, matches, sort
from amlbridge.wire.mlflow.run_entity import DATASETS
from amlbridge.wire.routing import REST, Reply

routes = MlflowRoutes("mlflow experiments")

#: MLflow's own id of the experiment that a run without one goes to. Azure's has this name.
_DEFAULT_ID, _DEFAULT_NAME = "0", "Default"
NOTE = "mlflow.note.content"
_LARGEST_PAGE = 50_000
_VIEWS = {"ACTIVE_ONLY": (False,), "DELETED_ONLY": (True,), "ALL": (False, True)}


def experiment_of(call: Call, experiment_id: str, *, active: bool = False) -> Experiment:
    """The experiment of an id; ``0`` is the one called Default. ``active``: it must not be deleted."""
    if experiment_id == _DEFAULT_ID:
        return experiment_for_writing(call.service, call.workspace, _DEFAULT_NAME)
    try:
        found = experiment_by_id(call.service, call.workspace, experiment_id)
    except ServiceError as error:
        raise missing(f"No Experiment with id={experiment_id} exists") from error
    if active and found.archived is not None:
        raise invalid(
            f"The experiment {experiment_id} must be in the 'active' state. Current state is deleted: restore it first"
        )
    return found


def view_of(given: Arguments, name: str) -> tuple[bool, ...]:
    """Which of deleted (True) and active (False) a ViewType asks for."""
    view = text(given, name, "ACTIVE_ONLY")
    if view not in _VIEWS:
        raise invalid(f"Invalid value {view!r} for parameter {name!r}: there are {', '.join(_VIEWS)}")
    return _VIEWS[view]


def _tags(experiment: Experiment) -> dict[str, str]:
    note = {NOTE: experiment.description} if experiment.description else {}
    return {**experiment.tags, **note}


def _entity(call: Call, experiment: Experiment) -> dict[str, Any]:
    folder = call.service.blobs.path(call.workspace.storage_account, CONTAINER, RUN_ORIGIN)
    return {
        "experiment_id": experiment.id,
        "name": public_name(experiment),
        "artifact_location": str(folder),
        "lifecycle_stage": "active" if experiment.archived is None else "deleted",
        "creation_time": milliseconds(experiment.created),
        "last_update_time": milliseconds(experiment.archived or experiment.created),
        "tags": as_pairs(_tags(experiment)),
    }


def _tagged(experiment: Experiment, tags: dict[str, str]) -> dict[str, Any]:
    """The columns that these tags change."""
    values: dict[str, Any] = {"tags": {**experiment.tags, **{key: tags[key] for key in tags if key != NOTE}}}
    return {**values, "description": tags[NOTE]} if NOTE in tags else values


@routes.get("/experiments/get")
def get_experiment(call: Call) -> Reply:
    """An experiment by id, deleted or not."""
    return {"experiment": _entity(call, experiment_of(call, text(arguments(call), "experiment_id")))}


@routes.get("/experiments/get-by-name")
def get_experiment_by_name(call: Call) -> Reply:
    """An experiment by name, deleted or not."""
    name = text(arguments(call), "experiment_name")
    try:
        found = experiment_by_name(call.service, call.workspace, name, "All")
    except ServiceError as error:
        raise missing(f"Could not find experiment with name {name!r}") from error
    return {"experiment": _entity(call, found)}


@routes.post("/experiments/create")
def create_experiment(call: Call) -> Reply:
    """A new experiment with its tags."""
    given = arguments(call)
    name, tags = text(given, "name"), pairs(given, "tags")
    if text(given, "artifact_location", None) is not None:
        raise invalid(
            "artifact_location: the artifacts of a workspace are kept with their runs, as in Azure: leave it out"
        )
    with call.records.database.write():
        found = call.records.experiments.find(call.workspace.id, name)
        if found is not None:
            state = "" if found.archived is None else " in deleted state. Restore it or choose another name"
            raise exists(f"Experiment {name!r} already exists{state}.")
        created = experiment_for_writing(call.service, call.workspace, name)
        call.records.experiments.change(call.workspace.id, created.id, **_tagged(created, tags))
    return {"experiment_id": created.id}


def _change(call: Call, **values: Any) -> Reply:
    given = arguments(call)
    found = experiment_of(call, text(given, "experiment_id"))
    call.records.experiments.change(call.workspace.id, found.id, **values)
    return {}


@routes.post("/experiments/delete")
def delete_experiment(call: Call) -> Reply:
    """Archives an experiment; its runs count as deleted with it."""
    experiment_of(call, text(arguments(call), "experiment_id"), active=True)
    return _change(call, archived=call.service.clock())


@routes.post("/experiments/restore")
def restore_experiment(call: Call) -> Reply:
    """Reactivates an archived experiment under its name."""
    with call.records.database.write():
        found = experiment_of(call, text(arguments(call), "experiment_id"))
        if found.archived is None:
            raise invalid(f"The experiment {found.id} must be in the 'deleted' state. Current state is active.")
        return _change(call, archived=None, name=_free(call, found, public_name(found)))


def _free(call: Call, experiment: Experiment, name: str) -> str:
    try:
        return free_name(call, experiment, name)
    except ServiceError as error:
        if error.status == 409:
            raise exists(f"Experiment {name!r} already exists.") from error
        raise


@routes.post("/experiments/update")
def update_experiment(call: Call) -> Reply:
    """Renames an experiment."""
    given = arguments(call)
    with call.records.database.write():
        found = experiment_of(call, text(given, "experiment_id"), active=True)
        new = text(given, "new_name", None)
        return _change(call, name=_free(call, found, new)) if new is not None else {}


@routes.post("/experiments/set-experiment-tag")
def set_experiment_tag(call: Call) -> Reply:
    """Sets a tag; ``mlflow.note.content`` is the description."""
    given = arguments(call)
    with call.records.database.write():
        found = experiment_of(call, text(given, "experiment_id"), active=True)
        return _change(call, **_tagged(found, {text(given, "key"): text(given, "value", "")}))


@routes.operation("POST", "/experiments/delete-experiment-tag", others="MLflow 3")
def delete_experiment_tag(call: Call) -> Reply:
    """Deletes a tag."""
    given = arguments(call)
    key = text(given, "key")
    with call.records.database.write():
        found = experiment_of(call, text(given, "experiment_id"), active=True)
        if key not in _tags(found):
            raise missing(f"No tag with name: {key} in experiment with id {found.id}")
        if key == NOTE:
            return _change(call, description=None)
        return _change(call, tags={name: value for name, value in found.tags.items() if name != key})


def _search(call: Call) -> Reply:
    given = arguments(call)
    view = view_of(given, "view_type")
    size, offset = page_of(given, 1000, _LARGEST_PAGE)
    clauses = parse(text(given, "filter", ""), EXPERIMENTS)
    subjects = []
    for item in call.records.experiments.list(call.workspace.id):
        if (item.archived is not None) in view:
            entity = _entity(call, item)
            subject = Subject(entity, {**entity, "tags": None}, tags=_tags(item))
            if matches(subject, clauses):
                subjects.append(subject)
    order = [*texts(given, "order_by"), "creation_time DESC", "experiment_id ASC"]
    ordered = sort(subjects, order, EXPERIMENTS)
    return page("experiments", [item.entity for item in ordered[offset : offset + size + 1]], size, offset)


@routes.post("/experiments/search")
def search_experiments(call: Call) -> Reply:
    """Experiments by view type, filter and order, in pages."""
    return _search(call)


@routes.operation("GET", "/experiments/search", others=REST)
def search_experiments_by_query(call: Call) -> Reply:
    """Experiments by view type, filter and order, in pages; the fields are in the query."""
    return _search(call)


@routes.operation("POST", "/experiments/search-datasets", others=REST)
def search_datasets(call: Call) -> Reply:
    """Which datasets the runs of experiments have logged as inputs."""
    ids = [experiment_of(call, item).id for item in texts(arguments(call), "experiment_ids")]
    query = select(run_table.c.experiment_id, run_table.c.extra).where(
        run_table.c.workspace_id == call.workspace.id, run_table.c.experiment_id.in_(ids), ~run_table.c.hidden
    )
    found: list[dict[str, Any]] = []
    with call.records.database.read() as connection:
        for experiment_id, extra in connection.execute(query.order_by(run_table.c.seq.desc())):
            for item in extra.get(DATASETS, []):
                context = next((tag["value"] for tag in item["tags"] if tag["key"] == "mlflow.data.context"), None)
                names = {name: item["dataset"][name] for name in ("name", "digest")}
                summary = {"experiment_id": experiment_id, **names, "context": context}
                if summary not in found:
                    found.append(summary)
    return {"dataset_summaries": found[:1000]}
