"""Which interpreter a step runs with: the current one, or one that is built for its specification."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from amlbridge.engine.environments import build, mismatch, pythons
from amlbridge.engine.environments import spec as specifications
from amlbridge.engine.environments.modes import Mode
from amlbridge.engine.environments.spec import Specification
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Environment, Node

log = logging.getLogger(__name__)

#: The log of a build, as Azure names it.
BUILD_LOG = "azureml-logs/20_image_build_log.txt"


@dataclass(frozen=True)
class Step:
    """What the provider has to know of a step: where its log of a build goes, whether it is still wanted, and the
    variables that lead uv's connections."""

    log: Path
    canceled: Callable[[], bool] = lambda: False
    variables: Mapping[str, str] = field(default_factory=dict)
    preparing: Callable[[], None] = lambda: None


class Environments:
    """Interpreters for steps. ``root`` holds the environments that uv builds; ``locate`` gives the local file behind a
    URL that only this service can read (a private wheel in its storage), else None. Any thread may call."""

    def __init__(
        self, root: Path, *, default: Mode = "current", locate: Callable[[str], Path | None] = lambda url: None
    ) -> None:
        self.root = root
        self.default: Mode = default
        self._locate = locate
        self._current = mismatch.Current()
        self._read: dict[int, tuple[Environment, Specification]] = {}
        self._pythons: list[pythons.Python] | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Ends builds that are under way; their steps are told that they were cancelled."""
        self._closed.set()

    def findings(self, node: Node, mode: Mode) -> list[str]:
        """Where the interpreter of a step will differ from what its environment asks for, in words."""
        environment = node.environment
        found = mismatch.of_image(environment, node)
        if environment.interpreter is not None and _own_interpreter(environment.interpreter) is None:
            found.append(f"the interpreter {environment.interpreter} is not on this machine")
        if mode == "current" and environment.conda is not None:
            found = [*found, *self._current.findings(self._specification(environment))]
        return found

    def interpreter(self, environment: Environment, mode: Mode, step: Step) -> str:
        """The interpreter of a step: the environment's own when it is user managed and names one that is here; in mode
        ``uv`` one that has what the specification asks for, built if need be. Raises :class:`EngineError`."""
        if environment.interpreter is not None:
            return _own_interpreter(environment.interpreter) or sys.executable
        if mode == "current" or environment.user_managed or environment.conda is None:
            return sys.executable
        specification = self._specification(environment)
        python = self._python(specification)
        folder = self.root / _folder_name(specification, python)
        found = build.ready(folder)
        if found is not None:
            return found
        step.preparing()
        request = build.Request(
            self._with_local_files(specification),
            python,
            step.log,
            lambda: self._closed.is_set() or step.canceled(),
            step.variables,
        )
        return build.build(folder, request)

    def _specification(self, environment: Environment) -> Specification:
        # Keyed by identity: to hash a large specification for each step would cost more than to keep it.
        known = self._read.get(id(environment))
        if known is None or known[0] is not environment:
            if len(self._read) > 1000:
                self._read.clear()
            known = self._read[id(environment)] = (environment, specifications.of(environment))
        return known[1]

    def _python(self, specification: Specification) -> pythons.Python:
        if specification.python is None:
            return pythons.current()
        try:
            return self._choose(specification.python)
        except EngineError:
            # One may have been installed since we looked.
            self._pythons = None
            return self._choose(specification.python)

    def _choose(self, wanted: str) -> pythons.Python:
        if self._pythons is None:
            self._pythons = pythons.found(build.find_uv(), build.uv_environment())
        return pythons.choose(self._pythons, wanted, f"Python {mismatch.readable(wanted)}")

    def _with_local_files(self, specification: Specification) -> Specification:
        lines = [str(self._locate(line) or line) for line in specification.requirements]
        return replace(specification, requirements=tuple(lines))

    def remove(self) -> int:
        """Removes all environments that were built; returns how many."""
        folders = [path for path in self.root.glob("*") if path.is_dir()] if self.root.is_dir() else []
        for folder in folders:
            shutil.rmtree(folder)
        return len(folders)


def _folder_name(specification: Specification, python: pythons.Python) -> str:
    interpreter = hashlib.sha256(f"{python.version} {python.path}".encode()).hexdigest()[:8]
    return f"{specification.key}-{interpreter}"


def _own_interpreter(text: str) -> str | None:
    """The full path of an interpreter that a user named; None when it is not here."""
    path = Path(text).expanduser()
    if path.is_absolute():
        return str(path) if os.access(path, os.X_OK) and path.is_file() else None
    return shutil.which(text)
