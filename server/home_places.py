"""Where the state of a project lies: outside of the project.

The v1 client walks ``source_directory``, which is the project's folder by default, and uploads all that it finds: it
follows links and heeds no ignore file of a folder below. A state folder in there would be uploaded with each submit,
while it changes, and from 300 MB on the client would refuse to submit.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from amlbridge.engine.errors import StateError

#: Names a state folder; it wins over everything below.
VARIABLE = "AMLBRIDGE_HOME"
#: A state folder inside of a project, used where one was made (``amlbridge up --here``, and before there were others).
FOLDER = ".amlbridge"
_XDG = "XDG_STATE_HOME"
_LONGEST_NAME = 40


def base(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of all state folders: ``$XDG_STATE_HOME/amlbridge``, else ``~/.local/state/amlbridge``.

    A relative XDG_STATE_HOME is ignored, as the XDG Base Directory Specification wants. Raises :class:`StateError` when
    HOME is needed and names no folder.
    """
    named = environment.get(_XDG, "")
    if Path(named).is_absolute():
        return Path(named) / "amlbridge"
    home = environment.get("HOME", "")
    if not Path(home).is_absolute():
        what = f"is {home!r}, which is no absolute path" if home else "is not set"
        raise StateError(f"there is no place for the state folder, because HOME {what}: set {VARIABLE} to a folder")
    return Path(home) / ".local" / "state" / "amlbridge"


def place_of(project: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """The state folder of a project: its folder's name, for people, and 8 digits that tell it from its namesakes. A
    project that is moved or copied has another one. Raises :class:`StateError` as :func:`base` does."""
    real = project.resolve()
    name = re.sub(r"[^\w.-]", "_", real.name)[:_LONGEST_NAME] or "root"
    return base(environment) / f"{name}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:8]}"
