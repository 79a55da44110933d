"""The environment of a forked client, where others see it.

The service looks into the process that asks it for something (`wire/caller.py`): the kernel shows what that process was
*started* with, which in a fork is the environment of the interpreter that it was forked from. Standard library only:
clients import it.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

#: The interpreter that clients are forked from is started with this much, so that theirs find room in the same place.
#: A variable cannot have more than 128 KB.
ROOM = {"AMLBRIDGE_ROOM": "." * 100_000}
#: proc(5): env_start and env_end, the first field behind the name of the program being the third.
_START, _END = 50 - 3, 51 - 3


def show() -> None:
    """Shows the variables that this process has now. Raises RuntimeError if it was started with less room."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_START]), int(fields[_END])
    block = b"".join(b"%s=%s\0" % pair for pair in os.environb.items())
    if len(block) >= end - start:
        raise RuntimeError(f"an environment of {len(block)} bytes does not fit into {end - start}")
    # Nothing else is there any more: the fork has set all its variables anew, which are elsewhere then.
    ctypes.memmove(start, block.ljust(end - start, b"\0"), end - start)
