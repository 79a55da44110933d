"""Images that the service knows by their location: packages of models of either SDK, and images of v1's web services.

They are laid out when they are pulled, with code and models where Azure's images have them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.docker.errors import DockerError
from amlbridge.server.docker.recipes import APP, Recipe
from amlbridge.v1.webservices import files as v1_files
from amlbridge.v1.webservices import images as v1_images
from amlbridge.v1.webservices import packages as v1_packages
from amlbridge.v1.webservices.sources import ENTRY, Source
from amlbridge.v2.assets.codes import snapshots
from amlbridge.v2.online import packages, settings
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.serving.files import ModelFiles

_LOCATION = re.compile(r"localhost/(?P<workspace>[\w-]+)/(?P<name>[^:]+):(?P<tag>[^:/]+)")
_CODE = "code"


@dataclass(frozen=True)
class Known:
    """What an image is made of. ``lay_out`` puts its files into the folder that stands for ``/var/azureml-app``."""

    recipe: Recipe
    lay_out: Callable[[Path], None]


def find(service: Service, location: str) -> Known | None:
    """An image of the service; None when it is none. Raises :class:`DockerError` for one whose files are gone."""
    parts = _LOCATION.fullmatch(location)
    if parts is None:
        return None
    try:
        workspace = service.records.workspaces.get(parts["workspace"])
        return _of_v1(service, workspace, parts["name"], parts["tag"]) or _of_v2(
            service, workspace, parts["name"], parts["tag"]
        )
    except NotFoundError:
        return None
    except ServiceError as error:
        raise DockerError(404, str(error)) from error


def _of_v1(service: Service, workspace: Workspace, name: str, tag: str) -> Known | None:
    found = v1_packages.source(service, workspace, name, tag)
    if found is None:
        if service.records.resources.find(workspace.id, v1_images.KIND, name, tag) is None:
            return None
        found = v1_images.source(service, workspace, f"{name}:{tag}")
    source: Source = found
    variables = {**source.variables, ENTRY: source.script}
    if source.model_dir is not None:
        variables["AZUREML_MODEL_DIR"] = f"{APP}/{source.model_dir}"

    def lay_out(target: Path) -> None:
        v1_files.place(source.assets, target)
        _models(source.models, target)

    return Known(Recipe(source.environment, variables), lay_out)


def _of_v2(service: Service, workspace: Workspace, name: str, tag: str) -> Known | None:
    package = packages.find(service, workspace, name, tag)
    if package is None:
        return None
    made = settings.made_of(service, workspace, package, name)
    variables = {**package["environmentVariables"], "AML_APP_ROOT": f"{APP}/{_CODE}"}
    if made.script is not None:
        variables[ENTRY] = made.script.removeprefix(f"{_CODE}/")
    if made.model is not None:
        variables["AZUREML_MODEL_DIR"] = f"{APP}/{made.model.place}"

    def lay_out(target: Path) -> None:
        (target / _CODE).mkdir()
        if made.code is not None:
            snapshots(service).checkout(workspace.id, made.code, target / _CODE)
        _models((made.model,) if made.model is not None else (), target)

    return Known(Recipe(made.environment, variables), lay_out)


def _models(models: tuple[ModelFiles, ...], target: Path) -> None:
    for model in models:
        folder = target / model.place
        folder.mkdir(parents=True, exist_ok=True)
        if model.source.is_dir():
            shutil.copytree(model.source, folder / model.source.name)
        else:
            shutil.copy2(model.source, folder)
