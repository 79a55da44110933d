"""What can be set on a workspace, how it looks with that, and how it is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from amlbridge.engine.records import schema
from amlbridge.engine.records.runs import TERMINAL
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import arm
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request, conflict

#: Where a workspace is unless its creator says otherwise.
LOCATION = "local"
#: Settings that are kept and given back, and have no effect here.
_SETTINGS: dict[str, type] = {
    "imageBuildCompute": str,
    "containerRegistry": str,
    "primaryUserAssignedIdentity": str,
    "systemDatastoresAuthMode": str,
    "publicNetworkAccess": str,
    "allowPublicAccessWhenBehindVnet": bool,
    "hbiWorkspace": bool,
    "v1LegacyMode": bool,
    "enableDataIsolation": bool,
    "serviceManagedResourcesSettings": dict,
    "managedNetwork": dict,
    "featureStoreSettings": dict,
    "serverlessComputeSettings": dict,
    "encryption": dict,
}
_LONGEST_TEXT = 4096


def check(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a PUT or PATCH sets, as the workspace's properties. Null and absent mean "as it is". Raises a 400."""
    given: dict[str, Any] = typed(request, "properties", dict, {})
    found: dict[str, Any] = {}
    location = typed(request, "location", str, None)
    if location:
        found["location"] = location.lower().replace(" ", "")
    tags: dict[str, Any] | None = typed(request, "tags", dict, None)
    if tags is not None:
        for key, value in tags.items():
            if not isinstance(value, str):
                raise bad_request(f"the tag {key!r} must be a string")
        found["tags"] = tags
    for key in ("friendlyName", "description"):
        text = typed(given, key, str, None)
        if text is not None:
            if len(text) > _LONGEST_TEXT:
                raise bad_request(f"{key} is longer than {_LONGEST_TEXT} characters")
            found[key] = text
    settings = {}
    for key, kind in _SETTINGS.items():
        value = given.get(key)
        if kind is bool and isinstance(value, str) and value.lower() in ("true", "false"):
            value = value.lower() == "true"  # the v1 client sends some of them as text
        setting: Any = typed({key: value}, key, kind, None)
        if setting is not None:
            settings[key] = setting
    if settings:
        found["settings"] = settings
    return found


def apply(service: Service, workspace: Workspace, checked: Mapping[str, Any]) -> Workspace:
    """Sets what :func:`check` found; settings one by one, tags as a whole."""

    def change(properties: dict[str, Any]) -> None:
        settings = {**properties.get("settings", {}), **checked.get("settings", {})}
        properties.update(checked)
        if settings:
            properties["settings"] = settings

    return service.records.workspaces.change(workspace.id, change) if checked else workspace


def dto(service: Service, workspace: Workspace) -> dict[str, Any]:
    """The ARM form of a workspace, with the settings that were made on it."""
    described = arm.workspace_dto(service, workspace)
    described["properties"].update(workspace.properties.get("settings", {}))
    return described


def erase(service: Service, workspace: Workspace) -> None:
    """Deletes a workspace: its records in one transaction, then its files.

    Raises a 409 ServiceError while one of its runs is not over.
    """
    records = service.records
    with records.database.write() as connection:
        active = records.runs.query(workspace.id, schema.run.c.status.not_in(TERMINAL), limit=1)
        if active:
            raise conflict(
                f"run {active[0].id} of this workspace is {active[0].status}: cancel it or wait for it first"
            )
        # Whoever has the workspace cached must see that it is gone: a change empties the cache.
        records.workspaces.change(workspace.id, lambda properties: None)
        for table in reversed(schema.metadata.sorted_tables):
            if "workspace_id" in table.c:
                connection.execute(delete(table).where(table.c.workspace_id == workspace.id))
        connection.execute(delete(schema.workspace).where(schema.workspace.c.id == workspace.id))
    for folder in (
        service.blobs.root / workspace.storage_account,
        service.home / "snapshots" / "ids" / workspace.id,
    ):
        if folder.is_dir():
            shutil.rmtree(folder)
