"""The models of a workspace: what v1, v2 and MLflow register, in one place.

A version's number is never given twice, even when the version was deleted: `name:3` means one content for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.errors import not_found

#: The kinds of the records: versions, and the highest number that each name has had.
KIND = "model"
_NUMBERS = "model-number"
#: The kind of the records that name a model's files; their name is the id in the model's ``url``, aml://asset/{id}.
ASSETS = "asset"


def add(service: Service, workspace: Workspace, name: str, body: Mapping[str, Any]) -> Resource:
    """Records the next version of a model."""
    resources = service.records.resources
    with service.records.database.write():
        number = next_number(service, workspace, name)
        resources.put(workspace.id, _NUMBERS, name, {"last": number})
        return resources.add(workspace.id, KIND, name, body, str(number))


def next_number(service: Service, workspace: Workspace, name: str) -> int:
    """The number that the next version of a model gets."""
    resources = service.records.resources
    last = resources.find(workspace.id, _NUMBERS, name)
    return max(last.body["last"] if last else 0, resources.latest_number(workspace.id, KIND, name)) + 1


def keep_number(service: Service, workspace: Workspace, name: str, last: int) -> None:
    """Sees to it that no version of a name gets a number up to ``last``."""
    with service.records.database.write():
        last = max(last, next_number(service, workspace, name) - 1)
        service.records.resources.put(workspace.id, _NUMBERS, name, {"last": last})


def put(service: Service, workspace: Workspace, name: str, version: str, body: Mapping[str, Any]) -> Resource:
    """Records a version whose number the caller chose, new or changed."""
    resources = service.records.resources
    with service.records.database.write():
        last = max(int(version), next_number(service, workspace, name) - 1)
        resources.put(workspace.id, _NUMBERS, name, {"last": last})
        return resources.put(workspace.id, KIND, name, body, version)


def get(service: Service, workspace: Workspace, model_id: str) -> Resource:
    """The model of an id, ``name:version``; a bare name means its latest version. Raises a 404 ServiceError."""
    name, _, version = model_id.rpartition(":") if ":" in model_id else (model_id, "", "")
    resources = service.records.resources
    found = resources.find(workspace.id, KIND, name, version) if version else resources.latest(workspace.id, KIND, name)
    if found is None:
        raise not_found(f"there is no model {model_id} in this workspace", "ModelNotFound")
    return found


def versions(service: Service, workspace: Workspace, name: str | None = None) -> list[Resource]:
    """All models (of one name), in the order in which they were registered."""
    return service.records.resources.list(workspace.id, KIND, name)


def change(service: Service, workspace: Workspace, model_id: str, apply: Callable[[dict[str, Any]], None]) -> Resource:
    """Changes a model's body in place, in one transaction. Raises a 404 ServiceError."""
    with service.records.database.write():
        found = get(service, workspace, model_id)
        return service.records.resources.change(workspace.id, KIND, found.name, apply, found.version)


def delete(service: Service, workspace: Workspace, model_id: str) -> bool:
    """Deletes one version; its files stay, since other assets may refer to them. Returns whether it was there."""
    name, _, version = model_id.rpartition(":")
    return service.records.resources.delete(workspace.id, KIND, name, version) > 0 if name else False
