"""What a schedule sees of the datastore that it watches.

It watches one folder; what lies in folders below it does not count, as in Azure (the client's ``Schedule`` says so).
"""

from __future__ import annotations

from collections.abc import Mapping

from amlbridge.engine.blobs import Blob
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines.schedule_bodies import Polling, wrong
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError


def check(service: Service, workspace: Workspace, polling: Polling) -> None:
    """Raises a 400 :class:`ServiceError` when the datastore cannot be watched."""
    try:
        store = storage.datastore(service, workspace, polling.datastore)
    except ServiceError as error:
        raise wrong("DataStoreTriggerInfo.DataStoreName", f"is no datastore here: {error.message}") from error
    if store.kind != storage.BLOB:
        raise wrong(
            "DataStoreTriggerInfo.DataStoreName", f"is {store.kind}: a schedule watches AzureBlob datastores only"
        )


def look(service: Service, workspace: Workspace, polling: Polling) -> dict[str, str]:
    """The blobs of the watched folder, those that changed longest ago first, each with what tells its versions apart.
    Names are those in the datastore. Raises :class:`ServiceError`, :class:`~amlbridge.engine.errors.EngineError`."""
    store = storage.datastore(service, workspace, polling.datastore)
    # Refuses a path that no file system or no blob could have.
    storage.resolve(service, workspace, store, polling.path)
    path = storage.normal(polling.path)
    prefix = f"{path}/" if path else ""
    items = service.blobs.items(store.account, store.container, prefix, delimiter="/")
    blobs = [item for item in items if isinstance(item, Blob)]
    return {blob.name: blob.etag for blob in sorted(blobs, key=lambda blob: (blob.modified, blob.name))}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The blobs that are new or modified, in the order of ``now``."""
    return [name for name, version in now.items() if before.get(name) != version]
