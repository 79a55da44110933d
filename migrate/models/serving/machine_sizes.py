"""The sizes of machines that managed endpoints run on."""

from __future__ import annotations

import ast
import math

#: Cores, memory in GB, and the size of machine that has as many.
_SIZES = ((2, 7, "Standard_DS2_v2"), (4, 14, "Standard_DS3_v2"), (8, 28, "Standard_DS4_v2"))
_LARGEST = "Standard_DS5_v2"


def size(cores: ast.expr | None, memory: ast.expr | None = None) -> str:
    """The size of machine for the cores and the memory, in GB, that code names."""
    return instance_type(*(node.value if isinstance(node, ast.Constant) else None for node in (cores, memory)))


def instance_type(cores: object, memory: object = None) -> str:
    """The size of machine that has as many cores, and as much memory in GB; four cores when that is no number."""
    wanted = math.ceil(cores) if isinstance(cores, (int, float)) else 4
    needed = memory if isinstance(memory, (int, float)) else 0
    return next((name for most, room, name in _SIZES if wanted <= most and needed <= room), _LARGEST)
