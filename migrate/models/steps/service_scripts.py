"""Steps of services that SDK v2 has no component for: a command whose script, written here, calls the service.

The script is a file of the user's from then on: a few lines on the service's own Python package. What is known when the
code is converted stands in the script; the rest comes as options of its command line, from the inputs of the component.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.names import identifier, unique
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.code.static import NotKnownError, Static, folder_of
from amlbridge.migrate.models.datasets.data import DATASETS, INTERMEDIATE, REFERENCES, Data, follow
from amlbridge.migrate.models.environments.conda import Conda
from amlbridge.migrate.models.environments.environment import IMAGE, Parts
from amlbridge.migrate.models.jobs.arguments import (
    Arguments,
    Port,
    input_port,
    is_written,
    list_elements,
    output_port,
    parameter_port,
    type_of_value,
)
from amlbridge.migrate.models.steps.steps import Step
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.layout import lay_out
from amlbridge.migrate.write import is_free


@dataclass
class ServiceStep(Step):
    """A step whose component runs a script of its own. ``script``: its path from the module's folder; ``text``: what
    is in it."""

    script: str = ""
    text: str = ""

    @property
    def is_command(self) -> bool:
        """Its component is a command like any other."""
        return True

    def component_code(self, to: Rewriter) -> str:
        """The component, and the file that it runs."""
        to.create(self.script, self.text)
        return super().component_code(to)


@dataclass
class Script:
    """The script of a step, while it is put together: ``arguments`` are the component's."""

    arguments: Arguments
    to: Rewriter
    options: dict[str, Port] = field(default_factory=dict)
    #: Options that are whole numbers in the script.
    integers: set[str] = field(default_factory=set)

    def value(self, node: ast.expr, name: str, *, text: bool = False) -> str:
        """The code of a value in the script: written there if it is known, else an option called ``name``. ``text``:
        numbers have to be text. Raises ValueError for a list or a dict that is put together at run time."""
        value = self.to.evaluator.value(node)
        inner = self.to.evaluator.behind(node)
        if isinstance(inner, ast.Constant) and (inner is node or inner.value is None):
            return repr(str(inner.value) if text and inner.value is not None else inner.value)
        if isinstance(value, Instance) and value.type == "PipelineParameter":
            return self.option(parameter_port(node, value, name, self.arguments, self.to))
        data = follow(node, self.to)
        if data is not None and data.type in INTERMEDIATE | DATASETS | REFERENCES:
            return self.data(data, [])
        if isinstance(inner, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
            if isinstance(node, ast.Name) and self._is_changed(node):
                raise ValueError(f"{node.id} is put together at run time")
            return self._several(inner, name, text=text)
        port = Port(
            unique(identifier(name), self.arguments.taken),
            code := self.to.source(node),
            code,
            literal=True,
            type=type_of_value(node, self.to),
        )
        self.arguments.inputs.append(port)
        return self.option(port)

    def _several(self, node: ast.List | ast.Tuple | ast.Set | ast.Dict, name: str, *, text: bool) -> str:
        if not isinstance(node, ast.Dict):
            if any(isinstance(element, ast.Starred) for element in node.elts):
                raise ValueError(f"{name} is put together at run time")
            return f"[{', '.join(self.value(element, _name_of(element) or name, text=text) for element in node.elts)}]"
        pairs = []
        for key, item in zip(node.keys, node.values, strict=True):
            known = self.to.evaluator.text(key)
            if known is None:
                raise ValueError(f"{name} is put together at run time")
            pairs.append(f"{known!r}: {self.value(item, known, text=text)}")
        return f"{{{', '.join(pairs)}}}"

    def _is_changed(self, name: ast.Name) -> bool:
        parents = self.to.evaluator.scopes.parents
        reads = Objects.of(self.to).reads(name.id)
        return any(isinstance(parents.get(read), (ast.Attribute, ast.Subscript, ast.AugAssign)) for read in reads)

    def data(self, data: Data, written: Sequence[ast.expr]) -> str:
        """The address of data that the step reads or writes, which the service reads or writes itself."""
        output = is_written(data, list(written))
        port = (output_port if output else input_port)(data, "", self.arguments, self.to)
        if "mode=" not in port.declared:
            port.declared = f'{port.declared[:-1]}, mode="direct")'
        return self.option(port, output=output)

    def option(self, port: Port, *, output: bool = False) -> str:
        """Passes a port on the command line. Returns the code that reads it in the script."""
        if port.name not in self.options:
            self.options[port.name] = port
            place = f"${{{{{'outputs' if output else 'inputs'}.{port.name}}}}}"
            text = port.literal or port.parameter is not None  # which may have blanks
            self.arguments.text(f'--{port.name} "{place}"' if text else f"--{port.name} {place}")
        return f"args.{port.name}"

    def all_data(self, use: Use, known: Sequence[str] = ()) -> dict[str, str]:
        """What a step lists as inputs and outputs: name -> its code in the script; without ``known`` codes. Raises
        ValueError where it cannot be told."""
        found: dict[str, str] = {}
        written = [data.root for data in self._listed(use, "outputs")]
        for data in (*self._listed(use, "inputs"), *self._listed(use, "outputs")):
            code = self.data(data, written)
            if code not in known:
                found[code.removeprefix("args.")] = code
        return found

    def _listed(self, use: Use, keyword: str) -> list[Data]:
        node = use.argument(keyword)
        found = []
        for element in list_elements(node, self.to) if node is not None else []:
            data = follow(element, self.to) if not isinstance(element, ast.Starred) else None
            if data is None:
                raise ValueError(f"what the step has as {keyword} cannot be told")
            found.append(data)
        return found

    def text(self, summary: str, standard: Sequence[str], packages: Sequence[str], lines: Sequence[str]) -> str:
        """The whole script: what it is, its imports of the standard library and of packages, and what it does."""
        first = [*standard, *(["import argparse"] if self.options else [])]
        first.sort(key=lambda line: (line.startswith("from"), line))
        head: list[str] = []
        if self.options:
            head.append("parser = argparse.ArgumentParser()")
            whole = {key: ", type=int" if key in self.integers else "" for key in self.options}
            head += [f'parser.add_argument("--{key}"{kind})' for key, kind in whole.items()]
            head += ["args = parser.parse_args()", ""]
        blocks = ["\n".join(block) for block in (first, packages, [*head, *lines]) if block]
        return lay_out("\n\n".join([f'"""{summary}"""', *blocks]), line_length=self.to.options.line_length) + "\n"


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@dataclass(frozen=True)
class Place:
    """Where the script of a step is: ``code`` is the folder as the component says it, ``source`` the expression that it
    is from, ``path`` the file's path from the module's folder."""

    code: str
    path: str
    source: ast.expr | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.rpartition("/")[2]


def place_of(stem: str, text: str, folder: str, source: ast.expr | None, use: Use, to: Rewriter) -> Place:
    """A place for a script that no other file has: in the source folder of the step, else in a new ``folder`` beside
    the module. Raises ValueError where the source folder cannot be told."""
    if source is not None:
        beside, code = _source_folder(source, use, to), to.source(source)
    else:
        beside, code = to.path.parent / folder, _beside(folder, to)
        to.folders |= {beside}
    taken = to.memory.setdefault("scripts", set())
    assert isinstance(taken, set)
    for name in (stem, *(f"{stem}_{number}" for number in range(2, 1000))):
        path = Path(os.path.relpath(beside / f"{name}.py", to.path.parent)).as_posix()
        if path not in taken and is_free(beside / f"{name}.py", text):
            taken.add(path)
            return Place(code, path, source)
    raise ValueError(f"no name is free for a script in {beside.name}")


def _source_folder(source: ast.expr, use: Use, to: Rewriter) -> Path:
    try:
        found = Static(to, use.node).value(source)
    except NotKnownError as error:
        raise ValueError("the folder of the step's script is known only when the script runs") from error
    place = folder_of(found, to)
    if place is None and to.roots:
        raise ValueError(f"the folder of the step's script, {found!r}, is not there, or is not in what is converted")
    return place or to.path.parent / str(found)


def _beside(folder: str, to: Rewriter) -> str:
    """The code of a folder beside the module."""
    if to.path.suffix == ".ipynb":
        return f'"{folder}"'
    path = f"{to.need_module('os')}.path"
    return f'{path}.join({path}.dirname({path}.abspath(__file__)), "{folder}")'


def environment_with(name: str, packages: Sequence[str], use: Use, to: Rewriter) -> str:
    """The variable of an environment with packages of PyPI, which the steps of a scope share."""
    key = ("environment of a service", name, to.evaluator.scopes.of(use.statement))
    if key not in to.memory:
        variable = to.fresh(name)
        conda = Conda(pip=[repr(package) for package in packages])
        code = (Parts(conda=conda) if packages else Parts(image=IMAGE)).code(to)
        to.before(use.statement, f"{variable} = {code}")
        to.memory["code of", variable] = code
        to.memory[key] = variable
    return str(to.memory[key])
