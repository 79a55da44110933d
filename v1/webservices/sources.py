"""What a web service is made of: models, code, the scoring script in it, an environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.plan import Environment
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph_runconfig
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.webservices import files
from amlbridge.v1.webservices.files import Asset
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.serving.files import MODELS, ModelFiles

#: The variable by which the client names the scoring script; its driver program, which would load it, is left alone.
ENTRY = "AZUREML_ENTRY_SCRIPT"


@dataclass(frozen=True)
class Source:
    """What runs behind a service: ``script`` is a path in the folder of the code, which ``assets`` are."""

    models: tuple[ModelFiles, ...]
    assets: tuple[Asset, ...]
    script: str
    environment: Environment
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def model_dir(self) -> str | None:
        """What AZUREML_MODEL_DIR names, relative to the folder of the code: the model, or the folder of several."""
        if not self.models:
            return None
        return self.models[0].place if len(self.models) == 1 else MODELS


def of_request(service: Service, workspace: Workspace, request: Mapping[str, Any], spot: str) -> Source:
    """What an InferenceConfig with an environment asks for. Raises a 4xx ServiceError, and a 501 for models without
    an InferenceConfig."""
    found = models(service, workspace, request)
    environment: dict[str, Any] = typed(request, "environment", dict, {})
    if not environment:
        raise ServiceError(
            501,
            "NotSupported",
            "deploying a model without an InferenceConfig takes a server that Microsoft keeps for its framework: give "
            "Model.deploy an InferenceConfig with an entry_script and an environment",
        )
    config = Fields({"environment": environment}, spot)
    variables = {key: str(value) for key, value in graph_runconfig.variables(config).items()}
    named = variables.pop(ENTRY, "")
    if not named:
        raise bad_request(f"the environment of the request has no variable {ENTRY}, which names the scoring script")
    return Source(
        found, assets(service, workspace, request), script(named), graph_runconfig.environment(config), variables
    )


def script(named: str) -> str:
    """The path of a scoring script. Raises a 400 ServiceError for one outside of the folder of the code."""
    try:
        return "/".join(check_name(named.replace("\\", "/").removeprefix("./")))
    except InvalidNameError as error:
        raise bad_request(f"the scoring script {named!r} is no path in the source directory: {error}") from error


def models(service: Service, workspace: Workspace, request: Mapping[str, Any]) -> tuple[ModelFiles, ...]:
    """The files of the models of a request. Raises a 404 or 400 ServiceError."""
    ids: list[Any] = typed(request, "modelIds", list, [])
    return tuple(files.model(service, workspace, str(item)) for item in ids)


def assets(service: Service, workspace: Workspace, request: Mapping[str, Any]) -> tuple[Asset, ...]:
    """The code: what the client uploaded, without its driver program. Raises a 400 ServiceError."""
    driver = request.get("driverProgram")
    return tuple(
        files.asset(service, workspace, typed(item, "url", str), bool(item.get("unpack")))
        for item in listed(request)
        if item.get("id") != driver
    )


def listed(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The assets of a request as given. Raises a 400 ServiceError."""
    given: list[Any] = typed(request, "assets", list, [])
    if not all(isinstance(item, dict) for item in given):
        raise bad_request("assets must be objects")
    return given
