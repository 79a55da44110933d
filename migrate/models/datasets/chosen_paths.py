"""The path that code of SDK v1 chooses for data on the compute: ``as_mount("/mnt/orders")``."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from amlbridge.migrate.analysis.literals import is_none

_CHOSEN = (
    "SDK v2 chooses the path of an input itself: the script has to take it from its argument, not as path_on_compute"
)
_READING = ("as_mount", "as_download")


def chosen_path(calls: Iterable[ast.Call]) -> list[str]:
    """What to know of an input that these calls mount, or download, at a path of the code's choice."""
    return [_CHOSEN] if any(_chooses(call) for call in calls) else []


def _chooses(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _READING:
        return False
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "path_on_compute")]
    return any(not is_none(path) for path in given)
