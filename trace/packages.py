"""The packages of traced environments for scripts that are converted to SDK v2."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from amlbridge.migrate.requirements import converted, package_of
from amlbridge.trace.model import Pipeline, Step
from amlbridge.trace.yaml_text import dump

#: What converted scripts import, and the packages that have it.
_OF_MODULES = {
    "mlflow": ("mlflow", "azureml-mlflow"),
    "mltable": ("mltable",),
    "azure.ai.ml": ("azure-ai-ml",),
    "azure.identity": ("azure-identity",),
}
#: Below azureml, but not of SDK v1.
_OF_V2 = ("azureml.fsspec", "azureml.mlflow")


def convert(pipeline: Pipeline, folder: Path) -> None:
    """Gives each conda specification what the scripts of its steps import now, and takes the packages of SDK v1 away
    where no script imports them. ``folder``: where the code of the pipeline lies, which is converted."""
    for path, text in pipeline.files.items():
        if path.startswith("environments/") and path.endswith("/conda.yml"):
            place = path.removesuffix("conda.yml") + "environment.yml"
            steps = [step for step in pipeline.steps if _environment(step).endswith(place)]
            modules = {module for step in steps for module in _imports(step, pipeline, folder)}
            pipeline.files[path] = dump(with_packages(YAML(typ="safe", pure=True).load(text), modules))


def _environment(step: Step) -> str:
    component = step.component or {}
    return str(component.get("environment") or component.get("task", {}).get("environment", ""))


def with_packages(conda: Any, modules: set[str]) -> Any:
    """A conda specification for scripts that import these modules; changes the one that it is given."""
    lists = [item for item in conda["dependencies"] if isinstance(item, dict) and isinstance(item.get("pip"), list)]
    given = list(lists[0]["pip"]) if lists else []
    stays = any(_within(module, "azureml") and not any(_within(module, own) for own in _OF_V2) for module in modules)
    wanted = given if stays else converted(given, tracking=False)
    names = {package_of(str(line)) for line in [*wanted, *conda["dependencies"]] if isinstance(line, str)}
    for module, packages in _OF_MODULES.items():
        if any(_within(found, module) for found in modules):
            wanted += [package for package in packages if package not in names]
    if lists:
        lists[0]["pip"] = wanted
    elif wanted:
        conda["dependencies"] += [*([] if "pip" in names else ["pip"]), {"pip": wanted}]
    return conda


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _imports(step: Step, pipeline: Pipeline, folder: Path) -> set[str]:
    """The modules that the script of a step imports, and those that do which it imports of its own folder."""
    root = folder / pipeline.code.get(step.node.code or "", f"components/{step.key}/code")
    found: set[str] = set()
    waiting, seen = list(_scripts(step, root)), set()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        for module in _of_file(path):
            found.add(module)
            for start in (root, path.parent):
                place = start.joinpath(*module.split("."))
                waiting += [place.with_suffix(".py"), place / "__init__.py"]
    return found


def _scripts(step: Step, root: Path) -> Iterator[Path]:
    component = step.component or {}
    words = [*str(component.get("command", "")).split(), str(component.get("task", {}).get("entry_script", ""))]
    yield from (root / word for word in words if word.endswith(".py"))


def _of_file(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return  # the conversion has told of it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{item.name}" for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (item.name for item in node.names)
