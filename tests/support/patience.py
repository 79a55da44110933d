"""Tests wait for the thing itself, however slow the machine is, and give up only when it is certain not to come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

#: How long a test waits for what should happen at once, in seconds.
PATIENCE = 90.0


def until(condition: Callable[[], _T], seconds: float = PATIENCE) -> _T:
    """What ``condition`` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def quickest(action: Callable[[], object], most: float, seconds: float = PATIENCE) -> float:
    """The seconds that ``action`` takes, which is tried again while it takes longer than ``most``: a machine that is
    busy with something else makes anything slow now and then."""
    deadline = time.monotonic() + seconds
    while True:
        began = time.perf_counter()
        action()
        taken = time.perf_counter() - began
        if taken < most or time.monotonic() > deadline:
            return taken


def with_enough_time(attempt: Callable[[float], _T], limit: float) -> _T:
    """What ``attempt`` returns with a time limit of ``limit`` seconds. While that is nothing, because what should be
    cut off has not even begun by then, the limit is five times as long."""
    for factor in (1, 5, 25):
        if found := attempt(limit * factor):
            return found
    raise AssertionError(f"it did not begin in {limit * 25:g} s")
