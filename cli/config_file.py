"""The config.json that ``Workspace.from_config()`` looks for."""

from __future__ import annotations

import json
from pathlib import Path

from amlbridge.server.home import find_config

#: What a config.json says that we write. Any other names work as well: a workspace is created on first use.
DEFAULT = {
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "resource_group": "local",
    "workspace_name": "local",
}


def ensure(folder: Path, script: Path | None) -> Path | None:
    """Writes a config.json into ``folder`` (the current one: there the SDK starts to look) when there is none from it
    upwards; with the names of the one beside the script, if that has one. Returns the path when it wrote one."""
    if find_config(folder) is not None:
        return None
    beside = find_config(script.resolve().parent) if script is not None else None
    target = folder / "config.json"
    content = beside.read_text() if beside is not None else json.dumps(DEFAULT, indent=4) + "\n"
    with target.open("x") as file:
        file.write(content)
    return target
