"""The files of a model, as the SDKs find them: v2 by a path on a datastore, v1 by an asset of artifacts."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import paths
from amlbridge.wire import artifact_files, storage
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

_ASSET, _ARTIFACT = "aml://asset/", "aml://artifact/"


def uri_of_v1(service: Service, workspace: Workspace, url: str) -> str | None:
    """The path of a model's files from the ``url`` of its v1 record; None when its asset names none."""
    if url.startswith(_ARTIFACT):
        return _uri(workspace, url.removeprefix(_ARTIFACT))
    if not url.startswith(_ASSET):
        return url or None
    asset = service.records.resources.find(workspace.id, registry.ASSETS, url.removeprefix(_ASSET))
    names = [str(item.get("prefix") or item.get("id")) for item in (asset.body["artifacts"] if asset else [])]
    if not names:
        return None
    common = names[0] if len(names) == 1 else os.path.commonpath(names)
    return _uri(workspace, common)


def _uri(workspace: Workspace, artifact: str) -> str:
    return paths.long_uri(workspace, artifact_files.DATASTORE, artifact.strip("/"))


def url_for_v1(service: Service, workspace: Workspace, name: str, uri: str, source: Path) -> str:
    """Makes the asset by which SDK v1 finds the files of a model of v2. Returns its ``url``.

    SDK v1 knows artifacts alone. Files elsewhere get a second name among them: a hard link, where the file system has
    such, and otherwise a copy.
    """
    place = paths.datastore_path(service, workspace, uri)
    store = storage.datastore(service, workspace, place[0]) if place is not None else None
    account = workspace.storage_account
    if place is not None and store is not None and (store.account, store.container) == (account, "azureml"):
        artifact = place[1]
    else:
        artifact = f"LocalUpload/v2-{uuid.uuid4().hex}/{source.name}"
        place_files(source, service.blobs.path(account, "azureml", artifact))
    body: dict[str, Any] = {
        "name": name,
        "type": None,
        "description": None,
        "artifacts": [{"prefix": artifact}],
        "kvTags": {},
        "properties": {},
        "runid": None,
        "meta": {},
    }
    record = service.records.resources.add(workspace.id, registry.ASSETS, str(uuid.uuid4()), body)
    return f"{_ASSET}{record.name}"


def place_files(source: Path, target: Path) -> None:
    """Gives a file, or every file of a folder, a second name below ``target``."""
    if source.is_dir():
        for entry in sorted(source.iterdir()):
            place_files(entry, target / entry.name)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, target)


def flavors_at(service: Service, workspace: Workspace, uri: str | None) -> dict[str, Any]:
    """The flavors of what lies at a URI; {} when that is not on this machine, or no longer there."""
    try:
        source = paths.local(service, workspace, uri) if uri else None
    except ServiceError as error:
        if error.status >= 500:
            raise
        return {}
    return flavors(source) if source is not None else {}


def flavors(source: Path) -> dict[str, Any]:
    """The flavors of an MLflow model, from its MLmodel file; {} for anything else."""
    file = source / "MLmodel"
    try:
        return dict(_flavors(file, file.stat().st_mtime_ns))
    except (FileNotFoundError, NotADirectoryError):
        return {}


@lru_cache(maxsize=1000)
def _flavors(file: Path, _changed: int) -> Mapping[str, Any]:
    # Here, not above: the import takes 0.3 s, a third of what the service's start may take.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(file.read_text(errors="replace"))
    except (YAMLError, ValueError, RecursionError):
        return {}
    found = content.get("flavors") if isinstance(content, Mapping) else None
    if not isinstance(found, Mapping):
        return {}
    # The client types the values as strings.
    return {
        str(name): {"data": {str(key): str(value) for key, value in dict(data or {}).items()}}
        for name, data in found.items()
    }
