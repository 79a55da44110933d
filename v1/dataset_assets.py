"""Registered datasets as data assets: what SDK v2 sees of them, as in Azure.

A file dataset of one folder or one file is that folder or file; anything else (tables, several sources, filters) is an
mltable, whose MLTable file is written when it is first asked for.
"""

from __future__ import annotations

from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow, dataset_records
from amlbridge.v1.dataset_records import Definition
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

#: Where the MLTable files of datasets lie on the default blob store.
_FOLDER = "azureml-datasets"


def datasets(service: Service, workspace: Workspace, name: str | None = None) -> list[dict[str, Any]]:
    """All versions of the registered datasets (of one name), oldest first: name, version, dataType, dataUri, tags,
    description, isArchived, created, modified."""
    resources = service.records.resources
    named = {item.name: item for item in resources.list(workspace.id, dataset_records.NAMED, name)}
    found = []
    for version in resources.list(workspace.id, dataset_records.VERSION, name):
        owner = named.get(version.name)
        if owner is None or not owner.body.get("isVisible", True):
            continue
        made = dataset_records.saved(service, workspace, version.body["savedDatasetId"])
        kind, uri = _place(service, workspace, version.body["savedDatasetId"], made)
        found.append(
            {
                "name": version.name,
                "version": version.version,
                "dataType": kind,
                "dataUri": uri,
                "tags": version.body.get("tags"),
                "description": version.body.get("description"),
                "isArchived": (owner.body.get("state") or {}).get("state") == "archived",
                "created": version.created,
                "modified": version.modified,
            }
        )
    return found


def _place(service: Service, workspace: Workspace, saved_id: str, made: Definition) -> tuple[str, str]:
    content = dataflow.load(made.yaml)
    if made.dataset_type == "file" and not content.get("transformations"):
        single = _single(service, workspace, content)
        if single is not None:
            return single
    account = workspace.storage_account
    container = storage.built_in(workspace)[storage.DEFAULT].container
    folder = f"{_FOLDER}/{saved_id}"
    if not service.blobs.path(account, container, f"{folder}/MLTable").is_file():
        service.blobs.put(account, container, f"{folder}/MLTable", made.yaml.encode())
    return "mltable", dataflow.uri(workspace, storage.DEFAULT, f"{folder}/")


def _single(service: Service, workspace: Workspace, content: dict[str, Any]) -> tuple[str, str] | None:
    """Type and path of a file dataset that is one folder or one file; None for any other."""
    try:
        sources = dataflow.sources(content)
    except ServiceError:
        # A database: an mltable, as good as it can be.
        return None
    if len(sources) != 1:
        return None
    path = sources[0].path
    for tail in ("/**", "/*", "**"):
        if path.endswith(tail):
            path = path[: -len(tail)] + "/"
            break
    if "*" in path or "?" in path:
        return None
    if sources[0].datastore is None:
        return ("uri_folder" if path.endswith("/") else "uri_file"), path
    if not path.endswith("/"):
        try:
            is_folder = storage.resolve(service, workspace, sources[0].datastore, path).is_dir()
        except ServiceError:
            is_folder = False
        path = f"{path}/" if is_folder else path
    kind = "uri_folder" if path.endswith("/") or not path else "uri_file"
    return kind, dataflow.uri(workspace, sources[0].datastore, path)
