"""The same file under another name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def link(path: Path, place: Path) -> None:
    """Makes ``place`` the same file, unless something is there. What the service writes, it writes aside and renames,
    so neither changes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        return
    try:
        os.link(path.resolve(), place)
    except OSError:
        # A file system without hard links, or another one.
        shutil.copy2(path, place)
