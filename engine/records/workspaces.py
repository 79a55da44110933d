"""Workspaces: created on first use, kept apart from one another."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.errors import InvalidNameError, NotFoundError
from amlbridge.engine.records.database import Database
from amlbridge.engine.records.schema import workspace as table

_NAME = re.compile(r"[\w.()-]{1,260}")


@dataclass(frozen=True)
class Workspace:
    """One workspace. ``properties`` holds what a client can set (tags, friendly name, default datastore, …)."""

    id: str
    subscription_id: str
    resource_group: str
    name: str
    created: float
    properties: dict[str, Any]

    @property
    def scope(self) -> str:
        """The ARM id of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    @property
    def storage_account(self) -> str:
        """The name of the storage account behind the default datastores: unique, 24 characters at most."""
        return "amlb" + self.id.replace("-", "")[:20]


class Workspaces:
    """All workspaces of the state folder. Names are compared without case."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        #: By names and by id; those who write records are this process alone.
        self._cache: dict[str, Workspace] = {}

    def ensure(self, subscription_id: str, resource_group: str, name: str) -> Workspace:
        """The workspace of these names, created if need be. Raises :class:`InvalidNameError`."""
        key = f"{subscription_id}/{resource_group}/{name}".lower()
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        for part in (subscription_id, resource_group, name):
            if not _NAME.fullmatch(part):
                raise InvalidNameError(f"{part!r} cannot be the name of a subscription, resource group or workspace")
        with self._database.write() as connection:
            if connection.execute(select(table.c.id).where(table.c.key == key)).first() is None:
                connection.execute(
                    insert(table).values(
                        id=str(uuid.uuid4()),
                        key=key,
                        subscription_id=subscription_id,
                        resource_group=resource_group,
                        name=name,
                        created=self._clock(),
                        properties={},
                    )
                )
        found = self._load(key, table.c.key == key)
        assert found is not None
        return found

    def get(self, workspace_id: str) -> Workspace:
        """The workspace of this id. Raises :class:`NotFoundError`."""
        found = self._cache.get(workspace_id) or self._load(workspace_id, table.c.id == workspace_id)
        if found is None:
            raise NotFoundError(f"there is no workspace {workspace_id}")
        return found

    def _load(self, key: str, condition: ColumnElement[bool]) -> Workspace | None:
        # What an unfinished transaction has written may be taken back; under the lock nobody else changes the row.
        unfinished = self._database.in_transaction
        with self._database.write() as connection:
            row = connection.execute(select(table).where(condition)).first()
            found = _workspace(row) if row is not None else None
            if found is not None and not unfinished:
                self._cache[key] = found
        return found

    def list(self) -> list[Workspace]:
        """All workspaces, oldest first."""
        with self._database.read() as connection:
            return [_workspace(row) for row in connection.execute(select(table).order_by(table.c.created))]

    def change(self, workspace_id: str, change: Callable[[dict[str, Any]], None]) -> Workspace:
        """Changes the properties in place, in one transaction. Raises :class:`NotFoundError`."""
        with self._database.write() as connection:
            properties = copy.deepcopy(self.get(workspace_id).properties)
            change(properties)
            connection.execute(update(table).where(table.c.id == workspace_id).values(properties=properties))
            self._cache.clear()
            return self.get(workspace_id)


def _workspace(row: Any) -> Workspace:
    return Workspace(row.id, row.subscription_id, row.resource_group, row.name, row.created, dict(row.properties))
