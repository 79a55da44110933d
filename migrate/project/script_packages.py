"""Which scripts run in the environments that a module makes, as far as its words tell, and what they import."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.migrate.models.environments.script_packages import packages_of
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.helpers import key_of

if TYPE_CHECKING:
    from amlbridge.migrate.project.modules import Project

#: The file of a script: ``"train.py"``, ``"src/train.py"``.
_FILE = re.compile(r"""([\w.-]+\.py)\s*["']""")
#: An environment that a module registers may be looked up in the modules beside it.
_REGISTERS = re.compile(r"\.register\(")
_LOOKS_UP = re.compile(r"\bEnvironment\.get\(|\.environments\b")


def script_packages(module: ModuleText, project: Project) -> tuple[str, ...]:
    """The packages that the scripts which run in a module's environments import in SDK v2: the scripts that it names,
    or else those that the modules which import it name. Of an environment that it registers, also theirs that look one
    up beside it."""
    scripts = project.job_scripts
    if not scripts:
        return ()
    named = list(_named_in([module], scripts)) or list(_named_in(_users(module, project), scripts))
    if "Environment" in module.text and _REGISTERS.search(module.text):
        beside = [other for other in project.modules if other.path.parent == module.path.parent]
        named += _named_in([other for other in beside if _LOOKS_UP.search(other.text)], scripts)
    return packages_of(text for script in named for text in _with_imported(script, project))


def packages_near(path: Path, project: Project) -> tuple[str, ...]:
    """What the scripts need whose environment a file at ``path`` may list: those in its folder, or in the nearest one
    above that has any."""
    for folder in path.absolute().parents:
        below = [script for script in project.job_scripts if script.path.absolute().is_relative_to(folder)]
        if below:
            return packages_of(text for script in below for text in _with_imported(script, project))
    return ()


def _named_in(modules: Iterable[ModuleText], scripts: Sequence[ModuleText]) -> Iterable[ModuleText]:
    """The scripts that modules name by their files: of several that are called so, the nearest."""
    for module in modules:
        for name in dict.fromkeys(_FILE.findall(module.text)):
            called = [script for script in scripts if script.path.name == name]
            near = max((_shared(script.path, module.path) for script in called), default=0)
            yield from (script for script in called if _shared(script.path, module.path) == near)


def _shared(path: Path, other: Path) -> int:
    """How much of two paths is the same folder."""
    return len(Path(os.path.commonpath([path.absolute(), other.absolute()])).parts)


def _users(module: ModuleText, project: Project) -> list[ModuleText]:
    """The modules that import a module, directly or through others."""
    found = {module.path: module}
    left = [module]
    while left:
        for other in project.neighbours.importers(key_of(left.pop().path)):
            if other.path not in found:
                found[other.path] = other
                left.append(other)
    return [other for path, other in found.items() if path != module.path]


def _with_imported(script: ModuleText, project: Project) -> list[str]:
    """The texts of a script, and of the modules of the project that it imports."""
    found, left = {script.path: script.text}, [script]
    by_key = {key_of(module.path): module for module in project.modules}
    while left:
        for key in project.neighbours.imported(left.pop()):
            other = by_key.get(key)
            if other is not None and other.path not in found:
                found[other.path] = other.text
                left.append(other)
    return list(found.values())
