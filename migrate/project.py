"""All modules of a run, and what they know of each other."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from amlbridge.migrate.analysis.values import Alone, Evaluator, Surroundings, Value
from amlbridge.migrate.module import ModuleText, Options


class Project:
    """What the conversion of a module has to know of the others. Can be pickled; nothing changes it."""

    def __init__(self, modules: Sequence[ModuleText] = ()) -> None:
        # One called azureml is told from SDK v1 import by import before a module is converted: own_package.py.
        self.own_packages = frozenset(
            module.path.parent.name for module in modules if module.path.name == "__init__.py"
        ) - {"azureml"}

    def wants(self, module: ModuleText) -> bool:
        """Whether a module has to be converted: it has v1 code, or belongs to some that has."""
        return "azureml" in module.text

    def around(self, path: Path) -> Surroundings:
        """What the analysis of the module at ``path`` may ask of the others."""
        return Around(self, path)


class Around(Alone):
    """The project as one module sees it."""

    def __init__(self, project: Project, path: Path) -> None:
        self.project = project
        self.path = path

    def owns(self, package: str) -> bool:
        """Whether the project has a package of this name itself."""
        return package in self.project.own_packages

    def exported(self, module: str, name: str, level: int) -> Value | None:
        """The value of a name of another module of the project."""
        return None

    def arguments(self, function: ast.AST, parameter: str) -> list[tuple[Evaluator, ast.expr]]:
        """What the calls of a function in other modules pass for a parameter."""
        return []


def build_project(modules: Sequence[ModuleText], options: Options) -> Project:
    """The project over all modules of a run, which are not parsed yet."""
    return Project(modules)
