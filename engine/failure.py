"""Why a step failed, in words for the user."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from amlbridge.engine.launch.base import Launch, Outcome

_TAIL = 32 * 1024
_LINES = 40


def from_exception(error: Exception) -> dict[str, Any]:
    """The error of a step that could not be prepared or settled."""
    return {"code": "UserError", "message": str(error) or type(error).__name__}


def internal(error: Exception) -> dict[str, Any]:
    """The error of a step that met a mistake of amlbridge itself."""
    message = f"amlbridge itself failed: {type(error).__name__}: {error}; the log of the service has the traceback"
    return {"code": "InternalError", "message": message}


def from_outcome(outcome: Outcome, launch: Launch) -> dict[str, Any] | None:
    """The error of a step whose process has ended; None when it ended well.

    The message holds the traceback that the script printed last, or else the end of its log.
    """
    if outcome.error is not None:
        return {"code": "StartFailed", "message": outcome.error}
    if outcome.timed_out:
        return {"code": "Timeout", "message": f"the step ran longer than its {launch.timeout:g} s and was ended"}
    if outcome.cancelled:
        return {"code": "Canceled", "message": "the step was cancelled"}
    if outcome.exit_code == 0:
        return None
    if outcome.exit_code is None:
        name = signal.Signals(outcome.signal).name if outcome.signal else "a signal"
        return {
            "code": "UserError",
            "message": f"the process was ended by {name}.\n{last_words(launch.stderr)}".strip(),
        }
    message = f"the script ended with exit code {outcome.exit_code}.\n{last_words(launch.stderr)}"
    return {"code": "UserError", "message": message.strip(), "exit_code": outcome.exit_code}


def last_words(path: Path) -> str:
    """The last traceback of a log, or its last lines."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    start = text.rfind("Traceback (most recent call last):")
    if start >= 0:
        return text[start:].rstrip()
    return "\n".join(text.rstrip().splitlines()[-_LINES:])
