"""Named, optionally versioned JSON documents: what the services keep besides runs and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, insert, select, update

from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.errors import ConflictError, NotFoundError
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.schema import resource as table


@dataclass(frozen=True)
class Resource:
    """One document. ``version`` is "" for kinds without versions; times are seconds since the epoch."""

    kind: str
    name: str
    version: str
    body: dict[str, Any]
    created: float
    modified: float


# Statements are made once: composing one costs SQLAlchemy more than SQLite needs to carry it out.
_OF_KIND = and_(*(table.c[name] == bindparam(f"of_{name}") for name in ("workspace_id", "kind")))
_NAMED = and_(_OF_KIND, table.c.name == bindparam("of_name"))
_THIS = and_(_NAMED, table.c.version == bindparam("of_version"))
_FIND = select(table).where(_THIS)
_ALL = select(table).where(_OF_KIND).order_by(table.c.seq)
_VERSIONS = select(table).where(_NAMED).order_by(table.c.seq)
_COUNT = select(func.count()).select_from(table).where(_OF_KIND)
_LATEST = select(table).where(_NAMED).order_by(table.c.seq.desc()).limit(1)
_REPLACE = (
    update(table)
    .where(_THIS)
    .values(body=bindparam("new_body", type_=table.c.body.type), modified=bindparam("new_modified"))
)
_INSERT = insert(table)


class Resources:
    """The documents of all workspaces, by (workspace, kind, name, version)."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, workspace: str, kind: str, name: str, body: Mapping[str, Any], version: str = "") -> Resource:
        """Creates or replaces a document; a replaced one keeps its ``created``."""
        now = self._clock()
        with self._database.write() as connection:
            values = {**_place(workspace, kind, name, version), "new_body": dict(body), "new_modified": now}
            if connection.execute(_REPLACE, values).rowcount == 0:
                self._insert(workspace, kind, name, body, version, now)
            return self.get(workspace, kind, name, version)

    def add(self, workspace: str, kind: str, name: str, body: Mapping[str, Any], version: str = "") -> Resource:
        """Creates a document. Raises :class:`ConflictError` when it exists."""
        with self._database.write():
            if self.find(workspace, kind, name, version) is not None:
                label = f"{name}:{version}" if version else name
                raise ConflictError(f"{kind} {label} already exists")
            self._insert(workspace, kind, name, body, version, self._clock())
            return self.get(workspace, kind, name, version)

    def add_version(
        self, workspace: str, kind: str, name: str, body: Mapping[str, Any] | Callable[[int], Mapping[str, Any]]
    ) -> Resource:
        """Creates the next whole-number version, starting at 1. ``body`` may be a function of that number."""
        with self._database.write():
            number = self.latest_number(workspace, kind, name) + 1
            content = body(number) if callable(body) else body
            return self.add(workspace, kind, name, content, str(number))

    def _insert(self, workspace: str, kind: str, name: str, body: Mapping[str, Any], version: str, now: float) -> None:
        with self._database.write() as connection:
            names = {"workspace_id": workspace, "kind": kind, "name": name, "version": version}
            connection.execute(_INSERT, {**names, "created": now, "modified": now, "body": dict(body)})

    def change(
        self, workspace: str, kind: str, name: str, change: Callable[[dict[str, Any]], None], version: str = ""
    ) -> Resource:
        """Reads, changes in place and writes one document in one transaction. Raises :class:`NotFoundError`."""
        with self._database.write():
            body = self.get(workspace, kind, name, version).body
            change(body)
            return self.put(workspace, kind, name, body, version)

    def find(self, workspace: str, kind: str, name: str, version: str = "") -> Resource | None:
        """The document, or None."""
        with self._database.read() as connection:
            row = connection.execute(_FIND, _place(workspace, kind, name, version)).first()
        return _resource(row) if row is not None else None

    def get(self, workspace: str, kind: str, name: str, version: str = "") -> Resource:
        """The document. Raises :class:`NotFoundError`."""
        found = self.find(workspace, kind, name, version)
        if found is None:
            label = f"{name}:{version}" if version else name
            raise NotFoundError(f"there is no {kind} {label}")
        return found

    def list(self, workspace: str, kind: str, name: str | None = None) -> list[Resource]:
        """All documents of a kind (of one name), in the order in which they were created."""
        given = _place(workspace, kind, name)
        with self._database.read() as connection:
            return [_resource(row) for row in connection.execute(_ALL if name is None else _VERSIONS, given)]

    def latest(self, workspace: str, kind: str, name: str) -> Resource | None:
        """The document of this name that was created last, or None."""
        with self._database.read() as connection:
            row = connection.execute(_LATEST, _place(workspace, kind, name)).first()
        return _resource(row) if row is not None else None

    def latest_number(self, workspace: str, kind: str, name: str) -> int:
        """The greatest whole-number version of this name, 0 when there is none."""
        numbers = [int(item.version) for item in self.list(workspace, kind, name) if item.version.isdecimal()]
        return max(numbers, default=0)

    def count(self, workspace: str, kind: str) -> int:
        """How many documents of a kind there are."""
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, _place(workspace, kind)).scalar_one())

    def delete(self, workspace: str, kind: str, name: str, version: str | None = "") -> int:
        """Deletes a document, or with ``version=None`` all versions of it. Returns how many were there."""
        condition = _key(workspace, kind, name, version)
        with self._database.write() as connection:
            return int(connection.execute(delete(table).where(condition)).rowcount)


def _place(workspace: str, kind: str, name: str | None = None, version: str | None = None) -> dict[str, Any]:
    place = {"of_workspace_id": workspace, "of_kind": kind, "of_name": name, "of_version": version}
    return {key: value for key, value in place.items() if value is not None}


def _key(workspace: str, kind: str, name: str, version: str | None) -> Any:
    parts = [table.c.workspace_id == workspace, table.c.kind == kind, table.c.name == name]
    if version is not None:
        parts.append(table.c.version == version)
    return and_(*parts)


def _resource(row: Row[Any]) -> Resource:
    item = row._mapping
    return Resource(item["kind"], item["name"], item["version"], item["body"], item["created"], item["modified"])
