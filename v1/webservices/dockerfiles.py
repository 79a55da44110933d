"""The Dockerfile of a service's code: it says with which environment the code runs, and is built by no real Docker."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict

from amlbridge.engine.plan import Environment
from amlbridge.wire.errors import bad_request

#: The folder of the build context for code and models; the client knows this name.
APPLICATION = "azureml-app"
#: The Dockerfile's label that holds the environment: base64 of JSON.
LABEL = "amlbridge.environment"
#: A real Docker would build an image without a server: it is to stop, with a reason.
NOT_FOR_DOCKER = (
    "echo 'this Dockerfile is for the Docker API of amlbridge: unset DOCKER_HOST under amlbridge run' && exit 1"
)


def dockerfile(environment: Environment, variables: Mapping[str, str], conda_file: str | None = None) -> str:
    """A Dockerfile that says with which environment and variables the code runs. ``conda_file``: the packages are in
    this file beside the code. Raises a 400 ServiceError for what it cannot hold."""
    if conda_file is not None:
        _one_line("condaEnvFile", conda_file)
    label = base64.b64encode(json.dumps(asdict(environment)).encode()).decode()
    lines = [
        "# Code and models run with the environment of the label, without a container.",
        f"FROM {environment.image or 'scratch'}",
        f"RUN {NOT_FOR_DOCKER}",
        f'LABEL {LABEL}="{label}"',
        *(f"ENV {name}={shlex.quote(_one_line(name, value))}" for name, value in sorted(variables.items())),
        *([f"RUN conda env create -f {shlex.quote(f'{APPLICATION}/{conda_file}')}"] if conda_file else []),
        f"COPY {APPLICATION} /var/{APPLICATION}",
        f"WORKDIR /var/{APPLICATION}",
    ]
    return "\n".join(lines) + "\n"


def _one_line(name: str, value: str) -> str:
    if "\n" in value or "\\" in value:
        raise bad_request(f"{name} of a local web service may have no line break and no '\\'")
    return value
