"""Files with settings that the modules of a project read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

#: What is larger is no file of settings, in bytes.
_LARGEST = 200_000
_YAML = (".yml", ".yaml")


def content_of(path: str, folder: Path, roots: Sequence[Path]) -> object:
    """What a JSON or YAML file says, None where it is not there or cannot be read. Looked for from ``folder`` upwards,
    as far as the folders of the run go."""
    relative = Path(path)
    if not path or relative.is_absolute() or relative.suffix not in (".json", *_YAML):
        return None
    for start in (folder, *folder.parents):
        if not any(start.is_relative_to(root) for root in roots):
            break
        file = start / relative
        if any(file.resolve().is_relative_to(root.resolve()) for root in roots) and file.is_file():
            return _read(file)
    return None


def _read(file: Path) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if file.stat().st_size > _LARGEST:
            return None
        text = file.read_text("utf-8")
        return YAML(typ="safe", pure=True).load(text) if file.suffix in _YAML else json.loads(text)
    except (OSError, ValueError, YAMLError):
        return None  # the program that reads it says so
