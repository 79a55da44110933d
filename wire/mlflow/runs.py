"""MLflow's runs: creating, ending, finding, deleting. Logging to them is in :mod:`run_logging`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from amlbridge.engine.records.runs import RUNNING, TERMINAL, Run
from amlbridge.engine.records.schema import experiment as experiment_table
from amlbridge.engine.records.schema import run as table
from amlbridge.wire.context import Call
from amlbridge.wire.history import VISIBLE
from amlbridge.wire.mlflow import metrics
from amlbridge.wire.mlflow.api import Arguments, MlflowRoutes, arguments, integer, page, page_of, pairs, text, texts
from amlbridge.wire.mlflow.errors import invalid, missing
from amlbridge.wire.mlflow.experiments import experiment_of, view_of
from amlbridge.wire.mlflow.filters import ATTRIBUTE, METRIC, RUNS, Clause, Order, parse, parse_order
from amlbridge.wire.mlflow.matching import Subject, matches, sort
from amlbridge.wire.mlflow.names import random_name
from amlbridge.wire.mlflow.run_entity import (
    DATASETS,
    NAME,
    NOTE,
    PARENT,
    ROOT,
    SOURCE_NAME,
    STATUSES,
    driven_by_client,
    entity,
    info,
    params_of,
    run_of,
    tags_of,
)
from amlbridge.wire.routing import Reply
from amlbridge.wire.run_types import INTERACTIVE

routes = MlflowRoutes("mlflow runs")

_LARGEST_PAGE = 50_000
_CONTEXT = "mlflow.data.context"


def run_id_of(given: Arguments) -> str:
    """``run_id``, which older clients call ``run_uuid``."""
    found: str = text(given, "run_id", None) or text(given, "run_uuid", None) or text(given, "run_id")
    return found


def tagged(call: Call, run: Run, tags: Mapping[str, str]) -> dict[str, Any]:
    """The columns that these tags change. ``mlflow.parentRunId`` makes a run a child of another one."""
    values: dict[str, Any] = {}
    plain = {key: value for key, value in tags.items() if key not in (NAME, NOTE, PARENT, ROOT)}
    if plain:
        values["tags"] = {**run.tags, **plain}
    if SOURCE_NAME in plain and driven_by_client(run):
        values["script"] = plain[SOURCE_NAME]
    for tag, column in ((NAME, "display_name"), (NOTE, "description")):
        if tag in tags:
            values[column] = tags[tag] or None
    if tags.get(PARENT, run.parent_id or "") != (run.parent_id or ""):
        values |= _moved(call, run, tags[PARENT])
    return values


def _moved(call: Call, run: Run, parent_id: str) -> dict[str, Any]:
    """A run that its client made gets (another) parent, and those below it that one's root."""
    if not driven_by_client(run):
        raise invalid(f"{PARENT}: run {run.id} is part of a job and cannot be moved below another run")
    parent = run_of(call, parent_id)
    above: Run | None = parent
    while above is not None:
        if above.id == run.id:
            raise invalid(f"{PARENT}: run {parent_id} is below run {run.id} already")
        above = call.records.runs.find(call.workspace.id, above.parent_id) if above.parent_id else None
    below = [run.id]
    with call.records.database.write() as connection:
        while below:
            found = select(table.c.id).where(table.c.workspace_id == call.workspace.id, table.c.parent_id.in_(below))
            below = list(connection.execute(found).scalars())
            here = and_(table.c.workspace_id == call.workspace.id, table.c.id.in_(below))
            connection.execute(update(table).where(here).values(root_id=parent.root_id))
    return {"parent_id": parent.id, "root_id": parent.root_id}


def _whole(call: Call, run: Run) -> dict[str, Any]:
    gone = experiment_of(call, run.experiment_id).archived is not None
    return entity(call, run, metrics.latest(call, [run.id])[run.id], deleted=gone)


@routes.get("/runs/get")
def get_run(call: Call) -> Reply:
    """A run with the latest value of each metric, parameters, tags, inputs and outputs."""
    return {"run": _whole(call, run_of(call, run_id_of(arguments(call))))}


@routes.post("/runs/create")
def create_run(call: Call) -> Reply:
    """A new run that its client drives, of the same kind as ``Experiment.start_logging`` makes."""
    given = arguments(call)
    tags = pairs(given, "tags")
    name = text(given, "run_name", None)
    if name and tags.get(NAME, name) != name:
        raise invalid(f"Both 'run_name' argument and {NAME!r} tag are specified, but with different values")
    name = name or tags.get(NAME) or random_name()
    started = integer(given, "start_time", 0) / 1000 or call.service.clock()
    if user := text(given, "user_id", None):
        tags.setdefault("mlflow.user", user)
    parent = run_of(call, tags[PARENT]).id if tags.get(PARENT) else None
    plain = {key: value for key, value in tags.items() if key not in (NAME, NOTE, PARENT, ROOT)}
    with call.records.database.write():
        experiment = experiment_of(call, text(given, "experiment_id", "0"), active=True)
        run = call.records.runs.add(
            call.workspace.id,
            experiment.id,
            str(uuid.uuid4()),
            INTERACTIVE,
            parent_id=parent,
            status=RUNNING,
            started=metrics.time(started),
            display_name=name,
            description=tags.get(NOTE) or None,
            script=tags.get(SOURCE_NAME),
            tags=plain,
        )
    return {"run": entity(call, run, {})}


@routes.post("/runs/update")
def update_run(call: Call) -> Reply:
    """Status, end and name of a run. A job's own run is ended by the job: MLflow's client ends whatever it joined."""
    given = arguments(call)
    status, ended, name = text(given, "status", None), integer(given, "end_time", None), text(given, "run_name", None)
    if status is not None and status not in STATUSES:
        raise invalid(f"Invalid run status {status!r}: there are {', '.join(STATUSES)}")

    def change(run: Run) -> dict[str, Any]:
        values: dict[str, Any] = {"display_name": name} if name else {}
        if status is not None and driven_by_client(run):
            values["status"] = STATUSES[status]
            if STATUSES[status] not in TERMINAL:
                values["ended"] = None
            else:
                values["ended"] = metrics.time(ended / 1000) if ended else call.service.clock()
        return values

    with call.records.database.write():
        run = run_of(call, run_id_of(given), active=True)
        changed = call.records.runs.change(call.workspace.id, run.id, change)
    return {"run_info": info(call, changed)}


@routes.post("/runs/delete")
def delete_run(call: Call) -> Reply:
    """Hides a run: SDK v2 calls it archived."""
    run = run_of(call, text(arguments(call), "run_id"), active=True)
    call.records.runs.set(call.workspace.id, run.id, hidden=True)
    return {}


@routes.post("/runs/restore")
def restore_run(call: Call) -> Reply:
    """Shows a run again."""
    run = run_of(call, text(arguments(call), "run_id"))
    if not run.hidden:
        raise invalid(f"The run {run.id} must be in the 'deleted' state. Current state is active.")
    call.records.runs.set(call.workspace.id, run.id, hidden=False)
    return {}


@routes.post("/runs/delete-tag")
def delete_tag(call: Call) -> Reply:
    """Deletes a tag of a run."""
    given = arguments(call)
    key = text(given, "key")

    def change(run: Run) -> dict[str, Any]:
        columns = {NAME: ("display_name", run.display_name), NOTE: ("description", run.description)}
        if key in columns and columns[key][1] is not None:
            return {columns[key][0]: None}
        if key not in run.tags:
            raise missing(f"No tag with name: {key} in run with id {run.id}")
        return {"tags": {name: value for name, value in run.tags.items() if name != key}}

    with call.records.database.write():
        run = run_of(call, run_id_of(given), active=True)
        call.records.runs.change(call.workspace.id, run.id, change)
    return {}


# -- search -----------------------------------------------------------------------------------------------------------


@routes.post("/runs/search")
def search_runs(call: Call) -> Reply:
    """Runs of experiments by filter, view type and order, in pages; by default the newest first."""
    given = arguments(call)
    size, offset = page_of(given, 1000, _LARGEST_PAGE)
    clauses, orders = parse(text(given, "filter", ""), RUNS), texts(given, "order_by")
    parsed = parse_order(orders, RUNS)
    scope = [VISIBLE, *_scope(call, texts(given, "experiment_ids"), view_of(given, "run_view_type"))]
    newest = (func.coalesce(table.c.started, table.c.created).desc(), table.c.id)
    if not clauses and not orders:
        runs = call.records.runs.query(
            call.workspace.id, *scope, order_by=newest, limit=size + 1, offset=min(offset, 2**62)
        )
    else:
        found = call.records.runs.query(call.workspace.id, *scope, order_by=newest)
        asked: list[Clause | Order] = [*clauses, *parsed]
        names = sorted({item.key for item in asked if item.entity == METRIC})
        values = metrics.latest(call, [run.id for run in found], names) if names else {}
        infos = any(item.entity == ATTRIBUTE for item in asked)
        subjects = [_subject(call, run, values.get(run.id, {}), infos=infos) for run in found]
        chosen = sort([subject for subject in subjects if matches(subject, clauses)], orders, RUNS)
        runs = [subject.entity for subject in chosen[offset : offset + size + 1]]
    known = metrics.latest(call, [run.id for run in runs[:size]])
    gone = _deleted_experiments(call)
    answers: list[Any] = [
        entity(call, run, known[run.id], deleted=run.experiment_id in gone) if run.id in known else None for run in runs
    ]
    return page("runs", answers, size, offset)


def _scope(call: Call, experiment_ids: list[str], view: tuple[bool, ...]) -> list[ColumnElement[bool]]:
    """The runs of these experiments; those of a deleted experiment count as deleted."""
    wanted = [experiment_of(call, item).id if item == "0" else item for item in experiment_ids]
    conditions: list[ColumnElement[bool]] = [table.c.experiment_id.in_(wanted)]
    if len(view) == 1:
        gone = or_(table.c.hidden, table.c.experiment_id.in_(_deleted_experiments(call)))
        conditions.append(gone if view[0] else ~gone)
    return conditions


def _deleted_experiments(call: Call) -> set[str]:
    query = select(experiment_table.c.id).where(
        experiment_table.c.workspace_id == call.workspace.id, experiment_table.c.archived.is_not(None)
    )
    with call.records.database.read() as connection:
        return set(connection.execute(query).scalars())


def _subject(call: Call, run: Run, values: Mapping[str, dict[str, Any]], *, infos: bool) -> Subject:
    return Subject(
        run,
        info(call, run) if infos else {},
        metrics={name: metrics.as_float(value) for name, value in values.items()},
        params=params_of(run),
        tags=tags_of(run),
        datasets=[
            {
                "name": item["dataset"]["name"],
                "digest": item["dataset"]["digest"],
                "context": next((tag["value"] for tag in item["tags"] if tag["key"] == _CONTEXT), None),
            }
            for item in run.extra.get(DATASETS, [])
        ],
    )
