"""An environment in the two forms that the SDKs speak: the definition of SDK v1 and the properties of SDK v2."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from amlbridge.wire.context import typed
from amlbridge.wire.errors import bad_request

#: What makes an environment: a version with others is another environment.
DEFINING = ("image", "condaFile", "build", "osType", "inferenceConfig")


def conda(text: str) -> dict[str, Any]:
    """A conda file as an object. Raises a 400 ServiceError."""
    # Here, not above: the import takes 0.3 s, a third of what the service's start may take.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise bad_request(f"condaFile is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise bad_request("condaFile must be a YAML mapping with channels and dependencies")
    if not isinstance(content.get("dependencies", []), list):
        raise bad_request("dependencies of the condaFile must be a list")
    return content


def _dump(content: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.dump(dict(content), out)
    return out.getvalue()


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that make an environment, checked. Raises a 400 ServiceError."""
    image, file = typed(given, "image", str, None), typed(given, "condaFile", str, None)
    build: dict[str, Any] | None = typed(given, "build", dict, None)
    if image and build is not None:
        raise bad_request("an environment has either an image or a build context, not both")
    if not image and build is None and not file:
        raise bad_request("an environment needs an image or a build context")
    if build is not None:
        build = {
            "contextUri": typed(build, "contextUri", str),
            "dockerfilePath": typed(build, "dockerfilePath", str, "Dockerfile"),
        }
    if file is not None:
        conda(file)
    system = typed(given, "osType", str, "Linux")
    if system.lower() not in ("linux", "windows"):
        raise bad_request(f"osType must be Linux or Windows, not {system!r}")
    return {
        "image": image,
        "condaFile": file,
        "build": build,
        "osType": system.capitalize(),
        "inferenceConfig": typed(given, "inferenceConfig", dict, None),
        "environmentType": "UserCreated",
    }


def same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two environments are one, however their conda files are written."""

    def normal(content: Mapping[str, Any]) -> list[Any]:
        values = [content.get(key) for key in DEFINING]
        values[1] = conda(values[1]) if values[1] else None
        return values

    return normal(old) == normal(new)


def to_v1(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The definition that SDK v1 reads. A build context is named by its image only."""
    file = properties.get("condaFile")
    return {
        "python": {
            "interpreterPath": "python",
            "userManagedDependencies": not file,
            "baseCondaEnvironment": None,
            "condaDependencies": conda(file) if file else None,
        },
        "environmentVariables": {},
        "docker": {
            "baseImage": properties.get("image"),
            "platform": {"os": properties.get("osType") or "Linux", "architecture": "amd64"},
            "baseDockerfile": None,
            "baseImageRegistry": {"address": None, "username": None, "password": None, "registryIdentity": None},
            "enabled": False,
            "arguments": [],
        },
        "spark": None,
        "inferencingStackVersion": None,
        "r": None,
    }


def to_v2(definition: Mapping[str, Any], docker_context: str | None = None) -> dict[str, Any]:
    """The properties that SDK v2 reads. ``docker_context``: the URL of a folder with the definition's Dockerfile."""
    python, docker = definition.get("python") or {}, definition.get("docker") or {}
    file = None if python.get("userManagedDependencies") else python.get("condaDependencies")
    build = {"contextUri": docker_context, "dockerfilePath": "Dockerfile"} if docker_context else None
    return {
        "image": None if build else docker.get("baseImage"),
        "condaFile": _dump(file) if file else None,
        "build": build,
        "osType": "Linux",
        "inferenceConfig": None,
        "environmentType": "UserCreated",
        "description": None,
        "tags": {},
        "properties": {},
        "isAnonymous": False,
        "isArchived": False,
    }
