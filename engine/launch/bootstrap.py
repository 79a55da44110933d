"""Runs a prelude and then a program in a fresh interpreter: `python bootstrap.py PRELUDE SCRIPT [ARG...]`.

Instead of a script, `-m MODULE` or `-c CODE`. Run by path, standard library only. The symbolic link that it is started
through has `importlib` and `_bootstrap` in its name, see `Workshop.link`.
"""

from __future__ import annotations

import sys

_NAMES = tuple(globals())
_FRESH = frozenset(sys.modules)
# An environment of a step may be older than 3.10, which has no orig_argv.
_PROGRAM = getattr(sys, "orig_argv", [sys.executable])[0]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _load() -> dict[str, Any]:
    """Return the namespace of `runner.py`, whose frames get a file name that the warnings module does not count."""
    import os

    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120
    if sys.path and os.path.realpath(sys.path[0]) == here:
        del sys.path[0]
    with open(os.path.join(here, "runner.py"), "rb") as file:  # noqa: PTH118, PTH123
        source = file.read()
    space = {"__name__": "amlbridge_runner"}
    exec(compile(source, "<importlib_bootstrap: amlbridge>", "exec"), space)
    return space


if __name__ == "__main__":
    _runner = _load()
    _runner["main"](_runner["Task"](_PROGRAM, tuple(sys.argv[2:]), sys.argv[1], _NAMES, _FRESH))
