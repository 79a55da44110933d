"""Bounds the memory of each step, so that a step which eats it all ends with a clear error and harms nothing else.

No RLIMIT_AS: it counts address space, of which numpy and the data set engine reserve far more than they use. Instead a
thread looks at what the step's processes have for themselves (anonymous and shared memory and swap, not file cache)
and ends a step that has more than its share. The kernel may still be quicker, so it is told to take steps first.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from amlbridge.engine.launch import processes

#: The environment variable of the service that bounds the memory of each step.
VARIABLE = "AMLBRIDGE_STEP_MEMORY"
#: The share of the machine's memory that one step may have when nothing else is said.
SHARE = 0.9
#: Seconds between two looks while steps run.
PAUSE = 0.25
#: Seconds in which several steps may learn of the same kill.
_KILL_NEWS = 10.0
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_OWN = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")


def parse_limit(text: str | None, total: int) -> int | None:
    """The limit in bytes: ``8G``, ``500M``, ``50%`` of ``total``, ``none``; without a text, ``SHARE`` of ``total``.

    Raises ValueError for anything else.
    """
    if text is None or not text.strip():
        return int(total * SHARE)
    said = text.strip().lower()
    if said == "none":
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:(%)|([kmgt]?)(?:i?b)?)", said)
    if found is None or float(found[1]) == 0:
        raise ValueError(f"{text!r} is no amount of memory: say for instance 8G, 500M, 50% or none")
    return int(float(found[1]) * (total / 100 if found[2] else _UNITS[found[3]]))


def total_memory() -> int:
    """The memory of this machine or of our container, whichever is less, in bytes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (Path("/sys/fs/cgroup") / name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            total = min(total, int(text))
    return total


def readable(size: int) -> str:
    """``1.5 GB``."""
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"


def prefer(pid: int) -> None:
    """Tells the kernel to end this process and its children, and not the service, when memory runs out."""
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text("500")
    except OSError:
        return  # it has ended, or this system does not let us: then the kernel decides


def kernel_kills() -> int:
    """How many processes the kernel has ended since the start of the machine because memory ran out."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def own_memory(pid: int) -> int:
    """What a process has for itself in bytes; memory that several share counts for each in part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except OSError:
        return 0  # it has ended
    return sum(int(line.split()[1]) for line in lines if line.startswith(_OWN)) * 1024


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def used(step_id: str, root: int, limit: int) -> int:
    """The memory of a step in bytes, exactly if it may be more than ``limit``: that costs the kernel some time."""
    pids = list(processes.members({step_id}, (root,)))
    rough = sum(_resident(pid) for pid in pids)
    return rough if rough <= limit else sum(own_memory(pid) for pid in pids)


def _machine_used() -> int:
    fields = dict(re.findall(r"^(\w+): +(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE))
    total, free = (int(fields[name]) for name in ("MemTotal", "MemAvailable"))
    return (total - free + int(fields.get("SwapTotal", 0)) - int(fields.get("SwapFree", 0))) * 1024


class MemoryGuard:
    """Watches the running steps from a thread of its own, which lives only while there are some."""

    def __init__(self, limit: int | None) -> None:
        """``limit``: the most bytes of one step; None: any."""
        self.limit = limit
        self._kills, self._killed = kernel_kills(), -_KILL_NEWS
        self._lock = threading.Lock()
        self._steps: dict[int, tuple[str, Callable[[int], None]]] = {}
        self._thread: threading.Thread | None = None

    def watch(self, step_id: str, pid: int, exceeded: Callable[[int], None]) -> None:
        """Calls ``exceeded`` with the bytes used, once and in the guard's thread, when the step has more than the
        limit."""
        prefer(pid)
        if self.limit is None:
            return
        with self._lock:
            self._steps[pid] = (step_id, exceeded)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="amlbridge-memory", daemon=True)
                self._thread.start()

    def kernel_killed(self) -> bool:
        """Whether the kernel has just ended something because memory ran out; to be asked when a step was killed."""
        kills = kernel_kills()
        if kills > self._kills:
            self._kills, self._killed = kills, time.monotonic()
        return time.monotonic() - self._killed < _KILL_NEWS

    def forget(self, pid: int) -> None:
        """The step has ended."""
        with self._lock:
            self._steps.pop(pid, None)

    def _look(self) -> None:
        assert self.limit is not None
        while True:
            time.sleep(PAUSE)
            with self._lock:
                if not self._steps:
                    self._thread = None
                    return
                steps: Mapping[int, tuple[str, Callable[[int], None]]] = dict(self._steps)
            # No step can have more than everybody together: mostly this is all there is to do.
            if _machine_used() <= self.limit:
                continue
            for pid, (step_id, exceeded) in steps.items():
                size = used(step_id, pid, self.limit)
                if size > self.limit and pid in self._steps:
                    self.forget(pid)
                    exceeded(size)
