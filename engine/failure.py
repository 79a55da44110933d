"""Why a step failed, in words for the user."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from amlbridge.engine.cause import advice, cause
from amlbridge.engine.errors import storage_error
from amlbridge.engine.launch.base import Launch, Outcome
from amlbridge.engine.launch.memory import VARIABLE, readable

_TAIL = 32 * 1024
_LINES = 40
#: A disk with fewer bytes left counts as full.
_SCANT = 64 * 1024


def from_exception(error: Exception) -> dict[str, Any]:
    """The error of a step that could not be prepared or settled."""
    full = storage_error(error) if isinstance(error, OSError) else None
    if full is not None:
        return {"code": "InsufficientStorage", "message": f"the step could not be prepared or settled: {full}"}
    return {"code": "UserError", "message": str(error) or type(error).__name__}


def internal(error: Exception) -> dict[str, Any]:
    """The error of a step that met a mistake of amlbridge itself."""
    message = f"amlbridge itself failed: {type(error).__name__}: {error}; the log of the service has the traceback"
    return {"code": "InternalError", "message": message}


def from_outcome(outcome: Outcome, launch: Launch) -> dict[str, Any] | None:
    """The error of a step whose process has ended; None when it ended well.

    The first line of the message says why, as far as that can be told; the traceback that the script printed last
    follows, or else the end of its log.
    """
    if outcome.error is not None:
        return {"code": "StartFailed", "message": outcome.error}
    if outcome.over_memory is not None:
        return {
            "code": "OutOfMemory",
            "message": f"the step used {readable(outcome.over_memory)} of memory, more than a step may have here, and "
            f"was ended: let it work in smaller pieces, or set {VARIABLE} (8G, 50%, none) and restart the service.\n"
            f"{last_words(launch.stderr)}".rstrip(),
        }
    if outcome.timed_out:
        return {"code": "Timeout", "message": f"the step ran longer than its {launch.timeout:g} s and was ended"}
    if outcome.cancelled:
        return {"code": "Canceled", "message": "the step was cancelled"}
    if outcome.exit_code == 0:
        return None
    if outcome.exit_code is None:
        return _killed(outcome, launch)
    log, who, then = _subject(outcome, launch, "the script")
    words = last_words(log)
    why = cause(words, outcome.exit_code)
    said = f"{who} ended with exit code {outcome.exit_code}{then}{': ' if why else ''}{why}."
    help_ = advice(words, outcome.exit_code, launch.python)
    message = f"{said}{' ' if help_ else ''}{help_}{_room(log)}\n{words}"
    return {"code": "UserError", "message": message.strip(), "exit_code": outcome.exit_code}


def from_driver(launch: Launch) -> dict[str, Any]:
    """The error of a step whose driver has said why, in the last line of its log; the traceback before it follows."""
    words = _tail(launch.stderr).rstrip()
    said = words.rpartition("\n")[2]
    return {"code": "UserError", "message": f"{said}\n{last_words(launch.stderr)}".strip()}


def _subject(outcome: Outcome, launch: Launch, plain: str) -> tuple[Path, str, str]:
    """Whose end it is: its log, what it is called, and what came of the others."""
    if outcome.rank is None:
        return launch.stderr, plain, ""
    rank = launch.ranks[outcome.rank]
    return rank.log, rank.label, "; the other processes of the step were stopped"


def _killed(outcome: Outcome, launch: Launch) -> dict[str, Any]:
    log, who, then = _subject(outcome, launch, "the process")
    name = signal.Signals(outcome.signal).name if outcome.signal else "a signal"
    said, code = f"{who} was ended by {name}{then}", "UserError"
    if outcome.kernel_killed:
        said += ": the machine ran out of memory, and Linux ended what used the most"
        code = "OutOfMemory"
    elif outcome.signal == signal.SIGKILL:
        said += " from outside: somebody killed it, or the limit of a container did (its memory, for instance)"
    elif outcome.signal == signal.SIGXFSZ:
        said += ": it wrote a file larger than this system allows"
    if outcome.max_rss_kb and outcome.signal == signal.SIGKILL:
        said += f"; it had used up to {readable(outcome.max_rss_kb * 1024)}"
    return {"code": code, "message": f"{said}.\n{last_words(log)}".strip()}


def disk_is_full(folder: Path) -> bool:
    """Whether the disk of a folder has practically no room left."""
    try:
        disk = os.statvfs(folder)
    except FileNotFoundError:
        return False
    return disk.f_bavail * disk.f_frsize <= _SCANT


def _room(log: Path) -> str:
    """A sentence when the log could not take all that the script had to say."""
    if not disk_is_full(log.parent):
        return ""
    return " The disk of the state folder is full, so that its log may be cut: free some space, then submit again."


def last_words(path: Path) -> str:
    """The last traceback of a log, or its last lines."""
    text = _tail(path)
    start = text.rfind("Traceback (most recent call last):")
    if start >= 0:
        return text[start:].rstrip()
    return "\n".join(text.rstrip().splitlines()[-_LINES:])


def _tail(path: Path) -> str:
    """The end of a log; "" when it is not there."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
