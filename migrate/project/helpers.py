"""Modules that do not name SDK v1 themselves, but may get objects of it: ``upload(ws, "data")`` of a helper, or tell of
the arguments of a script.

What they get is only known from the calls, so that they belong to the project with the modules that import them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from functools import cache
from pathlib import Path

from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.signatures.table import v1_table

V1 = "azureml"
_IMPORTS = re.compile(r"^[ \t]*(?:from|import)[ \t]+[^\n]*(?:\([^)]*\))?", re.MULTILINE)
_MEMBER = re.compile(r"\.([a-z]\w*)")
_BASES = re.compile(r"^class \w+\(([^)]+)\)", re.MULTILINE)
_TAKES = re.compile(r"\bdef \w+\(\s*\w")
_WORD = re.compile(r"\w+")
#: What says of the arguments of a script which of them are numbers.
_PARSES = ".add_argument("


def helpers(modules: Sequence[ModuleText]) -> list[ModuleText]:
    """The modules among these that do not name SDK v1, read what its objects have, and are imported by a module or
    notebook that names it, or by such a helper."""
    waiting = [module for module in modules if V1 in module.text]
    python = [module for module in modules if module.path.suffix == ".py"] if waiting else []
    others = [module for module in python if V1 not in module.text]
    if not others:
        return []
    stems = {_stem(module.path) for module in modules}
    left = [one for one in others if _may_take(one.text) or _derives(one.text, stems) or _PARSES in one.text]
    packages = [module for module in others if module.path.name == "__init__.py" and module not in left]
    left += packages  # which name what their modules have
    found: list[ModuleText] = []
    while waiting and left:
        words = _imported_words(waiting)
        waiting = [module for module in left if _stem(module.path) in words]
        found += [module for module in waiting if module not in packages]
        left = [module for module in left if module not in waiting]
    return found


def _may_take(text: str) -> bool:
    """Whether a function may read something of an object of SDK v1, as far as the words tell."""
    return _TAKES.search(text) is not None and not _members().isdisjoint(_MEMBER.findall(text))


def _derives(text: str, stems: Set[str]) -> bool:
    """Whether a class is made of one of the project: objects of it may be made as those of that one are."""
    bases = {base for names in _BASES.findall(text) for base in _WORD.findall(names)}
    lines = [line for line in _IMPORTS.findall(text) if not bases.isdisjoint(_WORD.findall(line))] if bases else []
    return any(word in stems for line in lines for word in _WORD.findall(line))


def key_of(path: Path) -> str:
    """The path of a module without its ending; that of a package is its folder."""
    absolute = path.absolute()
    return str(absolute.parent if absolute.name == "__init__.py" else absolute.with_suffix(""))


def _imported_words(modules: Iterable[ModuleText]) -> set[str]:
    return {word for module in modules for line in _IMPORTS.findall(module.text) for word in _WORD.findall(line)}


def _stem(path: Path) -> str:
    return path.absolute().parent.name if path.name == "__init__.py" else path.stem


@cache
def _members() -> frozenset[str]:
    """What objects of SDK v1 have, and objects of Python have not."""
    kinds = ("method", "property", "attribute")
    names = {path.rpartition(".")[2] for path, entry in v1_table().entries.items() if entry.kind in kinds}
    return frozenset(names.difference(*(dir(kind) for kind in (str, list, dict, set, Path))))
