"""What a v1 RunConfiguration (as JSON) says about a step: environment, variables, resources, distribution.

Values that the client fills in by itself (``EXAMPLE_ENV_VAR``, the interpreter ``python``, the default Docker settings)
mean nothing and do not enter the Plan, so that two scripts that say the same give the same Plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amlbridge.engine.plan import Distribution, Environment, Json
from amlbridge.v1.graph_reading import Fields, checked_json, malformed, parse

#: What the client puts into every environment that names no variables of its own.
_PLACEHOLDER = ("EXAMPLE_ENV_VAR", "EXAMPLE_VALUE")
_DOCKER_DEFAULTS: dict[str, Json] = {"arguments": [], "shmSize": "2g", "sharedVolumes": True}
_HISTORY_DEFAULTS: dict[str, Json] = {"outputCollection": True, "snapshotProject": True, "directoriesToWatch": ["logs"]}
_MPI = ("mpi", "openmpi", "intelmpi")
_PYTORCH = ("nccl", "gloo")
_PARAMETER_SERVER = "parameterserver"

#: Reads a module parameter that may override a field of the run configuration.
Override = Callable[[str], str | None]


def read(text: str | None, spot: str) -> Fields:
    """The RunConfiguration of a node; an empty one when it has none. Raises a 400 :class:`ServiceError`."""
    if not text:
        return Fields({}, spot)
    try:
        content = parse(text, spot)
    except ValueError as error:
        raise malformed(spot, f"is not JSON: {error}") from error
    return Fields({} if content is None else content, spot)


def environment(config: Fields) -> Environment:
    """The environment: its conda specification and image are recorded, not built."""
    section = config.object("environment")
    python = section.object("python")
    user_managed = python.flag("userManagedDependencies")
    interpreter = python.text("interpreterPath")
    conda = checked_json(python.object("condaDependencies").content, python.at("condaDependencies"))
    return Environment(
        name=section.text("name"),
        version=section.label("version"),
        conda=None if user_managed or not conda else conda,
        image=section.object("docker").text("baseImage"),
        user_managed=user_managed,
        interpreter=interpreter if user_managed and interpreter not in (None, "python") else None,
    )


def variables(config: Fields) -> dict[str, str]:
    """Environment variables: the environment's, then the run configuration's, which win."""
    found = config.object("environment").scalars("environmentVariables")
    if found.get(_PLACEHOLDER[0]) == _PLACEHOLDER[1]:
        del found[_PLACEHOLDER[0]]
    return {**found, **config.scalars("environmentVariables")}


def nodes(config: Fields, override: Override) -> int:
    """How many nodes the step wants."""
    label = override("NodeCount")
    count = _count(label, "NodeCount") if label else config.number("nodeCount")
    if count is None:
        count = 1
    if count < 1:
        raise malformed(config.at("nodeCount"), f"must be at least 1, not {count}")
    return count


def timeout(config: Fields, override: Override) -> float | None:
    """The longest that the step may run, in seconds; None without a bound."""
    label = override("MaxRunDurationSeconds")
    seconds = _count(label, "MaxRunDurationSeconds") if label else config.number("maxRunDurationSeconds")
    return float(seconds) if seconds is not None and 0 < seconds < 10**9 else None


def distribution(config: Fields, override: Override, node_count: int) -> Distribution | None:
    """How many processes the step starts on each node; None for a plain step."""
    communicator = (override("Communicator") or config.text("communicator") or "None").lower()
    if communicator in _MPI:
        label = override("MpiProcessCountPerNode")
        count = _count(label, "MpiProcessCountPerNode") if label else config.object("mpi").number("processCountPerNode")
        return Distribution("mpi", max(1, count or 1))
    if communicator in _PYTORCH:
        total = config.object("pytorch").number("processCount") or node_count
        return Distribution("pytorch", max(1, total // node_count), {"backend": communicator})
    if communicator == _PARAMETER_SERVER:
        section, options = config.object("tensorflow"), {}
        for name, field in (
            ("TensorflowWorkerCount", "workerCount"),
            ("TensorflowParameterServerCount", "parameterServerCount"),
        ):
            label = override(name)
            count = _count(label, name) if label else section.number(field)
            options[field] = 1 if count is None else count
        return Distribution("tensorflow", 1, options)
    return None


def details(config: Fields) -> dict[str, Json]:
    """What else the run configuration says that differs from its defaults (Docker, history, a Dockerfile)."""
    found: dict[str, Json] = {}
    environment = config.object("environment")
    docker = environment.object("docker")
    # The settings of a container once belonged to the environment; those of the run win.
    settings = {**_changed(docker, _DOCKER_DEFAULTS), **_changed(config.object("docker"), _DOCKER_DEFAULTS)}
    if settings:
        found["docker"] = settings
    history = _changed(config.object("history"), _HISTORY_DEFAULTS)
    if history:
        found["history"] = history
    for name, text in (
        ("dockerfile", docker.text("baseDockerfile")),
        ("build_context", docker.object("buildContext").text("location")),
        ("image_registry", docker.object("baseImageRegistry").text("address")),
        ("base_conda_environment", environment.object("python").text("baseCondaEnvironment")),
    ):
        if text:
            found[name] = text
    if config.number("priority") is not None:
        found["priority"] = config.number("priority")
    return found


def _changed(section: Fields, defaults: dict[str, Json]) -> dict[str, Json]:
    """The fields of a section that differ from what the client fills in by itself."""
    return {
        key: checked_json(section.content[key], section.at(key))
        for key, default in defaults.items()
        if section.content.get(key) not in (None, default)
    }


def instance_type(config: Fields) -> str | None:
    """The instance type that the run configuration asks for."""
    return config.object("kubernetescompute").text("instanceType") or config.object("amlcompute").text("vmSize")


def _count(label: str | None, name: str) -> int:
    holder: dict[str, Any] = {name: label}
    count = Fields(holder, "ModuleParameters").number(name)
    assert count is not None
    return count
