"""Components as YAML files beside the code of their steps."""

from __future__ import annotations

import ast
import json
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from amlbridge.migrate.files.yaml_text import dump, load
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.code.static import NotKnownError, Static, folder_of, parsed
from amlbridge.migrate.models.environments.static_environments import Described, environment_of
from amlbridge.migrate.models.jobs.arguments import Port
from amlbridge.migrate.models.steps.steps import Step, waiting_input
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.write import is_free

SCHEMA = "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json"
_ORDER = (
    *("$schema", "name", "display_name", "type", "is_deterministic", "inputs", "outputs"),
    *("code", "environment", "command", "distribution", "resources"),
)
#: Longer commands are folded.
_WIDTH = 100
#: What a component says of an output; the rest is for the node.
_OF_OUTPUTS = frozenset({"type", "mode"})
_DISTRIBUTIONS = {"Mpi": "mpi", "PyTorch": "pytorch", "TensorFlow": "tensorflow", "Ray": "ray"}


@dataclass
class ComponentFile:
    """The YAML file of a step's component: ``content`` without the environment, in ``folder``."""

    step: Step
    folder: Path
    content: dict[str, Any]
    environment: Described
    static: Static

    def create(self, to: Rewriter) -> str:
        """Creates the files; returns the code that loads the component."""
        content = {**self.content, "environment": self._environment(to)}
        text = dump({key: content[key] for key in _ORDER if key in content})
        name = create_file(self.folder, content["name"], ".component.yml", text, to)
        to.spare.update(self.environment.makers)
        to.spare_names.add(self.environment.inserted)
        return f"{to.need('azure.ai.ml', 'load_component')}(source={self._source(name, to)})"

    def _environment(self, to: Rewriter) -> str | dict[str, Any]:
        """The environment; components with the same one share its conda file."""
        described = self.environment
        if described.conda is None or isinstance(described.value, str):
            return described.value
        text = dump(dict(described.conda))
        key = ("conda file", text)
        if key not in to.memory:
            base = identifier(described.name, "environment")
            to.memory[key] = self.folder / create_file(self.folder, base, ".conda.yml", text, to)
        path = os.path.relpath(cast("Path", to.memory[key]), self.folder)
        return {**described.value, "conda_file": Path(path).as_posix()}

    def _source(self, name: str, to: Rewriter) -> str:
        """The path of the file in the style of the source directory: ``os.path.join(HERE, "steps", name)``."""
        quoted, code = json.dumps(name), self.step.settings.code
        tree = parsed(code)
        if isinstance(tree, ast.Constant):
            return json.dumps(posixpath.normpath(posixpath.join(str(tree.value).replace("\\", "/"), name)))
        if isinstance(tree, ast.Call) and ast.unparse(tree.func).endswith("path.join") and not tree.keywords:
            parts = [ast.get_source_segment(code, part) or ast.unparse(part) for part in (tree.func, *tree.args)]
            return f"{parts[0]}({', '.join([*parts[1:], quoted])})"
        if isinstance(self.static.value(tree), PurePosixPath):
            return f"{code} / {quoted}"
        return f"{to.need_module('os')}.path.join({code}, {quoted})"


def component_file(step: Step, to: Rewriter) -> ComponentFile | str:
    """The file of a step's component, or why the component has to be written in Python."""
    key = ("component file", step.use.node)
    if key not in to.memory:
        try:
            to.memory[key] = _read(step, to)
        except NotKnownError as error:
            to.memory[key] = str(error)
    return cast("ComponentFile | str", to.memory[key])


def _read(step: Step, to: Rewriter) -> ComponentFile:
    check_place(step, to)
    if step.arguments.run_time:
        raise NotKnownError("its inputs are listed when the script runs")
    if step.reuse_code:
        raise NotKnownError("whether it may be reused is known only when the script runs")
    static = Static(to, step.use.node)
    content: dict[str, Any] = {"$schema": SCHEMA, **_named(step, to), "type": "command", "code": "."}
    inputs = {port.name: _input(port, static) for port in step.arguments.inputs}
    for first in step.after:
        optional = {"optional": True} if first.made in step.ordered_at else {}
        inputs[f"after_{first.node}"] = {"type": "uri_folder", **optional}
    inputs |= {waiting_input(index): {"type": "uri_folder", "optional": True} for index in range(step.waiting)}
    outputs = {port.name: _output(port, static) for port in step.arguments.outputs}
    if step.before or step.ordered:
        outputs["order_token"] = {"type": "uri_folder"}
    command = step.arguments.plain(step.start, step.more())
    if command is None:
        raise NotKnownError("its command line is put together when the script runs")
    content |= {"inputs": inputs} if inputs else {}
    content |= {"outputs": outputs} if outputs else {}
    content["command"] = _folded(command)
    content |= {} if step.reuse else {"is_deterministic": False}
    content |= _resources(step, static)
    folder = _folder(step, static, to)
    return ComponentFile(step, folder, content, environment_of(step.settings, step.use, folder, to), static)


def check_place(step: Step, to: Rewriter) -> None:
    """What the component cannot hold (compute, values) is said where the pipeline is made: it has to be seen there."""
    from amlbridge.migrate.models.pipelines.flow import Flow

    scopes = to.evaluator.scopes
    if not to.roots:
        raise NotKnownError("there is no folder to put a file into")
    for node in scopes.ancestors(step.use.node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp)):
            raise NotKnownError("the step is made in a loop")
    places = Flow.of(to).pipelines_of(step)
    if not places:
        raise NotKnownError("no pipeline of this module runs the step")
    scope = scopes.of(step.use.statement)
    if not scope.is_module and any(scopes.of(use.statement) is not scope for use in places):
        raise NotKnownError("the step is made in another function than its pipeline")


def _named(step: Step, to: Rewriter) -> dict[str, str]:
    if step.display_name is None:
        return {"name": identifier(step.node, "step")}
    text = to.evaluator.text(step.display_name)
    if text is None:
        raise NotKnownError("its name is known only when the script runs")
    name = identifier(text, "step")
    return {"name": name} if name == text else {"name": name, "display_name": text}


def _input(port: Port, static: Static) -> dict[str, Any]:
    if port.literal:
        return {"type": port.type or "string"}
    return _keywords(port.declared, static)


def _output(port: Port, static: Static) -> dict[str, Any]:
    call = parsed(port.declared)
    if not isinstance(call, ast.Call):
        raise NotKnownError("an output is declared in a variable")
    return {key.arg: static.value(key.value) for key in call.keywords if key.arg in _OF_OUTPUTS}


def _keywords(code: str, static: Static) -> dict[str, Any]:
    call = parsed(code)
    if not isinstance(call, ast.Call):
        raise NotKnownError("an input is declared in a variable")
    return {str(key.arg): static.value(key.value) for key in call.keywords}


def _resources(step: Step, static: Static) -> dict[str, Any]:
    found: dict[str, Any] = {}
    settings = step.settings
    try:
        if settings.distribution:
            call = parsed(settings.distribution)
            name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            kind = next((kind for start, kind in _DISTRIBUTIONS.items() if f"{start}Distribution" in name), None)
            if kind is None:
                raise NotKnownError(name)
            found["distribution"] = {"type": kind, **_keywords(settings.distribution, static)}
        names = ("instance_count", "shm_size", "docker_args")
        resources = {name: getattr(settings, name) for name in names}
        if any(resources.values()):
            found["resources"] = {key: static.code(code) for key, code in resources.items() if code}
    except NotKnownError as error:
        raise NotKnownError("how it is distributed is known only when the script runs") from error
    return found


def _folder(step: Step, static: Static, to: Rewriter) -> Path:
    settings = step.settings
    try:
        value = static.value(settings.source) if settings.source is not None else static.code(settings.code)
    except NotKnownError as error:
        raise NotKnownError("its source folder is known only when the script runs") from error
    found = folder_of(value, to, _script(step))
    if found is None:
        raise NotKnownError(f"its source folder {str(value)!r} is not there, or is outside of what is converted")
    return found


def _script(step: Step) -> str:
    """The script that a step runs, below its source folder, as far as its command line tells; "" for other commands."""
    words = (step.arguments.plain(step.start) or step.start).split()
    if len(words) > 2 and words[0].startswith("python") and words[1] == "-m":
        return words[2].replace(".", "/") + ".py"
    return words[1] if len(words) > 1 else ""


def _folded(command: str) -> Any:
    """A long command over several lines, where blanks are; YAML puts the blanks back."""
    if len(command) <= _WIDTH or "\n" in command or "  " in command or command != command.strip():
        return command
    from ruamel.yaml.scalarstring import FoldedScalarString

    folded = FoldedScalarString(command)
    places, start = [], 0
    for at, letter in enumerate(command):
        following = command.find(" ", at + 1)
        if letter == " " and (following if following >= 0 else len(command)) - start > _WIDTH:
            places.append(at)
            start = at + 1
    folded.fold_pos = places  # type: ignore[attr-defined]  # ruamel breaks the line there
    return folded if load(dump({"command": folded})) == {"command": command} else command


def create_file(folder: Path, name: str, suffix: str, text: str, to: Rewriter) -> str:
    """The name of a file that no other module and no file of the user has, with this text; creates it."""
    stem = identifier(to.path.stem, "pipeline")
    if to.path.suffix == ".ipynb" and to.path.with_suffix(".py").exists():
        stem += "_notebook"  # the script of that name, often the notebook's own, has files as well
    number = 1
    candidates = [name] if not to.claimed(folder, name if suffix == ".component.yml" else "") else []
    candidates += [f"{stem}.{name}"]
    while True:
        if not candidates:
            number += 1
            candidates.append(f"{stem}.{name}_{number}")
        file = candidates.pop(0) + suffix
        path = Path(os.path.relpath(folder / file, to.path.parent)).as_posix()
        if to.created.get(path, text) == text and is_free(folder / file, text):
            to.create(path, text)
            return file
