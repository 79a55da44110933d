"""What is in a folder of artifacts, as MLflow shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amlbridge.wire.artifact_files import Artifacts, normal
from amlbridge.wire.mlflow.errors import invalid


def listing(artifacts: Artifacts, root: Path, folder: str, below: str = "") -> dict[str, Any]:
    """What is directly in a folder of those ``below`` a path: files with their sizes, and folders.

    A file has nothing in it, as MLflow has it. ``root`` is the folder that ``below`` means.
    """
    if ".." in folder.split("/") or folder.startswith("/"):
        raise invalid(f"Invalid path: {folder}: it must lead to a folder of the artifacts")
    base, start = normal(folder), f"{normal(below)}/" if normal(below) else ""
    prefix = f"{base}/" if base else ""
    files: dict[str, dict[str, Any]] = {}
    for path, blob in artifacts.find(start + prefix):
        name, inner, _ = path[len(start + prefix) :].partition("/")
        entry = {"path": prefix + name, "is_dir": bool(inner)}
        files.setdefault(name, entry if inner else {**entry, "file_size": blob.size})
    return {"root_uri": str(root), "files": [files[name] for name in sorted(files)]}
