"""Metrics as they were logged: each call one or more rows, in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from amlbridge.engine.records.database import Database
from amlbridge.engine.records.schema import metric as table


@dataclass(frozen=True)
class MetricValue:
    """One logged row: ``columns`` maps a column to its type, ``data`` to its value; ``kind``: scalar, list, table, …"""

    name: str
    metric_id: str
    created: float
    columns: dict[str, str]
    data: dict[str, Any]
    kind: str | None = None
    step: int | None = None


_COLUMNS = [table.c[name] for name in ("name", "metric_id", "created", "columns", "data", "kind", "step")]

_SHARED = (table.c.workspace_id, *_COLUMNS)
_COPY = insert(table).from_select(
    [*(column.name for column in _SHARED), "run_id"],
    select(*_SHARED, bindparam("target", type_=table.c.run_id.type))
    .where(table.c.workspace_id == bindparam("of_workspace"), table.c.run_id == bindparam("source"))
    .order_by(table.c.seq),
)


class Metrics:
    """The metrics of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, workspace: str, run_id: str, values: Iterable[MetricValue]) -> int:
        """Records values in the order given; one whose ``metric_id`` the run already has is a client's retry and is
        skipped. Returns how many were new."""
        with self._database.write() as connection:
            rows = {value.metric_id: value for value in values}
            known: set[str] = set()
            ids = list(rows)
            for start in range(0, len(ids), 500):
                condition = table.c.metric_id.in_(ids[start : start + 500])
                query = select(table.c.metric_id).where(
                    table.c.workspace_id == workspace, table.c.run_id == run_id, condition
                )
                known.update(connection.execute(query).scalars())
            fresh = [value for key, value in rows.items() if key not in known]
            if fresh:
                connection.execute(
                    insert(table), [{"workspace_id": workspace, "run_id": run_id, **vars(value)} for value in fresh]
                )
            return len(fresh)

    def names(self, workspace: str, run_id: str) -> list[str]:
        """Names in the order in which they were first logged."""
        query = (
            select(table.c.name)
            .where(table.c.workspace_id == workspace, table.c.run_id == run_id)
            .group_by(table.c.name)
            .order_by(func.min(table.c.seq))
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def values(self, workspace: str, run_id: str, name: str | None = None) -> list[MetricValue]:
        """All values of a run (of one name), in the order in which they were logged."""
        query = select(*_COLUMNS).where(table.c.workspace_id == workspace, table.c.run_id == run_id)
        if name is not None:
            query = query.where(table.c.name == name)
        with self._database.read() as connection:
            return [MetricValue(**row._mapping) for row in connection.execute(query.order_by(table.c.seq))]

    def copy(self, workspace: str, source: str, target: str) -> None:
        """Gives a run the metrics of another one, in their order; what it has itself stays."""
        with self._database.write() as connection:
            connection.execute(_COPY, {"of_workspace": workspace, "source": source, "target": target})

    def delete(self, workspace: str, run_id: str, name: str | None = None) -> int:
        """Deletes the metrics of a run (of one name). Returns how many values went."""
        statement = delete(table).where(table.c.workspace_id == workspace, table.c.run_id == run_id)
        if name is not None:
            statement = statement.where(table.c.name == name)
        with self._database.write() as connection:
            return int(connection.execute(statement).rowcount)
