"""Which computes a script takes for granted, of the two that Azure's own articles name.

A script that makes a compute, or might, gets no help: in an empty workspace it is about to make what it needs, as in
Azure.
"""

from __future__ import annotations

import re
from pathlib import Path

from amlbridge.cli.polling import TooMuchError, beside
from amlbridge.wire.assumed_names import NAMES, VARIABLE

#: An import alone makes nothing, and a class of SDK v1 that is given a workspace looks for what is there.
_MAKES = re.compile(
    rb"\b((AmlCompute|ComputeInstance|KubernetesCompute)\s*\((?!\s*(workspace\s*=|[\w.]+\s*,))|(ComputeTarget\s*\.\s*(create|attach)"
    rb"|provisioning_configuration|load_compute)\b)"
)


def variables(script: Path | None) -> dict[str, str]:
    """The variable for a script's process; none when it names none of these computes, or when it or a module beside it
    makes computes."""
    if script is None:
        return {}
    try:
        named = [name for name in NAMES if re.search(rf"""["'\\]{name}\\?["']""".encode(), script.read_bytes())]
        if not named or any(_MAKES.search(text) for text in beside(script)):
            return {}
    except (OSError, TooMuchError):
        return {}
    return {VARIABLE: ",".join(named)}
