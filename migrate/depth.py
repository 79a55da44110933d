"""Room for deep recursion: the value of a variable is followed back through all that it is made of, and code sets a
data frame anew, or a column of it, hundreds of times."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
#: Python's own limit is 1,000 calls: some 80 statements that each take what the one before has made.
_CALLS = 20_000
#: Bytes of stack for so many calls; only what is used takes memory.
_STACK = 256 * 1024 * 1024


def with_room(function: Callable[[], T]) -> T:
    """What a function gives, which may call itself some 20,000 times deep. It runs in a thread of its own, which has a
    larger stack than the main one may have. Raises what the function raises."""
    given: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            given.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    stack, calls = threading.stack_size(), sys.getrecursionlimit()
    thread = threading.Thread(target=work, daemon=True)  # one that is interrupted must not keep the command from ending
    threading.stack_size(_STACK)
    sys.setrecursionlimit(max(calls, _CALLS))
    try:
        thread.start()
        threading.stack_size(stack)
        thread.join()
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(calls)
    if errors:
        raise errors[0]
    return given[0]
