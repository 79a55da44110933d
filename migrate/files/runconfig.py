"""A run configuration of v1 (``.azureml/NAME.runconfig``) as a command job of v2 in YAML.

Source: the v1 reference of ``RunConfiguration`` and the v2 reference of the command job's YAML.
"""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath
from typing import Any

from amlbridge.migrate.files.yaml_text import SCHEMAS, get, load
from amlbridge.migrate.requirements import converted

#: Folders in which v1 keeps run configurations; paths in them count from the folder above.
CONFIG_FOLDERS = frozenset([".azureml", "aml_config"])
_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest"
_FRAMEWORKS = {"pytorch": "pytorch", "tensorflow": "tensorflow", "mpi": "mpi"}


def is_runconfig(path: Path, text: str) -> bool:
    """Whether a file is a run configuration: by its name, or by the fields that all have."""
    if path.suffix.lower() == ".runconfig":
        return True
    return path.suffix.lower() in (".yml", ".yaml") and all(
        f"\n{name}:" in f"\n{text}" for name in ("script", "framework", "communicator")
    )


def job(path: Path, text: str) -> tuple[str, dict[str, Any], list[str]] | None:
    """The job's file (relative to the configuration's folder), its content, and what was assumed or left out; None when
    the file cannot be read or names no script."""
    content = load(text)
    script = get(content, "script")
    if not isinstance(script, str) or not script:
        return None
    inside = path.parent.name in CONFIG_FOLDERS
    name = f"{path.stem}.job.yml"
    notes: list[str] = []
    found: dict[str, Any] = {"$schema": SCHEMAS["command"], "command": _command(content, script), "code": "."}
    if notes_of_data := _data(content):
        notes.append(notes_of_data)
    found["environment"] = environment(content, notes)
    target = get(content, "target")
    if isinstance(target, str) and target and target != "local":
        found["compute"] = f"azureml:{target}"
    elif target == "local":
        notes.append("it ran on this computer (target: local): name a compute, or leave it to serverless")
    found |= _more(content)
    return (f"../{name}" if inside else name), found, notes


def _command(content: Any, script: str) -> str:
    arguments = get(content, "arguments")
    if isinstance(arguments, str):
        words = shlex.split(arguments)
    else:
        words = [str(item) for item in arguments] if isinstance(arguments, list) else []
    return " ".join(["python", shlex.quote(PurePosixPath(script).as_posix()), *map(shlex.quote, words)])


def environment(content: Any, notes: list[str]) -> Any:
    """The environment of a configuration: a name, or image and conda file. Adds to ``notes``."""
    own = get(content, "environment")
    image = get(own, "docker", "baseImage")
    if get(own, "docker", "baseDockerfile"):
        notes.append("its Dockerfile has to become the build context of the environment (build: path, dockerfile_path)")
    conda = get(own, "python", "condaDependencies") or get(own, "python", "condaDependenciesFile")
    name, version = get(own, "name"), get(own, "version")
    if isinstance(name, str) and name.startswith("AzureML-"):
        return f"azureml://registries/azureml/environments/{name}/labels/latest"
    if conda is None and isinstance(name, str) and version:
        return f"azureml:{name}:{version}"
    found: dict[str, Any] = {"image": image if isinstance(image, str) and image else _IMAGE}
    if get(own, "python", "userManagedDependencies"):
        notes.append("userManagedDependencies: the image has to bring all packages")
    elif conda is not None:
        found["conda_file"] = _with_packages_of_v2(conda)
    return found


def _with_packages_of_v2(conda: Any) -> Any:
    """A conda file in the text of the configuration, with what a job of SDK v2 needs; the path of one as it is."""
    listed = get(conda, "dependencies")
    if not isinstance(listed, list):
        return conda
    pip: list[Any] = next(
        (entry["pip"] for entry in listed if isinstance(entry, dict) and isinstance(entry.get("pip"), list)), []
    )
    others = [entry for entry in listed if not (isinstance(entry, dict) and "pip" in entry)]
    has_pip = any(str(entry).split("=")[0].strip() == "pip" for entry in others)
    packages = {"pip": converted([str(package) for package in pip])}
    return {**conda, "dependencies": [*others, *([] if has_pip else ["pip"]), packages]}


def _data(content: Any) -> str | None:
    named = [
        str(name)
        for key in ("data", "dataReferences", "outputData")
        for name in (get(content, key) if isinstance(get(content, key), dict) else {})
    ]
    if not named:
        return None
    return f"its data ({', '.join(named)}) are not declared yet: add them under inputs and outputs, and to the command"


def _more(content: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    variables = get(content, "environmentVariables") or get(content, "environment", "environmentVariables")
    if isinstance(variables, dict):
        kept = {str(name): str(value) for name, value in variables.items() if name != "EXAMPLE_ENV_VAR"}
        if kept:
            found["environment_variables"] = kept
    nodes = get(content, "nodeCount")
    if isinstance(nodes, int) and nodes > 1:
        found["resources"] = {"instance_count": nodes}
    kind = _FRAMEWORKS.get(str(get(content, "framework")).lower())
    communicator = str(get(content, "communicator")).lower()
    if communicator in ("mpi", "intelmpi", "openmpi"):
        processes = get(content, "mpi", "processCountPerNode") or 1
        found["distribution"] = {"type": "mpi", "process_count_per_instance": processes}
    elif communicator == "nccl" or (kind == "pytorch" and communicator not in ("none", "")):
        total = get(content, "pytorch", "processCount") or nodes or 1
        share = max(1, int(total) // int(nodes or 1))
        found["distribution"] = {"type": "pytorch", "process_count_per_instance": share}
    elif communicator == "parameterserver":
        found["distribution"] = {
            "type": "tensorflow",
            "worker_count": get(content, "tensorflow", "workerCount") or 1,
            "parameter_server_count": get(content, "tensorflow", "parameterServerCount") or 0,
        }
    seconds = get(content, "maxRunDurationSeconds")
    if isinstance(seconds, int) and seconds > 0:
        found["limits"] = {"timeout": seconds}
    return found
