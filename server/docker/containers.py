"""Images and containers: what is kept of them, and how a container becomes a model server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from amlbridge.engine.environments.provider import Environments, Step
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node
from amlbridge.engine.serving.contract import Program
from amlbridge.server.docker.archives import inside
from amlbridge.server.docker.errors import DockerError
from amlbridge.server.docker.listeners import Listener
from amlbridge.server.docker.recipes import APP, Recipe
from amlbridge.wire import step_environment

Status = Literal["created", "running", "exited"]
#: The port of the server in Azure's images.
PORT = "5001/tcp"


@dataclass
class Image:
    """A build context that was read. ``files`` is what lies at / of its containers."""

    id: str
    recipe: Recipe
    files: Path
    tags: list[str]
    created: float = field(default_factory=time.time)


@dataclass
class Container:
    """``bindings`` are host ports by the container's (None: any free one); ``mounts`` host folders by the container's.
    ``root`` is what lies at / otherwise."""

    id: str
    name: str
    image: Image
    root: Path
    labels: Mapping[str, str]
    variables: Mapping[str, str]
    mounts: Mapping[str, Path]
    bindings: Mapping[str, int | None]
    tty: bool
    auto_remove: bool
    created: float = field(default_factory=time.time)
    status: Status = "created"
    exit_code: int = 0
    error: str = ""
    listener: Listener | None = None
    #: The host's port while it runs.
    port: int | None = None

    @property
    def log(self) -> Path:
        """What its processes print."""
        return self.root.parent / "log.txt"

    def path(self, inner: str) -> Path:
        """The file of this machine behind a path in the container."""
        parts = inside(inner)
        # The longest mount first: one may lie in another.
        for target, source in sorted(self.mounts.items(), key=lambda item: -len(inside(item[0]))):
            mounted = inside(target)
            if parts[: len(mounted)] == mounted:
                return source.joinpath(*parts[len(mounted) :])
        return self.root.joinpath(*parts)


def new_id() -> str:
    """An id as Docker makes them: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def program(container: Container, environments: Environments, variables: Mapping[str, str], step: Step) -> Program:
    """What the model server of a container runs. Raises :class:`EngineError` when there is no scoring script and no
    MLflow model."""
    recipe = container.image.recipe
    _tell_differences(container, environments)
    python = environments.interpreter(recipe.environment, environments.default, step)
    given = {**recipe.variables, **container.variables}
    code = container.path(given.get("AML_APP_ROOT", APP))
    model = container.path(_absolute(given.get("AZUREML_MODEL_DIR", "azureml-models")))
    inherited = step_environment.inherited()
    env = {
        **inherited,
        **variables,
        "PATH": f"{Path(python).parent}:{inherited.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        **{name: _translated(container, value) for name, value in given.items()},
        "AML_APP_ROOT": str(code),
        "AZUREML_MODEL_DIR": str(model),
    }
    named = given.get("AZUREML_ENTRY_SCRIPT")
    if named is None:
        return Program("mlflow", _mlflow_model(model), model, python, env)
    script = code.joinpath(*inside(named))
    if not script.is_file():
        raise EngineError(f"the container has no scoring script {named} in {given.get('AML_APP_ROOT', APP)}")
    return Program("script", script, code, python, env, (str(script.parent), str(code)))


def _absolute(path: str) -> str:
    """A path in the container; v1's client gives AZUREML_MODEL_DIR from the application's folder."""
    return path if path.startswith("/") else f"{APP}/{path}"


def _translated(container: Container, value: str) -> str:
    """A variable's value; the path of a mount is the folder of this machine."""
    for target in container.mounts:
        if value == target or value.startswith(f"{target.rstrip('/')}/"):
            return str(container.path(value))
    return value


def _mlflow_model(folder: Path) -> Path:
    found = sorted(path.parent for path in (*folder.glob("MLmodel"), *folder.glob("*/MLmodel")))
    if not found:
        raise EngineError(
            "the container has neither a scoring script (code_configuration) nor an MLflow model in AZUREML_MODEL_DIR"
        )
    return found[0]


def _tell_differences(container: Container, environments: Environments) -> None:
    """Says in the log what the interpreter will not have."""
    node = Node(container.name, container.name, environment=container.image.recipe.environment)
    found = environments.findings(node, environments.default)
    if found:
        with container.log.open("a", encoding="utf-8") as file:
            file.writelines(f"amlbridge | the environment differs: {text}\n" for text in found)


def requested(body: Mapping[str, Any], image: Image, name: str, root: Path) -> Container:
    """A container as a client asks for it; its folder, which holds ``root``, is named by its id. Raises a 400
    :class:`DockerError`."""
    host: dict[str, Any] = body.get("HostConfig") or {}
    bindings: dict[str, int | None] = {PORT: None} if host.get("PublishAllPorts") else {}
    for inner, outer in (host.get("PortBindings") or {}).items():
        wanted = str((outer or [{}])[0].get("HostPort") or "")
        if wanted and not wanted.isdecimal():
            raise DockerError(400, f"invalid port specification: {wanted!r}")
        bindings[inner] = int(wanted) if wanted else None
    return Container(
        id=root.parent.name,
        name=name,
        image=image,
        root=root,
        labels={str(key): str(value) for key, value in (body.get("Labels") or {}).items()},
        variables=dict(item.partition("=")[::2] for item in body.get("Env") or []),
        mounts=dict(_mount(item) for item in host.get("Binds") or []),
        bindings=bindings,
        tty=bool(body.get("Tty")),
        auto_remove=bool(host.get("AutoRemove")),
    )


def _mount(text: str) -> tuple[str, Path]:
    source, _, rest = text.partition(":")
    target = rest.partition(":")[0]
    if not source.startswith("/") or not target.startswith("/"):
        raise DockerError(400, f"{text!r}: only folders of this machine can be mounted, as /HOST:/CONTAINER")
    return target, Path(source)
