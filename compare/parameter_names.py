"""Names of pipeline parameters: SDK v1 took any text, SDK v2 takes names of Python."""

from __future__ import annotations

import re


def spoken(name: str) -> str:
    """The name as SDK v2 can have it: "target-day" is "target_day" there."""
    return name if name.isidentifier() else re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
