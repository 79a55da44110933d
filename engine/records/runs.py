"""Experiments and runs."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, func, insert, select, update

from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.errors import ConflictError, NotFoundError
from amlbridge.engine.records import schema
from amlbridge.engine.records.database import Database

#: Statuses as Azure ML names them.
NOT_STARTED, QUEUED, PREPARING, STARTING, RUNNING = "NotStarted", "Queued", "Preparing", "Starting", "Running"
FINALIZING, COMPLETED, FAILED, CANCELED = "Finalizing", "Completed", "Failed", "Canceled"
CANCEL_REQUESTED = "CancelRequested"
TERMINAL = frozenset({COMPLETED, FAILED, CANCELED})


@dataclass(frozen=True)
class Experiment:
    """A named group of runs. Times are seconds since the epoch."""

    id: str
    workspace_id: str
    name: str
    description: str | None
    tags: dict[str, str]
    created: float
    archived: float | None


@dataclass(frozen=True)
class Run:
    """A run of any kind (``kind``: pipeline, step, script, …). Fields as the columns of ``schema.run``."""

    workspace_id: str
    id: str
    number: int
    experiment_id: str
    parent_id: str | None
    root_id: str
    kind: str
    name: str | None
    display_name: str | None
    description: str | None
    status: str
    created: float
    started: float | None
    ended: float | None
    modified: float
    target: str | None
    script: str | None
    hidden: bool
    tags: dict[str, str]
    properties: dict[str, str]
    error: Any
    plan_id: str | None
    node_id: str | None
    execution: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether the status is a final one."""
        return self.status in TERMINAL

    @property
    def is_subpipeline(self) -> bool:
        """Whether it is a part of a pipeline run that groups steps (:mod:`amlbridge.engine.subpipelines`)."""
        return self.kind == "pipeline" and self.plan_id is None and self.node_id is not None


_RUN_COLUMNS = [column for column in schema.run.c if column.name != "seq"]

# Statements are made once: composing one costs SQLAlchemy more than SQLite needs to carry it out.
_THIS = and_(schema.run.c.workspace_id == bindparam("of_workspace"), schema.run.c.id == bindparam("of_id"))
_FIND = select(*_RUN_COLUMNS).where(_THIS)
_HIGHEST = select(func.max(schema.run.c.number)).where(schema.run.c.workspace_id == bindparam("of_workspace"))
_TAKEN = select(schema.run.c.id).where(
    schema.run.c.workspace_id == bindparam("of_workspace"), schema.run.c.id.in_(bindparam("ids", expanding=True))
)
_INSERT = insert(schema.run)
#: So many ids are looked up in one statement: SQLite takes at most 32,766 variables.
_MOST_IDS = 1000


class Experiments:
    """The experiments of all workspaces."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    def ensure(self, workspace: str, name: str) -> Experiment:
        """The experiment of this name, created if need be."""
        with self._database.write() as connection:
            found = self.find(workspace, name)
            if found is None:
                connection.execute(
                    insert(schema.experiment).values(
                        id=str(uuid.uuid4()), workspace_id=workspace, name=name, tags={}, created=self._clock()
                    )
                )
                found = self.find(workspace, name)
        assert found is not None
        return found

    def find(self, workspace: str, name: str) -> Experiment | None:
        """The experiment of this name, or None."""
        return self._first(schema.experiment.c.workspace_id == workspace, schema.experiment.c.name == name)

    def get(self, workspace: str, experiment_id: str) -> Experiment:
        """The experiment of this id. Raises :class:`NotFoundError`."""
        found = self._first(schema.experiment.c.workspace_id == workspace, schema.experiment.c.id == experiment_id)
        if found is None:
            raise NotFoundError(f"there is no experiment {experiment_id}")
        return found

    def list(self, workspace: str) -> list[Experiment]:
        """All experiments, archived ones too, oldest first."""
        query = select(schema.experiment).where(schema.experiment.c.workspace_id == workspace)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(schema.experiment.c.created))
            return [Experiment(**row._mapping) for row in rows]

    def change(self, workspace: str, experiment_id: str, **values: Any) -> Experiment:
        """Sets name, description, tags or archived. Raises :class:`NotFoundError`, :class:`ConflictError`."""
        with self._database.write() as connection:
            current = self.get(workspace, experiment_id)
            name = values.get("name", current.name)
            if name != current.name and self.find(workspace, name) is not None:
                raise ConflictError(f"experiment {name} already exists")
            condition = and_(schema.experiment.c.workspace_id == workspace, schema.experiment.c.id == experiment_id)
            connection.execute(update(schema.experiment).where(condition).values(**values))
            return self.get(workspace, experiment_id)

    def _first(self, *conditions: ColumnElement[bool]) -> Experiment | None:
        with self._database.read() as connection:
            row = connection.execute(select(schema.experiment).where(*conditions)).first()
        return Experiment(**row._mapping) if row is not None else None


class Runs:
    """The runs of all workspaces."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, workspace: str, experiment_id: str, run_id: str, kind: str, **values: Any) -> Run:
        """Records a new run; ``values`` are further columns. Raises :class:`ConflictError` when the id is taken.

        ``root_id`` follows from ``parent_id``; a parent that is not recorded raises :class:`NotFoundError`.
        """
        return self.add_many(workspace, experiment_id, [{"id": run_id, "kind": kind, **values}])[0]

    def add_many(self, workspace: str, experiment_id: str, rows: Sequence[Mapping[str, Any]]) -> list[Run]:
        """Records several runs in one transaction; see :meth:`add`."""
        now = self._clock()
        with self._database.write() as connection:
            self._check_free(connection, workspace, [row["id"] for row in rows])
            roots: dict[str, str] = {}
            number = connection.execute(_HIGHEST, {"of_workspace": workspace}).scalar() or 0
            prepared = []
            for row in rows:
                parent = row.get("parent_id")
                roots[row["id"]] = (roots.get(parent) or self.get(workspace, parent).root_id) if parent else row["id"]
                number += 1
                own = {"workspace_id": workspace, "experiment_id": experiment_id}
                prepared.append({**_defaults(now), **row, **own, "number": number, "root_id": roots[row["id"]]})
            connection.execute(_INSERT, prepared)
            return [Run(**row) for row in prepared]

    @staticmethod
    def _check_free(connection: Connection, workspace: str, ids: Sequence[str]) -> None:
        seen: set[str] = set()
        taken = {run_id for run_id in ids if run_id in seen or seen.add(run_id)}  # type: ignore[func-returns-value]
        for start in range(0, len(ids), _MOST_IDS):
            some = {"of_workspace": workspace, "ids": ids[start : start + _MOST_IDS]}
            taken.update(connection.execute(_TAKEN, some).scalars())
        if taken:
            raise ConflictError(f"run {min(taken)} already exists")

    def find(self, workspace: str, run_id: str) -> Run | None:
        """The run, or None."""
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"of_workspace": workspace, "of_id": run_id}).first()
        return Run(**row._mapping) if row is not None else None

    def get(self, workspace: str, run_id: str) -> Run:
        """The run. Raises :class:`NotFoundError`."""
        found = self.find(workspace, run_id)
        if found is None:
            raise NotFoundError(f"there is no run {run_id}")
        return found

    def set(self, workspace: str, run_id: str, **values: Any) -> None:
        """Sets columns of a run without reading it. Raises :class:`NotFoundError`."""
        values.setdefault("modified", self._clock())
        if values.get("ended") is not None and values.get("started") is not None:
            values["ended"] = max(values["started"], values["ended"])
        given = {"of_workspace": workspace, "of_id": run_id, **{f"new_{name}": item for name, item in values.items()}}
        with self._database.write() as connection:
            if connection.execute(_update(frozenset(values)), given).rowcount == 0:
                raise NotFoundError(f"there is no run {run_id}")

    def change(self, workspace: str, run_id: str, change: Callable[[Run], Mapping[str, Any]]) -> Run:
        """Reads the run and sets the columns that ``change`` returns, as one. Raises :class:`NotFoundError`."""
        with self._database.write():
            values = change(self.get(workspace, run_id))
            if values:
                self.set(workspace, run_id, **values)
            return self.get(workspace, run_id)

    def query(
        self,
        workspace: str,
        *conditions: ColumnElement[bool],
        order_by: Iterable[Any] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Run]:
        """Runs that meet the SQL conditions on ``schema.run``; by default oldest first."""
        query = select(*_RUN_COLUMNS).where(schema.run.c.workspace_id == workspace, *conditions)
        query = query.order_by(*order_by, schema.run.c.seq).limit(limit).offset(offset)
        with self._database.read() as connection:
            return [Run(**row._mapping) for row in connection.execute(query)]

    def children(self, workspace: str, run_id: str) -> list[Run]:
        """The direct children, oldest first."""
        return self.query(workspace, schema.run.c.parent_id == run_id)

    def parts(self, workspace: str, run_id: str) -> list[Run]:
        """The children of a pipeline run, and those of its sub-pipelines, oldest first."""
        found = self.children(workspace, run_id)
        inner = [run for child in found if child.is_subpipeline for run in self.parts(workspace, child.id)]
        return sorted([*found, *inner], key=lambda run: run.number) if inner else found

    def steps(self, workspace: str, run_id: str) -> list[Run]:
        """The same without the sub-pipelines themselves: what runs, wherever the client's code has it."""
        return [run for run in self.parts(workspace, run_id) if not run.is_subpipeline]

    def unfinished(self) -> list[Run]:
        """Runs of every workspace whose status is not final: what a restart has to look after."""
        query = select(*_RUN_COLUMNS).where(schema.run.c.status.not_in(TERMINAL)).order_by(schema.run.c.seq)
        with self._database.read() as connection:
            return [Run(**row._mapping) for row in connection.execute(query)]


@functools.cache
def _update(names: frozenset[str]) -> Update:
    """The statement that sets these columns of one run."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=schema.run.c[name].type) for name in sorted(names)}
    if "ended" in names and "started" not in names:
        # The machine's clock may have been set back meanwhile: no run takes less than no time.
        recorded = schema.run.c.started
        values["ended"] = case((recorded > values["ended"], recorded), else_=values["ended"])
    return update(schema.run).where(_THIS).values(values)


def _defaults(now: float) -> dict[str, Any]:
    """A value for every column: rows of one insert must name the same columns."""
    given = {"created": now, "modified": now, "status": NOT_STARTED, "hidden": False}
    empty: dict[str, Any] = {name: {} for name in ("tags", "properties", "execution", "extra")}
    rest = ("parent_id", "name", "display_name", "description", "started", "ended", "target", "script", "error")
    return {**given, **empty, **dict.fromkeys(rest), "plan_id": None, "node_id": None}
