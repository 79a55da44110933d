"""Where the files of a registered model are: MLflow says it by a source, SDK v1 by an asset of artifacts.

A source that MLflow's client sends is a folder of this machine or one of its own addresses. Only what is kept with the
workspace can be a model of it, as in Azure: files elsewhere could change or go.
"""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import model_registry as registry
from amlbridge.wire.artifact_files import CONTAINER, RUN_ORIGIN
from amlbridge.wire.context import Call, Service
from amlbridge.wire.mlflow import logged_models
from amlbridge.wire.mlflow.errors import invalid, missing
from amlbridge.wire.mlflow.run_entity import run_of
from amlbridge.wire.run_dto import data_container

_ASSET, _ARTIFACT = "aml://asset/", "aml://artifact/"
_LOGGED = re.compile(r"models:/(?P<id>m-[0-9a-f]{32})(?:/(?P<path>.*))?")
_VERSION = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d+)")
_OF_RUN = re.compile(r"(?:runs:/(?P<run>[^/]+)|azureml://jobs/(?P<job>[^/]+)/outputs/artifacts/paths)/(?P<path>.+)")


def url_of(call: Call, name: str, source: str) -> str:
    """The ``url`` of a new version from MLflow's source. Raises INVALID_PARAMETER_VALUE or RESOURCE_DOES_NOT_EXIST."""
    if version := _VERSION.fullmatch(source):
        of = f"{version['name']}:{version['version']}"
        return str(registry.get(call.service, call.workspace, of).body["url"])
    artifact = _artifact(call, source).rstrip("/")
    account = call.workspace.storage_account
    if not call.service.blobs.path(account, CONTAINER, artifact).exists():
        raise invalid(f"there is nothing at {source}: log the model first, then register it")
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
    asset = call.records.resources.add(call.workspace.id, registry.ASSETS, str(uuid.uuid4()), body)
    return f"{_ASSET}{asset.name}"


def logged_model_of(source: str) -> str | None:
    """The id of the logged model that a source is, if it is one."""
    logged = _LOGGED.fullmatch(source)
    return logged["id"] if logged else None


def _artifact(call: Call, source: str) -> str:
    """The path of a source in the artifact container."""
    if logged := _LOGGED.fullmatch(source):
        return f"{logged_models.files_of(logged_models.model_of(call, logged['id']))}/{logged['path'] or ''}"
    if of_run := _OF_RUN.fullmatch(source):
        run = run_of(call, of_run["run"] or of_run["job"])
        return f"{RUN_ORIGIN}/{data_container(run)}/{of_run['path']}"
    path = unquote(urlsplit(source).path) if source.startswith("file:") else source
    root = call.service.blobs.container(call.workspace.storage_account, CONTAINER)
    if Path(path).is_absolute():
        found = Path(os.path.normpath(path))
        if found.is_relative_to(root) and len(found.relative_to(root).parts) > 2:
            return found.relative_to(root).as_posix()
    raise invalid(
        f"Invalid model version source: {source!r} is not kept with this workspace. Log the model to a run first "
        "(mlflow.<flavor>.log_model) and register runs:/<run id>/<path>"
    )


def local_path(service: Service, workspace: Workspace, model: Resource) -> Path:
    """The folder (or the one file) of a version. Raises RESOURCE_DOES_NOT_EXIST when its record names none."""
    url = str(model.body.get("url") or "")
    names = [url.removeprefix(_ARTIFACT)] if url.startswith(_ARTIFACT) else []
    if url.startswith(_ASSET):
        asset = service.records.resources.find(workspace.id, registry.ASSETS, url.removeprefix(_ASSET))
        names = [str(item.get("prefix") or item.get("id")) for item in (asset.body["artifacts"] if asset else [])]
    if not names:
        raise missing(f"the files of model {model.name}:{model.version} are not in this workspace: {url}")
    common = (names[0] if len(names) == 1 else os.path.commonpath(names)).rstrip("/")
    return service.blobs.path(workspace.storage_account, CONTAINER, common)
