"""Environments of converted scripts have what these import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from amlbridge.engine.plan import Command, Environment, Node, Plan
from amlbridge.trace.captured import Captured, Sources
from amlbridge.trace.write import Convert, Writer
from tests.trace.plans import SOURCES

CONDA = {"dependencies": ["python=3.10", {"pip": ["azureml-core==1.61", "azureml-mlflow", "pandas==2.1"]}]}
NODE = Node("1", "train", command=Command(script="src/train.py"), code="a" * 64, environment=Environment(conda=CONDA))


def sources(**files: str) -> Sources:
    """The code folder with ``src/NAME.py`` for each name."""

    def code(_digest: str, folder: Path) -> None:
        (folder / "src").mkdir(parents=True)
        for name, text in files.items():
            (folder / "src" / f"{name}.py").write_text(text)

    return replace(SOURCES, code=code)


def dependencies(tmp_path: Path, found: Sources, convert: Convert | None = lambda folder: (), node: Node = NODE) -> Any:
    """The dependencies of the environment that is written for the node."""
    written = Writer(tmp_path, "x.py", convert).write(Captured("one", "pipeline", Plan((node,))), found)
    (path,) = written.folder.glob("environments/*/conda.yml")
    return YAML(typ="safe", pure=True).load(path)["dependencies"]


def test_packages_follow_the_imports_of_the_script_and_its_modules(tmp_path: Path) -> None:
    found = sources(
        train="import helper\nfrom azure.ai import ml\n", helper="import mlflow, mltable\n", other="import x"
    )
    pip = dependencies(tmp_path, found)[1]["pip"]
    assert pip == ["azure-ai-ml", "azure-identity", "azureml-mlflow", "pandas==2.1", "mlflow", "mltable"]


def test_a_script_that_stays_v1_keeps_its_packages(tmp_path: Path) -> None:
    found = sources(train="import mlflow\nfrom azureml.core import Run\n")
    assert dependencies(tmp_path, found)[1]["pip"] == [*CONDA["dependencies"][1]["pip"], "mlflow"]  # type: ignore[index]
    kept = sources(train="from azureml.core import Run\n")
    assert dependencies(tmp_path / "kept", kept, None) == CONDA["dependencies"]


def test_an_environment_without_pip(tmp_path: Path) -> None:
    bare = replace(NODE, environment=Environment(conda={"dependencies": ["python=3.10"]}))
    found = dependencies(tmp_path, sources(train="import mltable\n"), node=bare)
    assert found == ["python=3.10", "pip", {"pip": ["mltable"]}]
