"""A traced pipeline as a part of the module that makes it: `amlbridge migrate --trace`.

The components lie beside the code of their steps, as the codemod writes them, and the function takes the place of the
pipeline of SDK v1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from amlbridge.engine.errors import EngineError
from amlbridge.migrate.traced import TracedData, TracedPipeline, placeholder
from amlbridge.trace import packages
from amlbridge.trace.build import build
from amlbridge.trace.captured import Captured, Sources
from amlbridge.trace.model import Binding, FromPipeline, Pipeline, Step
from amlbridge.trace.pipeline_python import PythonWriter
from amlbridge.trace.python_text import call, literal
from amlbridge.trace.source_folders import find
from amlbridge.trace.yaml_text import dump

_LATEST = "@latest"


@dataclass(frozen=True)
class Place:
    """Where the code goes. ``current``: the folder in which the script is run; ``module``: the folder of the module;
    ``published``: its pipeline is published, and has no default compute; ``line``: the script with its arguments."""

    current: Path
    module: Path
    published: bool
    line: str


def fragment(captured: Captured, sources: Sources, place: Place) -> TracedPipeline:
    """The code of a pipeline. Raises :class:`EngineError` for one that cannot be written into the project, with the
    reason."""
    pipeline = build(captured, sources)
    for step in pipeline.steps:
        if step.placeholder:
            raise EngineError(f"the step {step.node.name!r} cannot be written: {step.placeholder}")
    if place.published:
        for step in pipeline.steps:
            step.compute = step.compute or pipeline.default_compute
    files, loaded = _files(pipeline, sources, place)
    writer = _Writer(pipeline, loaded)
    code = writer.code()
    return TracedPipeline(
        code=code,
        imports=writer.imported(),
        names={placeholder(step.key): f"{step.key}_component" for step in pipeline.steps if step.component}
        | {writer.variables[item.name]: item.name for item in pipeline.inputs if item.name in writer.variables},
        data=tuple(_data(pipeline, writer)),
        files=files,
        steps=len(pipeline.steps),
        compute="" if place.published else pipeline.default_compute or "",
        line=place.line,
        attention=tuple(pipeline.attention),
    )


def _data(pipeline: Pipeline, writer: _Writer) -> list[TracedData]:
    found = []
    for item in pipeline.inputs:
        path = item.path or ""
        if item.is_data and (item.given or item.name in writer.variables):
            asset = path.removeprefix("azureml:").removesuffix(_LATEST) if _is_latest(path) else ""
            name = item.name if item.given else writer.variables[item.name]
            found.append(TracedData(name, item.type, path.removeprefix("./"), asset, item.given))
    return found


def _is_latest(path: str) -> bool:
    return path.startswith("azureml:") and path.endswith(_LATEST)


class _Writer(PythonWriter):
    """``loaded``: the step's key -> the path of its component file."""

    def __init__(self, pipeline: Pipeline, loaded: Mapping[str, str]) -> None:
        super().__init__(pipeline)
        self._paths = loaded
        self._imports = {}
        #: Data that the code gets before the function -> the variable that stands for them here.
        self.variables = {
            item.name: placeholder(f"data_{item.name}")
            for item in pipeline.inputs
            if not item.given and _is_latest(item.path or "")
        }

    def code(self) -> str:
        """The statements but for the decorator of the function."""
        lines = [line for step in self._pipeline.steps if step.component is not None for line in self._loaded(step)]
        given = [item for item in self._pipeline.inputs if item.given]
        lines += ["", "", placeholder("decorator"), *self._head(placeholder("function"), given), *self._body()]
        return "\n".join(lines)

    def imported(self) -> tuple[tuple[str, str], ...]:
        """What the code imports, as (module, name)."""
        return tuple((module, name) for module, names in sorted(self._imports.items()) for name in sorted(names))

    def _loaded(self, step: Step) -> list[str]:
        load = self._need("azure.ai.ml", "load_component")
        return call(f"{self._component(step)} = {load}", [f"source={literal(self._paths[step.key])}"], "")

    def _component(self, step: Step) -> str:
        return placeholder(step.key)

    def _binding(self, item: Binding) -> str:
        source = next((one for one in self._pipeline.inputs if item == FromPipeline(one.name)), None)
        if source is None or source.given:
            return super()._binding(item)
        name = self.variables.get(source.name)
        path = f"{name}.id" if name is not None else literal((source.path or "").removeprefix("./"))
        return f"{self._need('azure.ai.ml', 'Input')}(type={literal(source.type)}, path={path})"


# -- files -------------------------------------------------------------------------------------------------------------


def _files(pipeline: Pipeline, sources: Sources, place: Place) -> tuple[dict[str, str], dict[str, str]]:
    """The files that the code needs, by their paths from the folder of the module; and the path of each component from
    the folder in which the script is run."""
    made: dict[Path, str] = {}
    loaded = {}
    for step in pipeline.steps:
        if step.component is None:
            continue
        own = f"components/{step.key}/code/"
        if step.node.code is not None:
            folder = find(step.node.code, _scripts(step), sources, place.current)
        else:
            folder = place.current / step.key
            made |= {folder / path.removeprefix(own): pipeline.files[path] for path in pipeline.files if own in path}
        path = _free(folder / f"{step.key}.component.yml", made)
        made[path] = _component(step, pipeline, folder, made)
        loaded[step.key] = Path(os.path.relpath(path, place.current)).as_posix()
    tables = {place.current / path: text for path, text in pipeline.files.items() if path.startswith("data/")}
    files = {Path(os.path.relpath(path, place.module)).as_posix(): text for path, text in {**made, **tables}.items()}
    return files, loaded


def _scripts(step: Step) -> list[str]:
    component = step.component or {}
    words = [*str(component.get("command", "")).split(), str(component.get("task", {}).get("entry_script", ""))]
    return [word for word in words if word.endswith(".py")]


def _component(step: Step, pipeline: Pipeline, folder: Path, made: dict[Path, str]) -> str:
    content: dict[str, Any] = {key: value for key, value in (step.component or {}).items() if key != "version"}
    if content.get("display_name") == content["name"]:
        del content["display_name"]
    part = content.get("task", content)
    part["code"] = "."
    part["environment"] = _environment(part["environment"], content, pipeline, folder, made)
    return dump(content)


def _environment(
    reference: str, content: Mapping[str, Any], pipeline: Pipeline, folder: Path, made: dict[Path, str]
) -> dict[str, str]:
    """The environment as the component itself says it, with its conda specification in a file beside it."""
    place = reference.removeprefix("file:../../").removesuffix("/environment.yml")
    found: dict[str, str] = {
        "image": YAML(typ="safe", pure=True).load(pipeline.files[f"{place}/environment.yml"])["image"]
    }
    text = pipeline.files.get(f"{place}/conda.yml")
    if text is not None:
        tables = any(item.get("type") == "mltable" for item in content.get("inputs", {}).values())
        conda = YAML(typ="safe", pure=True).load(text)
        text = dump(packages.with_packages(conda, {"mlflow", *(["mltable"] if tables else [])}))
        path = _free(folder / "environment.conda.yml", made, text)
        made[path] = text
        found["conda_file"] = path.name
    return found


def _free(path: Path, made: Mapping[Path, str], text: str | None = None) -> Path:
    """``path``, or with a number where that is another file."""
    number, wanted = 1, path
    while (path in made or path.exists()) and not (text is not None and _content(path, made) == text):
        number += 1
        stem, dot, rest = wanted.name.partition(".")
        path = wanted.with_name(f"{stem}_{number}{dot}{rest}")
    return path


def _content(path: Path, made: Mapping[Path, str]) -> str:
    return made[path] if path in made else path.read_text(encoding="utf-8", errors="replace")
