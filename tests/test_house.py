"""The house is built as its plan says: packages, arrows, sizes."""

from __future__ import annotations

import ast
import configparser
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: What a folder may import of ours. Arrows run only downwards; v1 and v2 never import each other.
ARROWS = {
    "engine": {"engine"},
    "wire": {"wire", "engine"},
    "v1": {"v1", "wire", "engine"},
    "v2": {"v2", "wire", "engine"},
    "studio": {"studio", "engine"},
    "compare": {"compare", "engine"},
    "migrate": {"migrate", "engine"},
    "trace": {"trace", "migrate", "engine"},
    "server": {"server", "studio", "v1", "v2", "wire", "engine"},
    "cli": {"cli", "server", "studio", "v1", "v2", "wire", "compare", "migrate", "trace", "engine"},
}
MODULES = sorted(path for folder in ARROWS for path in (ROOT / folder).rglob("*.py"))
LONGEST = 600


@cache
def nodes(path: Path) -> list[ast.AST]:
    """The nodes of a module."""
    return list(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> set[str]:
    """The packages of ours that a module imports."""
    found = set()
    for node in nodes(path):
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{item.name}" for item in node.names]
        found.update(name.split(".")[1] for name in names if name.startswith("amlbridge."))
    return found


@pytest.mark.parametrize("folder", ARROWS)
def test_arrows_run_downwards(folder: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imports(path) - ARROWS[folder]
    }
    assert wrong == set()


def file_of(module: str) -> Path:
    """The file of a module of ours."""
    path = ROOT / module.removeprefix("amlbridge.").replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names that a module binds anywhere."""
    bound = [
        node.name for node in nodes(path) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    ]
    bound += [node.id for node in nodes(path) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    aliases = [name for node in nodes(path) if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names]
    return frozenset([*bound, *(alias.asname or alias.name.split(".")[0] for alias in aliases)])


def is_there(module: str, name: str) -> bool:
    """Whether a module of ours has a name, or is a package that has a module of the name."""
    path = file_of(module)
    return path.is_file() and (name in names_in(path) or file_of(f"{module}.{name}").is_file())


def test_what_is_imported_is_there() -> None:
    """A change that renames what another one begins to use is told when both come together."""
    lost = {
        f"{path.relative_to(ROOT)}: from {node.module} import {alias.name}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("amlbridge.") and not node.level
        for alias in node.names
        if not is_there(str(node.module), alias.name)
    }
    assert lost == set()


def test_setup_cfg_names_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    named = set(config["options"]["packages"].split())
    there = {
        "amlbridge." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for path in MODULES
        if path.name == "__init__.py"
    }
    assert named == there


def test_no_file_is_too_long() -> None:
    long = {str(path.relative_to(ROOT)): n for path in MODULES if (n := len(path.read_text().splitlines())) > LONGEST}
    assert long == {}


def test_migrate_needs_only_the_plan_of_the_engine() -> None:
    for path in (ROOT / "migrate").rglob("*.py"):
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("amlbridge.engine"):
                assert node.module in ("amlbridge.engine.plan", "amlbridge.engine.plan_json"), path
