"""Workspaces: created on first use, kept apart from one another."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

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
            row = connection.execute(select(table).where(table.c.key == key)).first()
            if row is None:
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
                row = connection.execute(select(table).where(table.c.key == key)).one()
        self._cache[key] = _workspace(row)
        return self._cache[key]

    def get(self, workspace_id: str) -> Workspace:
        """The workspace of this id. Raises :class:`NotFoundError`."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == workspace_id)).first()
        if row is None:
            raise NotFoundError(f"there is no workspace {workspace_id}")
        return _workspace(row)

    def list(self) -> list[Workspace]:
        """All workspaces, oldest first."""
        with self._database.read() as connection:
            return [_workspace(row) for row in connection.execute(select(table).order_by(table.c.created))]

    def change(self, workspace_id: str, change: Callable[[dict[str, Any]], None]) -> Workspace:
        """Changes the properties in place, in one transaction. Raises :class:`NotFoundError`."""
        with self._database.write() as connection:
            properties = self.get(workspace_id).properties
            change(properties)
            connection.execute(update(table).where(table.c.id == workspace_id).values(properties=properties))
            self._cache.clear()
            return self.get(workspace_id)


def _workspace(row: Any) -> Workspace:
    return Workspace(row.id, row.subscription_id, row.resource_group, row.name, row.created, dict(row.properties))
