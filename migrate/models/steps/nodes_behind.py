"""A node behind another one, which writes the files that readers of SDK v1's outputs open.

Its component is written beside the user's code: a script, its environment and the component in YAML.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from amlbridge.migrate.files.yaml_text import dump
from amlbridge.migrate.models.pipelines.component_files import SCHEMA, create_file
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.write import is_free

#: What the scripts need.
CONDA = {
    "channels": ["conda-forge"],
    "dependencies": ["python=3.10", "pip", {"pip": ["mlflow", "azureml-mlflow"]}],
}
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
_ENVIRONMENT = "environment.conda.yml"


@dataclass
class NodeBehind:
    """``node`` and ``component`` are the variables of the node and of its component."""

    #: The folder of the files, the name of the script and its text, the input and its type.
    folder: ClassVar[str]
    script: ClassVar[str]
    text: ClassVar[str]
    source: ClassVar[tuple[str, str]]

    node: str
    component: str
    #: Output -> the option of the script that writes it.
    written: dict[str, str] = field(default_factory=dict)

    @classmethod
    def can_follow(cls, to: Rewriter) -> bool:
        """Whether the files have a place: a folder is converted, and nothing else is there."""
        folder = to.path.parent / cls.folder
        files = ((cls.script, cls.text), (_ENVIRONMENT, dump(CONDA)))
        return bool(to.roots) and all(is_free(folder / name, text) for name, text in files)

    def component_code(self, to: Rewriter) -> str:
        """Creates the files of the component; returns the code that loads it."""
        folder = to.path.parent / self.folder
        read, kind = self.source
        options = [f"--{option} ${{{{outputs.{name}}}}}" for name, option in self.written.items()]
        content = {
            "$schema": SCHEMA,
            "name": self.node,
            "type": "command",
            "inputs": {read: {"type": kind}},
            "outputs": {name: {"type": "uri_file"} for name in self.written},
            "code": ".",
            "environment": {"image": IMAGE, "conda_file": _ENVIRONMENT},
            "command": " ".join([f"python {self.script} --{read} ${{{{inputs.{read}}}}}", *options]),
        }
        for name, text in ((self.script, self.text), (_ENVIRONMENT, dump(CONDA))):
            to.create(Path(os.path.relpath(folder / name, to.path.parent)).as_posix(), text)
        name = create_file(folder, self.node, ".component.yml", dump(content), to)
        load = to.need("azure.ai.ml", "load_component")
        if to.path.suffix == ".ipynb":
            return f'{load}(source="{self.folder}/{name}")'
        path = f"{to.need_module('os')}.path"
        return f'{load}(source={path}.join({path}.dirname({path}.abspath(__file__)), "{self.folder}", "{name}"))'

    def node_lines(self, first: str, compute: str) -> list[str]:
        """The statements that make the node. ``first``: code of the output that it reads; ``compute``: code, or ""."""
        lines = [f"{self.node} = {self.component}({self.source[0]}={first})"]
        return [*lines, f"{self.node}.compute = {compute}"] if compute else lines
