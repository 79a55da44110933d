"""What MLflow says of a model's name, beside the versions that the workspace has under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Call
from amlbridge.wire.mlflow.errors import missing

#: The kind of the records: description, tags and aliases of a name.
KIND = "mlflow-model"


@dataclass(frozen=True)
class Name:
    """A name: ``own`` is what MLflow has recorded of it, if anything, ``versions`` the oldest first."""

    name: str
    own: Resource | None
    versions: Sequence[Resource]

    @property
    def _all(self) -> list[Resource]:
        return [*([self.own] if self.own else []), *self.versions]

    @property
    def created(self) -> float:
        """When it was first used."""
        return min(item.created for item in self._all)

    @property
    def modified(self) -> float:
        """When something of it was last changed."""
        return max(item.modified for item in self._all)

    @property
    def description(self) -> str | None:
        """The description of the name."""
        return self.own.body["description"] if self.own else None

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the name."""
        return self.own.body["tags"] if self.own else {}

    @property
    def aliases(self) -> dict[str, str]:
        """Alias -> version, for versions that are still there."""
        there = {item.version for item in self.versions}
        own = self.own.body["aliases"] if self.own else {}
        return {alias: version for alias, version in own.items() if version in there}


def name_of(call: Call, name: str) -> Name:
    """A name. Raises RESOURCE_DOES_NOT_EXIST."""
    own = call.records.resources.find(call.workspace.id, KIND, name)
    versions = registry.versions(call.service, call.workspace, name)
    if own is None and not versions:
        raise missing(f"Registered Model with name={name} not found")
    return Name(name, own, versions)


def change(call: Call, name: str, apply: Callable[[dict[str, Any]], object]) -> None:
    """Changes what MLflow has recorded of a name, in one transaction. Raises RESOURCE_DOES_NOT_EXIST."""

    def changed(body: dict[str, Any]) -> None:
        apply(body)

    with call.records.database.write():
        if name_of(call, name).own is None:
            body: dict[str, Any] = {"tags": {}, "description": None, "aliases": {}}
            call.records.resources.add(call.workspace.id, KIND, name, body)
        call.records.resources.change(call.workspace.id, KIND, name, changed)
