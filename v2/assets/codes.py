"""Code: folders that steps run in, uploaded once per content."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.v2.assets import paths
from amlbridge.v2.assets.asset import Asset, Kind, path_changed
from amlbridge.wire import blob_sas
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request

#: What `pendingUploadType` can be.
UPLOADS = ("None", "TemporaryBlobReference")


class CodeKind(Kind):
    """Code."""

    plural = "codes"
    label = "code asset"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The place of the files, which are taken over into the content-addressed store. Code in Git, which is
        fetched by Azure, is refused."""
        uri = typed(given, "codeUri", str)
        folder = paths.local(service, workspace, uri)
        if folder is None:
            raise bad_request(
                f"the code is at {uri}, which amlbridge does not reach: give a local folder, or one on a datastore"
            )
        if not folder.exists():
            raise bad_request(f"there is no code at {uri}: the upload is not complete")
        source = folder if folder.is_dir() else folder.parent
        return {
            "codeUri": paths.normal_uri(service, workspace, uri),
            "_digest": snapshots(service).import_folder(source),
        }

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """The path of a version stays, unless the files are the same."""
        if old.properties["codeUri"] != new["codeUri"] and old.properties["_digest"] != new["_digest"]:
            raise path_changed(self, old, old.properties["codeUri"])


CODES = CodeKind()


def snapshots(service: Service) -> SnapshotStore:
    """The content-addressed store of the service."""
    return service.part("snapshots", lambda: SnapshotStore(service.home / "snapshots"))


def of_hash(service: Service, workspace: Workspace, wanted: str, version: str | None) -> list[Asset]:
    """The code whose content has the hash that the client computed, whatever its name."""
    found = []
    for item in CODES.list(service, workspace):
        properties = item.properties.get("properties") or {}
        if properties.get("hash_sha256") == wanted and version in (None, "", properties.get("hash_version")):
            found.append(item)
    return found


def start_upload(service: Service, workspace: Workspace) -> dict[str, Any]:
    """A container of its own for an upload, and what a client needs to write to it."""
    account, container = workspace.storage_account, f"upload-{uuid.uuid4().hex}"
    service.blobs.create_container(account, container)
    url = blob_sas.container_url(service, account, container)
    sas = blob_sas.container_sas(service, account, container)
    return {
        "pendingUploadId": uuid.uuid4().hex,
        "pendingUploadType": UPLOADS[1],
        "blobReferenceForConsumption": {
            "blobUri": blob_sas.plain_url(account, container),
            "storageAccountArmId": storage_account_id(workspace, account),
            "credential": {"credentialType": "SAS", "sasUri": f"{url}?{sas}"},
        },
    }


def storage_account_id(workspace: Workspace, account: str) -> str:
    """The ARM id of a storage account."""
    return (
        f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
        f"/providers/Microsoft.Storage/storageAccounts/{account}"
    )
