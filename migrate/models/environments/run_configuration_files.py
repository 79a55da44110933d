"""What a run configuration in a file says (``RunConfiguration.load(path)``), where the file is there when the code is
converted.

Source: the files that ``RunConfiguration.save`` of azureml-core writes, and how its ``load`` finds them.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.files.runconfig import CONFIG_FOLDERS
from amlbridge.migrate.files.yaml_text import get, load
from amlbridge.migrate.models.code.static import NotKnownError, Static, file_of, folder_of
from amlbridge.migrate.models.environments.environment import Parts
from amlbridge.migrate.models.jobs.run_data import MODES
from amlbridge.migrate.rewriter import Rewriter

_ELSEWHERE = (
    "SDK v2 has no run configurations in files, and this one is not there: write its settings into command(...), or "
    "the YAML of azure.ai.ml.load_job"
)
_LATE = (
    "which file it is shows only when the code runs; each run configuration is written as the job NAME.job.yml, which "
    "azure.ai.ml.load_job reads: load the one that is meant, and submit that"
)
_DATA = "the data of the file ({}) are none of SDK v2: what runs with it names its inputs itself"


_NAMED = "the file names its dataset by an id, which SDK v2 does not know: the data asset is taken to be called {}"


class _Straight(Static):
    """A variable that has several values has the one of the lines above."""

    def binding(self, name: ast.Name) -> Binding:
        bindings = self._to.evaluator.scopes.lookup(name.id, name)
        if len(bindings) != 1 or bindings[0].kind != "assign":
            raise NotKnownError(name.id)
        return bindings[0]


def parts_of_file(use: Use, to: Rewriter) -> Parts:
    """The settings of the file that a call loads. Raises ValueError where it is not there, or cannot be read."""
    path, name = use.argument("path", position=0), use.argument("name", position=1)
    try:
        place = _Straight(to, use.node).value(path) if path is not None else "."
        file = file_of(place, to) or _named(place, to.evaluator.text(name) if name is not None else None, to)
        content = load(file.read_text("utf-8")) if file is not None else None
    except NotKnownError as error:
        raise ValueError(_LATE) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(_ELSEWHERE) from error
    if file is None and name is not None and to.evaluator.text(name) is None:
        raise ValueError(_LATE)
    if file is None or not isinstance(content, dict):
        raise ValueError(_ELSEWHERE)
    found = Parts()
    _take_environment(found, _environment(content, file), file, place, to)
    target, script = get(content, "target"), get(content, "script")
    if isinstance(target, str) and target and target != "local":
        found.target = _code(target, use, to)
    if isinstance(script, str) and script:
        found.script = _code(script, use, to)
        found.arguments = _code(list(map(str, get(content, "arguments") or [])), use, to)
    nodes = get(content, "nodeCount")
    found.node_count = str(nodes) if isinstance(nodes, int) and nodes > 1 else ""
    if str(get(content, "communicator")).lower() in ("mpi", "openmpi", "intelmpi"):
        make, count = to.need("azure.ai.ml", "MpiDistribution"), get(content, "mpi", "processCountPerNode") or 1
        found.distribution = f"{make}(process_count_per_instance={count})"
    for name, how in (get(content, "data") or {}).items():
        found.data.append((str(name), _input(str(name), str(get(how, "mechanism")), to)))
        found.reviews.append(_NAMED.format(name))
    data = [name for key in ("dataReferences", "outputData") for name in get(content, key) or ()]
    found.reviews += [_DATA.format(", ".join(map(str, data)))] if data else []
    return found


def _input(name: str, mechanism: str, to: Rewriter) -> str:
    """The newest data asset that has the name of an input."""
    mode = f', mode="{MODES[mechanism]}"' if mechanism in ("mount", "download") else ""
    kind = "uri_folder" if mode else "mltable"
    return f'{to.need("azure.ai.ml", "Input")}(type="{kind}", path="azureml:{name}@latest"{mode})'


def _named(place: Any, name: str | None, to: Rewriter) -> Path | None:
    """The file of a name in the folders that SDK v1 keeps such files in."""
    folder = folder_of(place, to)
    if folder is None or name is None:
        return None
    files = [folder / below / f"{name}.runconfig" for below in ("", *sorted(CONFIG_FOLDERS))]
    return next((file for file in files if file.is_file()), None)


def _environment(content: Any, file: Path) -> Any:
    """The section of the environment, which may be in a file beside."""
    own = get(content, "environment")
    if not isinstance(own, str):
        return own
    beside = file.parent / own
    return load(beside.read_text("utf-8")) if beside.is_file() else None


def _take_environment(found: Parts, own: Any, file: Path, place: Any, to: Rewriter) -> None:
    if not isinstance(own, dict) or get(own, "docker", "baseDockerfile"):
        raise ValueError(f"{_ELSEWHERE}: its environment cannot be told")
    image, name, version = get(own, "docker", "baseImage"), get(own, "name"), get(own, "version")
    conda, path = get(own, "python", "condaDependencies"), get(own, "python", "condaDependenciesFile")
    if conda is None and isinstance(name, str) and version:
        raise ValueError(f"the file names the environment {name}: give command(environment='azureml:{name}:{version}')")
    found.image = repr(image) if isinstance(image, str) and image else ""
    if get(own, "python", "userManagedDependencies"):
        return
    if isinstance(conda, dict):
        found.conda_code = repr(conda)
    elif isinstance(path, str) and path:
        above = file.parent.parent if file.parent.name in CONFIG_FOLDERS else file.parent
        known = next((place for place in (above / path, file.parent / path) if place.is_file()), above / path)
        found.conda_code = _counted_like(place, known, to)
    variables = get(own, "environmentVariables")
    if isinstance(variables, dict):
        kept = {str(key): str(value) for key, value in variables.items() if key != "EXAMPLE_ENV_VAR"}
        found.items += [(repr(key), repr(value)) for key, value in kept.items()]


def _counted_like(place: Any, file: Path, to: Rewriter) -> str:
    """Code of the path of a file that counts from where that of the run configuration, ``place``, does: from the folder
    of the module, or from where the code is started."""
    if Path(str(place)).is_absolute():
        os_ = to.need_module("os")
        inner = Path(os.path.relpath(file, to.path.parent)).as_posix()
        return f"{os_}.path.join({os_}.path.dirname({os_}.path.abspath(__file__)), {json.dumps(inner)})"
    above = (to.path.parent, *to.path.parent.parents)
    start = next((folder for folder in above if (folder / str(place)).exists()), to.path.parent)
    return json.dumps(Path(os.path.relpath(file, start)).as_posix())


def _code(value: object, use: Use, to: Rewriter) -> ast.expr:
    """A literal that is in no text."""
    node = ast.parse(repr(value), mode="eval").body
    for part in ast.walk(node):
        ast.copy_location(part, use.node)
    for part in [node, *getattr(node, "elts", ())]:
        to.rename(part, repr(ast.literal_eval(part)))
    return node
