"""Which finished steps may be taken again, by the key of what they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, delete, insert, select

from amlbridge.engine.records import schema
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.runs import COMPLETED

table = schema.reuse
_run = schema.run

#: So many candidates are looked at, newest first.
MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Candidate:
    """A step that completed. ``detail`` is what its result follows from, ``outputs`` what its outputs held: port ->
    {"digest", "count", "files"}; ``execution``, ``tags`` and ``properties`` are those of its run."""

    run_id: str
    detail: dict[str, Any]
    outputs: dict[str, Any]
    node_id: str | None
    pipeline_run_id: str | None
    execution: dict[str, Any]
    tags: dict[str, str]
    properties: dict[str, str]


#: Made once: SQLAlchemy finds its text again without composing it.
_INSERT = insert(table)
_COLUMNS = (
    table.c.run_id,
    table.c.detail,
    table.c.outputs,
    _run.c.node_id,
    _run.c.parent_id.label("pipeline_run_id"),
    _run.c.execution,
    _run.c.tags,
    _run.c.properties,
)


class ReuseRecords:
    """The index of reusable steps of all workspaces. A step whose run was deleted is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, workspace: str, run_id: str, values: Mapping[str, Any]) -> None:
        """Records a step; to be called in the transaction that records its end. ``values`` are the other columns."""
        with self._database.write() as connection:
            connection.execute(_INSERT, {"workspace_id": workspace, "run_id": run_id, **values})

    def forget(self, workspace: str, run_ids: Iterable[str]) -> None:
        """The results of these steps are not taken again; the runs stay as they are."""
        with self._database.write() as connection:
            for run_id in run_ids:
                of_run = and_(table.c.workspace_id == workspace, table.c.run_id == run_id)
                connection.execute(delete(table).where(of_run))

    def clear(self) -> None:
        """No result of any workspace is taken again; the runs stay as they are."""
        with self._database.write() as connection:
            connection.execute(delete(table))

    def keys(self, workspace: str) -> list[str]:
        """Every key that is recorded, also those of runs that were deleted since."""
        with self._database.read() as connection:
            return list(connection.execute(select(table.c.key).where(table.c.workspace_id == workspace)).scalars())

    def same(self, workspace: str, key: str) -> list[Candidate]:
        """The steps of this key, the last that ended first."""
        return self._list(_candidates(workspace).where(table.c.key == key))

    def named(self, workspace: str, experiment_id: str, name: str) -> list[Candidate]:
        """The steps of this name in an experiment, the last that ended first."""
        return self._list(_candidates(workspace).where(table.c.experiment_id == experiment_id, table.c.name == name))

    def _list(self, query: Select[Any]) -> list[Candidate]:
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.ended.desc()).limit(MOST_CANDIDATES))
            return [Candidate(**row._mapping) for row in rows]


def _candidates(workspace: str) -> Select[Any]:
    of_run = and_(_run.c.workspace_id == table.c.workspace_id, _run.c.id == table.c.run_id)
    return select(*_COLUMNS).join(_run, of_run).where(table.c.workspace_id == workspace, _run.c.status == COMPLETED)
