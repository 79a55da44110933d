"""The environments of steps as files: equal ones are written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.plan import Node
from amlbridge.trace.model import Pipeline
from amlbridge.trace.names import Names, identifier
from amlbridge.trace.yaml_text import dump

_SCHEMA = "https://azuremlschemas.azureedge.net/latest/environment.schema.json"
#: For a step whose environment names no image; SDK v2 needs one. It is what SDK v1 takes by default.
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"


@dataclass(frozen=True)
class Files:
    """What is written for an environment: its image, and its conda specification if it has one."""

    image: str
    conda: Any = None


def reference(node: Node, to: Pipeline) -> str:
    """What the component says of its environment: the file that is written for it."""
    conda = _plain(node.environment.conda)
    known = len(to.files)
    step = identifier(node.name.removesuffix(".py"), "step", lower=True)
    base = identifier(node.environment.name or "", "", lower=True) or f"{step}_env"
    found = written(Files(node.environment.image or IMAGE, conda), base, to)
    if conda is None and len(to.files) > known:
        to.attention.append(_without_packages(node))
    return found


def written(environment: Files, name: str, to: Pipeline) -> str:
    """Writes an environment into a folder called ``name``, if there is none that is equal. Returns what a component
    says of it."""
    wanted = {"environment.yml": _environment(environment)}
    if environment.conda is not None:
        wanted["conda.yml"] = dump(environment.conda)
    folder = _folder(wanted, name, to)
    to.files.update({f"{folder}/{file}": text for file, text in wanted.items()})
    return f"file:../../{folder}/environment.yml"


def _folder(wanted: Mapping[str, str], name: str, to: Pipeline) -> str:
    """The folder of an equal environment, or a new one."""
    known: dict[str, dict[str, str]] = {}
    for path, text in to.files.items():
        folder, _, file = path.rpartition("/")
        if folder.startswith("environments/"):
            known.setdefault(folder, {})[file] = text
    for folder, content in known.items():
        if content == wanted:
            return folder
    return f"environments/{Names(*(folder.removeprefix('environments/') for folder in known)).take(name)}"


def _environment(found: Files) -> str:
    content: dict[str, Any] = {"$schema": _SCHEMA, "image": found.image}
    if found.conda is not None:
        content["conda_file"] = "conda.yml"
    return dump(content)


def _plain(conda: Any) -> Any:
    """The specification as plain JSON values; None for one that asks for nothing."""
    if not isinstance(conda, Mapping) or not conda.get("dependencies"):
        return None
    content: dict[str, Any] = json.loads(json.dumps(conda))
    return {name: value for name, value in content.items() if value not in (None, [], "")}


def _without_packages(node: Node) -> str:
    found = node.environment
    what = f"the environment {found.name!r}" if found.name else "its environment"
    return (
        f"Step {node.name!r}: {what} names no packages (it is curated, managed by its user, or a stand-in): "
        "only an image is written. Put what the script imports into a conda.yml."
    )
