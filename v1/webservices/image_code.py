"""The code of an image: where the scoring script lies in the archives that the client uploads.

The client sends a driver program, which loads the scoring script, and an archive for the script and for each
dependency. It writes the whole path of each file on the user's machine into the archive, while the driver looks for
the script beside itself: what stands before the script's path belongs to that machine, and is left out. A dependency
from elsewhere keeps its own name.
"""

from __future__ import annotations

import ast
import posixpath
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from amlbridge.v1.webservices.files import Asset
from amlbridge.wire.errors import bad_request

#: The variable of the client's driver program that holds the path of the scoring script.
_LOCATION = "script_location"


def script_of(driver: str) -> str | None:
    """The scoring script that a driver program loads, relative to it; None for a program that loads none, but is a
    scoring script itself. Raises a 400 ServiceError for one that is no Python."""
    try:
        tree = ast.parse(driver)
    except (SyntaxError, ValueError) as error:
        raise bad_request(f"the driver program of the image cannot be read: {error}") from error
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call) or not node.value.args:
            continue
        named = any(isinstance(target, ast.Name) and target.id == _LOCATION for target in node.targets)
        path = node.value.args[-1]
        if named and isinstance(path, ast.Constant) and isinstance(path.value, str):
            return path.value.replace("\\", "/").lstrip("/")
    return None


def placed(assets: Sequence[Asset], script: str) -> tuple[Asset, ...]:
    """The assets with what is to be left out of the names in their archives. Raises a 400 ServiceError for an archive
    that cannot be read."""
    roots = [_root(item.path) if item.unpack else item.path.name for item in assets]
    before = next((root[: -len(script)] for root in roots if root == script or root.endswith(f"/{script}")), "")
    return tuple(
        replace(item, base=_base(root, before)) if item.unpack else item
        for item, root in zip(assets, roots, strict=True)
    )


def _root(archive: Path) -> str:
    """What an archive was made of: its first member."""
    try:
        with tarfile.open(archive) as tar:
            first = tar.next()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise bad_request(f"the archive {archive.name} of the image cannot be read: {error}") from error
    return first.name if first is not None else ""


def _base(root: str, before: str) -> str:
    if f"{root}/".startswith(before):
        return before
    folder = posixpath.dirname(root)
    return f"{folder}/" if folder else ""
