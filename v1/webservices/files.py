"""The files of a web service: models and code, both artifacts of the workspace."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.serving.files import ModelFiles

_ASSET, ARTIFACT = "aml://asset/", "aml://artifact/"
#: A tar archive of more than this is no source folder: bytes.
_MOST_UNPACKED = 4 * 1024**3
#: Folders of a step's that are links here, to what its run keeps. No scoring script reads them.
_OF_RUN = frozenset({"outputs", "logs"})


@dataclass(frozen=True)
class Asset:
    """A file that the client uploaded; ``unpack``: an archive of the source folder, whose members' names begin with
    ``base``, which is left out."""

    path: Path
    unpack: bool
    base: str = ""


def model(service: Service, workspace: Workspace, model_id: str) -> ModelFiles:
    """The files of a registered model. Raises a 404 or 400 ServiceError."""
    found = registry.get(service, workspace, model_id)
    name = artifact_of(service, workspace, found)
    path = _artifact(service, workspace, name) if name else None
    if path is None or not path.exists():
        raise bad_request(f"the files of the model {found.name}:{found.version} are not here", "ModelNotFound")
    return ModelFiles(found.name, found.version, path)


def artifact_of(service: Service, workspace: Workspace, model: Resource) -> str:
    """The artifact that a registered model is, a file or a folder; "" for one that has none."""
    url = str(model.body.get("url") or "")
    names = [url.removeprefix(ARTIFACT)] if url.startswith(ARTIFACT) else []
    if url.startswith(_ASSET):
        record = service.records.resources.find(workspace.id, registry.ASSETS, url.removeprefix(_ASSET))
        names = [str(item.get("prefix") or item.get("id")) for item in (record.body["artifacts"] if record else [])]
    return (names[0] if len(names) == 1 else os.path.commonpath(names)) if names else ""


def asset(service: Service, workspace: Workspace, url: str, unpack: bool) -> Asset:
    """A file by the URL that the client gives. Raises a 400 ServiceError."""
    path = _artifact(service, workspace, url.removeprefix(ARTIFACT)) if url.startswith(ARTIFACT) else None
    if path is None or not path.is_file():
        raise bad_request(f"there is no uploaded file {url}", "AssetNotFound")
    return Asset(path, unpack)


def _artifact(service: Service, workspace: Workspace, name: str) -> Path:
    try:
        return service.blobs.path(workspace.storage_account, "azureml", name.strip("/"))
    except InvalidNameError as error:
        raise bad_request(f"{name!r} is no artifact: {error}") from error


def place(assets: Sequence[Asset], target: Path) -> None:
    """Puts the code into a folder. Raises a 400 ServiceError for an archive that would write elsewhere."""
    for item in assets:
        if item.unpack:
            _unpack(item.path, item.base, target)
        else:
            shutil.copy2(item.path, target / item.path.name)


def _unpack(archive: Path, base: str, target: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            size = 0
            for member in tar:
                size += member.size
                if size > _MOST_UNPACKED:
                    raise bad_request("the source directory has more than 4 GiB")
                name = member.name.removeprefix(base)
                if member.isfile():
                    _write(tar, member, name, target)
                elif member.issym() and _is_of_run(name):
                    continue
                elif not member.isdir():
                    raise bad_request(
                        f"the source directory has {member.name}, which is neither a file nor a folder: replace links "
                        "by what they lead to"
                    )
    except (tarfile.TarError, EOFError, OSError) as error:
        raise bad_request(f"the archive of the source directory cannot be read: {error}") from error


def _is_of_run(name: str) -> bool:
    """Whether a link is in the source directory itself, whose name the client may have written first, and a step's."""
    parts = name.strip("/").split("/")
    return parts[-1] in _OF_RUN and len(parts) <= 2


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, target: Path) -> None:
    try:
        parts = check_name(name)
    except InvalidNameError as error:
        raise bad_request(f"the source directory has a file that cannot be kept: {error}") from error
    source, path = tar.extractfile(member), target.joinpath(*parts)
    assert source is not None, member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, path.open("wb") as file:
        shutil.copyfileobj(source, file)
