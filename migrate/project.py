"""All modules of a run, and what they know of each other."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

from amlbridge.migrate.analysis.values import Alone, Evaluator, Surroundings, Value
from amlbridge.migrate.module import ModuleText, NamedInput, Options


class Project:
    """What the conversion of a module has to know of the others. Can be pickled; nothing changes it."""

    def __init__(self, modules: Sequence[ModuleText] = ()) -> None:
        # One called azureml is told from SDK v1 import by import before a module is converted: own_package.py.
        self.own_packages = frozenset(
            module.path.parent.name for module in modules if module.path.name == "__init__.py"
        ) - {"azureml"}
        #: By the folder of the module that submits, and the path of the script that it gives.
        self._scripts: dict[tuple[Path, str], dict[str, NamedInput]] = {}

    def read_submissions(self, modules: Sequence[ModuleText]) -> None:
        """Reads which scripts the modules submit, and with what."""
        from amlbridge.migrate.submissions import submitted_scripts

        for module in modules:
            if self.wants(module):
                for script, inputs in submitted_scripts(module, self.around(module.path)).items():
                    self._scripts.setdefault((module.path.parent, script), {}).update(inputs)

    def script(self, path: Path) -> Mapping[str, NamedInput]:
        """The inputs that some module of the project gives the script at ``path``, by the name that it asks for."""
        posix = f"/{path.as_posix()}"
        ends = {key: inputs for key, inputs in self._scripts.items() if posix.endswith(f"/{key[1]}")}
        beside = [inputs for (folder, script), inputs in ends.items() if folder / script == path]
        return next(iter([*beside, *ends.values()]), {})

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
    """The project over all modules of a run."""
    project = Project(modules)
    project.read_submissions(modules)
    return project
