"""Experiments: named groups of runs.

An archived experiment is hidden, not gone. Writing to its name makes a new active experiment of that name, as the SDK's
documentation says; the archived one then keeps its id and shows its name, but gives it up in the records.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import delete

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.records import schema
from amlbridge.engine.records.runs import Experiment
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import odata, paging
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.odata import MISSING, Kind, Missing, Value
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.run_changes import text_map

routes = Routes("history", "/history/v1.0/WS")

_VIEWS = ("ActiveOnly", "ArchivedOnly", "All")
#: Between the name that an archived experiment has given up and its id.
_ASIDE = "\x1f"
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,255}")


def public_name(experiment: Experiment) -> str:
    """The name that the user knows."""
    return experiment.name.partition(_ASIDE)[0]


def experiment_for_writing(service: Service, workspace: Workspace, name: str) -> Experiment:
    """The active experiment of this name, created if need be. Raises a 400 for a name that none can have."""
    if not _NAME.fullmatch(name) or name != name.strip():
        raise bad_request(f"{name!r} cannot be the name of an experiment: use letters, digits, _ and -", "InvalidName")
    experiments = service.records.experiments
    with service.records.database.write():
        found = experiments.find(workspace.id, name)
        if found is not None and found.archived is not None:
            experiments.change(workspace.id, found.id, name=f"{name}{_ASIDE}{found.id}")
        return experiments.ensure(workspace.id, name)


def experiment_by_name(service: Service, workspace: Workspace, name: str, view: str = "ActiveOnly") -> Experiment:
    """The experiment of this name. Raises a 404 :class:`~amlbridge.wire.errors.ServiceError`."""
    found = [item for item in _visible(service, workspace, view) if public_name(item) == name]
    if not found:
        raise not_found(f"Experiment {name} not found in workspace {workspace.name}", "ExperimentNotFound")
    return min(found, key=lambda item: (item.archived is not None, -item.created))


def experiment_by_id(service: Service, workspace: Workspace, experiment_id: str) -> Experiment:
    """The experiment of this id. Raises a 404 :class:`~amlbridge.wire.errors.ServiceError`."""
    try:
        return service.records.experiments.get(workspace.id, experiment_id)
    except NotFoundError:
        raise not_found(
            f"Experiment {experiment_id} not found in workspace {workspace.name}", "ExperimentNotFound"
        ) from None


def experiment_dto(experiment: Experiment) -> dict[str, Any]:
    """An ExperimentDto (sample 39)."""
    return {
        "experimentId": experiment.id,
        "name": public_name(experiment),
        "description": experiment.description,
        "createdUtc": iso(experiment.created),
        "archivedTime": iso(experiment.archived),
        "tags": experiment.tags,
    }


def _visible(service: Service, workspace: Workspace, view: str) -> list[Experiment]:
    if view not in _VIEWS:
        raise bad_request(f"{view!r} is no view of experiments; there are {', '.join(_VIEWS)}")
    wanted = {"ActiveOnly": (False,), "ArchivedOnly": (True,), "All": (False, True)}[view]
    return [item for item in service.records.experiments.list(workspace.id) if (item.archived is not None) in wanted]


@routes.get("/experiments/{experiment}")
def get_experiment(call: Call) -> Reply:
    """An experiment by name; archived ones only when the view type asks for them."""
    view = call.query.get("viewtype") or "ActiveOnly"
    return experiment_dto(experiment_by_name(call.service, call.workspace, call.params["experiment"], view))


@routes.post("/experiments/{experiment}")
def create_experiment(call: Call) -> Reply:
    """The active experiment of this name, created if need be."""
    return experiment_dto(experiment_for_writing(call.service, call.workspace, call.params["experiment"]))


@routes.get("/experimentids/{experiment_id}")
def get_experiment_by_id(call: Call) -> Reply:
    """An experiment by id, archived or not."""
    return experiment_dto(experiment_by_id(call.service, call.workspace, call.params["experiment_id"]))


@routes.patch("/experimentids/{experiment_id}")
def modify_experiment(call: Call) -> Reply:
    """Merges tags, sets the description, renames, archives or reactivates an experiment."""
    name, archive = call.field("name", str, None), call.field("archive", bool, None)
    description, tags = call.field("description", str, None), text_map(call.object, "tags")
    experiments = call.records.experiments
    with call.records.database.write():
        found = experiment_by_id(call.service, call.workspace, call.params["experiment_id"])
        changed = replace(
            found,
            description=found.description if description is None else description,
            tags={**found.tags, **tags},
        )
        if archive is not None:
            changed = replace(changed, archived=(found.archived or call.service.clock()) if archive else None)
        wanted = public_name(found) if name is None else name
        if changed.archived is None or name is not None:
            changed = replace(changed, name=free_name(call, found, wanted))
        values = {field: getattr(changed, field) for field in ("name", "description", "tags", "archived")}
        return experiment_dto(experiments.change(call.workspace.id, found.id, **values))


def free_name(call: Call, experiment: Experiment, name: str) -> str:
    """The new name of an experiment. Raises a 400 for one that none can have, a 409 for that of another one."""
    if not _NAME.fullmatch(name) or name != name.strip():
        raise bad_request(f"{name!r} cannot be the name of an experiment", "InvalidName")
    other = call.records.experiments.find(call.workspace.id, name)
    if other is not None and other.id != experiment.id:
        state = "archived" if other.archived is not None else "active"
        raise conflict(
            f"there is an {state} experiment {name} already: delete or rename it first, then try again",
            "ExperimentNameInUse",
        )
    return name


@routes.delete("/experimentids/{experiment_id}")
def delete_experiment(call: Call) -> Reply:
    """Deletes an experiment with its runs and metrics; files of the runs stay, because models may point to them."""
    workspace = call.workspace.id
    with call.records.database.write() as connection:
        found = experiment_by_id(call.service, call.workspace, call.params["experiment_id"])
        runs = call.records.runs.query(workspace, schema.run.c.experiment_id == found.id)
        busy = [run.id for run in runs if not run.finished]
        if busy:
            raise conflict(
                f"experiment {public_name(found)} has {len(busy)} unfinished runs ({', '.join(busy[:3])}…): cancel or "
                "complete them first",
                "ExperimentHasUnfinishedRuns",
            )
        for run in runs:
            call.records.metrics.delete(workspace, run.id)
        for table, key in ((schema.run, schema.run.c.experiment_id), (schema.experiment, schema.experiment.c.id)):
            connection.execute(delete(table).where(table.c.workspace_id == workspace, key == found.id))
    return {}


@routes.post("/experimentids/{experiment_id}/tags:delete")
def delete_experiment_tags(call: Call) -> Reply:
    """Deletes tags of an experiment by name; one that is not there is reported."""
    names = _names(call.object, "tags")
    errors = {}
    with call.records.database.write():
        found = experiment_by_id(call.service, call.workspace, call.params["experiment_id"])
        for name in names:
            if name not in found.tags:
                message = f"experiment {public_name(found)} has no tag {name!r}"
                errors[name] = not_found(message, "TagNotFound").body()
        tags = {name: value for name, value in found.tags.items() if name not in names}
        call.records.experiments.change(call.workspace.id, found.id, tags=tags)
    return {"errors": errors}


def _names(content: dict[str, Any], field: str) -> list[str]:
    names = typed(content, field, list)
    if not all(isinstance(name, str) for name in names):
        raise bad_request(f"{field} must be an array of strings")
    return names


@routes.post("/experiments:query")
def query_experiments(call: Call) -> Reply:
    """Experiments by view type, filter (Name, Tags/{name}, CreatedUtc, …) and order, in pages."""
    view = call.field("viewType", str, None) or call.query.get("viewtype") or "ActiveOnly"
    found = _visible(call.service, call.workspace, view)
    text = call.field("filter", str, None)
    if text and text.strip():
        expression = odata.parse(text)
        # Also when there is none: a wrong filter is an error in an empty workspace, too.
        odata.evaluate(expression, _lookup(Experiment("", "", "", None, {}, 0.0, None)))
        found = [item for item in found if odata.evaluate(expression, _lookup(item))]
    order = call.field("orderby", str, None) or call.field("orderBy", str, None)
    for field, descending in reversed(odata.parse_order(order) if order else []):
        found.sort(key=lambda item: _sort_key(item, field), reverse=descending)
    offset = (paging.state(call.field("continuationToken", str, None), offset=int) or {"offset": 0})["offset"]
    size = paging.page_size(call.object.get("top"))
    rest = len(found) > offset + size
    return {
        "value": [experiment_dto(item) for item in found[offset : offset + size]],
        "continuationToken": paging.token({"offset": offset + size}) if rest else None,
        "nextLink": None,
    }


def _sort_key(experiment: Experiment, field: str) -> Any:
    kind, value = _lookup(experiment)(field)
    empty = "" if kind is Kind.TEXT else 0.0
    return empty if value is None or isinstance(value, Missing) else value


def _lookup(experiment: Experiment) -> odata.Lookup:
    plain: dict[str, tuple[Kind, Value]] = {
        "name": (Kind.TEXT, public_name(experiment)),
        "experimentid": (Kind.TEXT, experiment.id),
        "description": (Kind.TEXT, experiment.description),
        "createdutc": (Kind.TIME, experiment.created),
        "archivedtime": (Kind.TIME, experiment.archived),
    }

    def find(field: str) -> tuple[Kind, Value | Missing]:
        group, _, key = field.partition("/")
        if group.lower() == "tags" and key:
            return Kind.TEXT, experiment.tags.get(key, MISSING)
        if field.lower() not in plain:
            raise bad_request(f"experiments have no field {field!r}; there are Tags/{{name}}, {', '.join(plain)}")
        return plain[field.lower()]

    return find
