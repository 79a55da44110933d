"""What the analysis of one module asks of the rest of the project."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

from amlbridge.migrate.module import Registered

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator, Function, OwnModule, Value


class Surroundings(Protocol):
    """What an evaluator asks of the rest of the project."""

    def owns(self, package: str) -> bool:
        """Whether the project has a top-level package of this name itself."""
        ...

    def exported(self, module: str, name: str, level: int) -> Value | None:
        """The value of a name of another module of the project; of the module itself when the name is ""."""
        ...

    def member(self, module: OwnModule, name: str) -> Value | None:
        """The value of a name of a module of the project."""
        ...

    def callers(self, function: ast.AST) -> list[tuple[Evaluator, ast.Call]]:
        """The calls of a function in other modules."""
        ...

    def fixture(self, name: str) -> Function | None:
        """The pytest fixture of a name that the tests of this module may take from a ``conftest.py``."""
        ...

    def content(self, path: str) -> object:
        """What a JSON or YAML file of the project says, None where it is not there."""
        ...

    def registered(self, name: str) -> Registered | None:
        """The dataset that another module registers under a name."""
        ...

    def clashing(self, name: str) -> str:
        """Where and as what a name is registered that stands for several kinds of datasets, "" for other names."""
        ...

    def reads_any_table(self) -> bool:
        """Whether another module reads the rows of a registered dataset whose name only the running code knows."""
        ...


class Alone:
    """The surroundings of a module that is on its own."""

    def owns(self, package: str) -> bool:
        """Nothing else is there."""
        return False

    def exported(self, module: str, name: str, level: int) -> Value | None:
        """Nothing else is there."""
        return None

    def member(self, module: OwnModule, name: str) -> Value | None:
        """Nothing else is there."""
        return None

    def callers(self, function: ast.AST) -> list[tuple[Evaluator, ast.Call]]:
        """Nobody calls."""
        return []

    def fixture(self, name: str) -> Function | None:
        """Nothing else is there."""
        return None

    def content(self, path: str) -> object:
        """No file is there."""
        return None

    def registered(self, name: str) -> Registered | None:
        """Nothing else is there."""
        return None

    def clashing(self, name: str) -> str:
        """Nothing else is there."""
        return ""

    def reads_any_table(self) -> bool:
        """Nothing else is there."""
        return False
