"""The files of a deployment, laid out as in Azure's containers, in a folder of its own.

    serving/{workspace}/{flavor}/{endpoint}/{deployment}/log.txt
    serving/{workspace}/{flavor}/{endpoint}/{deployment}/{generation}/app/…                       the code
    serving/{workspace}/{flavor}/{endpoint}/{deployment}/{generation}/app/azureml-models/NAME/VERSION/…   the models

They are copies: what becomes of the assets later changes nothing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.blobs import check_name
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.serving.records import Deployment

MODELS = "azureml-models"
_PART = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class ModelFiles:
    """A model to be laid out: ``source`` is its file or folder, which keeps its name."""

    name: str
    version: str
    source: Path

    @property
    def place(self) -> str:
        """The folder of the model, relative to the folder of the app."""
        return f"{MODELS}/{self.name}/{self.version}"


def folder(service: Service, deployment: Deployment) -> Path:
    """The folder of a deployment. Its parts are checked by whoever takes names from a client; here again."""
    parts = (deployment.workspace, deployment.flavor, deployment.endpoint, deployment.name)
    lower = [part.lower() for part in parts]
    if not all(_PART.fullmatch(part) for part in lower):
        raise bad_request(f"{'/'.join(parts)} cannot be the name of a deployment")
    return service.home.joinpath("serving", *lower)


def app(service: Service, deployment: Deployment) -> Path:
    """The folder of the code and the models."""
    return folder(service, deployment) / deployment.generation / "app"


def log(service: Service, deployment: Deployment) -> Path:
    """The log of a deployment, over all of its generations."""
    return folder(service, deployment) / "log.txt"


def lay_out(
    service: Service, deployment: Deployment, place_code: Callable[[Path], None], models: Sequence[ModelFiles]
) -> None:
    """Makes the folder of a generation: ``place_code`` puts the code into the folder that it is given, models are
    copied. Raises a 4xx error when the script is not there, and leaves nothing then."""
    root = app(service, deployment)
    try:
        root.mkdir(parents=True, mode=0o700)
        place_code(root / deployment.code)
        for model in models:
            target = root.joinpath(*check_name(model.place))
            target.mkdir(parents=True, exist_ok=True)
            _copy(model.source, target / model.source.name)
        if deployment.script is not None and not root.joinpath(*check_name(deployment.script)).is_file():
            raise bad_request(
                f"the scoring script {deployment.script} is not in the code folder of the deployment {deployment.name}",
                "ScoringScriptNotFound",
            )
    except BaseException:
        shutil.rmtree(root.parent, ignore_errors=True)
        raise


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def remove_others(service: Service, deployment: Deployment) -> None:
    """Removes the files of earlier generations."""
    for entry in folder(service, deployment).iterdir():
        if entry.is_dir() and entry.name != deployment.generation:
            shutil.rmtree(entry)


def remove(service: Service, deployment: Deployment) -> None:
    """Removes all files of a deployment, its log among them."""
    place = folder(service, deployment)
    if place.exists():
        shutil.rmtree(place)
