"""The environment of a component that is in YAML, where it is known without running the code."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.code.static import NotKnownError, Static, file_of, parsed
from amlbridge.migrate.models.environments.environment import Parts, is_change
from amlbridge.migrate.models.jobs.settings import Settings
from amlbridge.migrate.rewriter import Rewriter

_REASON = "its environment is known only when the script runs"


@dataclass
class Described:
    """An environment for YAML: ``value`` is its address, or its parts without the conda dependencies that have to be
    written to a file: ``conda``. ``name``: its own, if it has one. ``makers``: the statements that made it;
    ``inserted``: the variable of one that the conversion itself has made."""

    value: str | dict[str, Any]
    conda: Mapping[str, Any] | None = None
    name: str = ""
    makers: list[ast.stmt] = field(default_factory=list)
    inserted: str = ""


def note_environment(use: Use, parts: Parts, code: str, to: Rewriter) -> None:
    """Called where an object is converted with all that is changed in it: its code says what it is."""
    to.memory["environment", use.node] = (parts, code)


def environment_of(settings: Settings, at: Use, folder: Path, to: Rewriter) -> Described:
    """The environment of a step, as a component in ``folder`` names it. Raises NotKnownError."""
    try:
        return _Reader(at, folder, to).read(settings)
    except NotKnownError as error:
        raise NotKnownError(_REASON) from error


class _Reader:
    def __init__(self, at: Use, folder: Path, to: Rewriter) -> None:
        self._at = at
        self._folder = folder
        self._to = to
        self._makers: list[ast.stmt] = []

    def read(self, settings: Settings) -> Described:
        """Follows the step's environment to where it was made."""
        if settings.environment_source is not None:
            found = self._followed(settings.environment_source)
        else:
            code = self._to.memory.get(("code of", settings.environment))
            found = self._of_code(str(code or settings.environment), self._at.node)
            found.inserted = settings.environment if code is not None else ""
        found.makers += self._makers
        return found

    def _followed(self, node: ast.expr) -> Described:
        if isinstance(node, ast.Name):
            binding = Static(self._to, self._at.node).binding(node)
            if binding.value is None:
                raise NotKnownError(node.id)
            return self._followed(binding.value)
        value = self._to.evaluator.value(node)
        if isinstance(node, ast.Attribute) and node.attr == "environment" and isinstance(value, Instance):
            return self._followed(node.value)
        use = self._to.use_of(node)
        if use is None or use.call is None:
            raise NotKnownError(ast.unparse(node))
        self._to.outcome(use)
        if use.symbol == "Environment.get":
            return self._registered(use)
        noted = self._to.memory.get(("environment", use.node))
        if not (isinstance(noted, tuple) and isinstance(noted[0], Parts)):
            raise NotKnownError(ast.unparse(node))
        self._note_makers(use)
        parts, code = noted
        return self._followed(parts.alias) if parts.alias is not None else self._of_code(code, use.node)

    def _note_makers(self, use: Use) -> None:
        changes = [change for change in Objects.of(self._to).members(use.node) if is_change(change)]
        self._makers += [use.statement, *(change.statement for change in changes)]

    def _registered(self, use: Use) -> Described:
        static = Static(self._to, use.node)
        name, version = use.argument("name", position=1), use.argument("version", position=2)
        if name is None:
            raise NotKnownError("no name")
        text = static.value(name)
        asked = static.value(version) if version is not None else None
        self._makers += [use.statement, *_statements(static)]
        return Described(f"azureml:{text}:{asked}" if asked is not None else f"azureml:{text}@latest")

    def _of_code(self, code: str, at: ast.expr) -> Described:
        """Reads ``Environment(image=..., conda_file=...)``."""
        call = parsed(code)
        if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith("Environment"):
            raise NotKnownError(code)
        static = Static(self._to, at)
        found: dict[str, Any] = {}
        name = ""
        conda: Mapping[str, Any] | None = None
        for key in call.keywords:
            if key.arg == "conda_file":
                content = self._conda(key.value, static)
                if isinstance(content, dict):
                    conda = content
                else:
                    found["conda_file"] = content
            elif key.arg == "image":
                found["image"] = static.value(key.value)
            elif key.arg == "name":
                name = str(static.value(key.value))
            elif key.arg not in ("version", "description"):
                raise NotKnownError(str(key.arg))  # build: its folder would have to be seen from the component
        return Described(found, conda, name, _statements(static))

    def _conda(self, node: ast.expr, static: Static) -> str | dict[str, Any]:
        """The dict of conda dependencies, or the path of a file of the user, as the component sees it."""
        if isinstance(node, ast.Name):
            binding = static.binding(node)
            use = self._to.use_of(binding.value) if binding.value is not None else None
            noted = self._to.memory.get(("conda", use.node)) if use is not None and self._to.outcome(use) else None
            if use is not None and isinstance(noted, str):
                self._note_makers(use)
                return self._conda(parsed(noted), static)
        value = static.value(node)
        if isinstance(value, dict):
            return value
        found = file_of(value, self._to)
        if found is None:
            raise NotKnownError(str(value))
        return Path(os.path.relpath(found, self._folder)).as_posix()


def _statements(static: Static) -> list[ast.stmt]:
    return [binding.statement for binding in static.read if binding.statement is not None]
