"""The two ways in which steps get their environments. Imports little: the command reads it, too."""

from __future__ import annotations

import os
from typing import Literal, TypeAlias, get_args

from amlbridge.engine.errors import EngineError

#: By the interpreter behind the client, or by a virtual environment for each specification, built with uv.
Mode: TypeAlias = Literal["current", "uv"]
MODES: tuple[Mode, ...] = get_args(Mode)
#: The variable that sets the default of a service that is started, and of ``amlbridge run``.
VARIABLE = "AMLBRIDGE_ENVIRONMENTS"


def mode_of(text: str) -> Mode:
    """The mode of this name. Raises :class:`EngineError`."""
    for mode in MODES:
        if text == mode:
            return mode
    raise EngineError(f"{text!r} is no way to provide environments: {VARIABLE} and --environments take current or uv")


def default_mode() -> Mode:
    """What :data:`VARIABLE` says, else ``current``. Raises :class:`EngineError`."""
    return mode_of(os.environ.get(VARIABLE) or "current")
