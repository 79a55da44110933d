"""The time, as something that a test can replace."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

#: Seconds since the epoch, as a float.
Clock = Callable[[], float]

system_clock: Clock = time.time


def iso(timestamp: float | None) -> str | None:
    """``2026-11-20T10:59:16.816605+00:00`` for a timestamp in seconds since the epoch; None for None."""
    if timestamp is None:
        return None
    return datetime.fromtimestamp(timestamp, timezone.utc).isoformat(timespec="microseconds")


def parse_iso(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time. Without an offset it is UTC; more than six digits are cut.

    Raises ValueError when the text is no time.
    """
    head, tail = text.strip(), ""
    if head.endswith(("Z", "z")):
        head, tail = head[:-1], "+00:00"
    else:
        for sign in "+-":
            at = head.rfind(sign)
            if at > 10:
                head, tail = head[:at], head[at:]
                break
    if "." in head:
        whole, _, fraction = head.partition(".")
        head = f"{whole}.{(fraction + '000000')[:6]}"
    parsed = datetime.fromisoformat(head + tail)
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=timezone.utc)
    return parsed.timestamp()
