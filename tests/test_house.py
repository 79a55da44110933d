"""The house is built as its plan says: packages, arrows, sizes."""

from __future__ import annotations

import ast
import configparser
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


def imports(path: Path) -> set[str]:
    """The packages of ours that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
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
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("amlbridge.engine"):
                assert node.module in ("amlbridge.engine.plan", "amlbridge.engine.plan_json"), path
