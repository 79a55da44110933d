"""Finds every process of a step through /proc and stops all of them. Standard library only: `keeper.py` loads it too.

A step's processes are those whose environment has `AMLBRIDGE_STEP_ID=<its id>`, and all descendants of these, and the
members of their process groups. So a daemon that forked twice and called setsid is found like any child. A process that
clears its environment *and* leaves the process group *and* whose parent is gone escapes; a container would be needed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable
from typing import NamedTuple

MARK = b"AMLBRIDGE_STEP_ID="
# How long a process may take to vanish after SIGKILL: in an uninterruptible call (a dead NFS mount) it never does.
KILL_PATIENCE = 10.0


class Process(NamedTuple):
    """What /proc says about a live process."""

    pid: int
    parent: int
    group: int
    step: str | None


def _read(pid: int | str, name: str) -> bytes:
    """Return a file of /proc/<pid>, or nothing when the process is gone or belongs to somebody else."""
    try:
        descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, 65536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def step_of(pid: int | str) -> str | None:
    """Return the id of the step that a process belongs to by its environment, or None."""
    content = b"\0" + _read(pid, "environ")
    start = content.find(b"\0" + MARK)
    if start < 0:
        return None
    start += len(MARK) + 1
    end = content.find(b"\0", start)
    return os.fsdecode(content[start : end if end >= 0 else None])


def snapshot() -> dict[int, Process]:
    """Return all live processes by id; zombies are left out, they hold nothing but their exit status."""
    found: dict[int, Process] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  # for every step: quicker than a Path
        if not entry.isdigit():
            continue
        # "pid (any name, even with spaces and brackets) state parent group ..."
        fields = _read(entry, "stat").rpartition(b")")[2].split()
        if len(fields) < 3 or fields[0] in (b"Z", b"X"):
            continue
        found[int(entry)] = Process(int(entry), int(fields[1]), int(fields[2]), step_of(entry))
    return found


def members(step_ids: Collection[str], roots: Iterable[int] = ()) -> dict[int, Process]:
    """Return the live processes of these steps: marked ones, the trees and groups below `roots`, and descendants.

    The calling process and its ancestors never belong to the answer.
    """
    everything = snapshot()
    spared = {os.getpid()}
    at = os.getpid()
    while at in everything and everything[at].parent > 0:
        at = everything[at].parent
        spared.add(at)
    groups = set(roots)
    chosen = {p.pid for p in everything.values() if p.step in step_ids or p.pid in groups or p.group in groups}
    chosen -= spared
    grew = True
    while grew:
        more = {p.pid for p in everything.values() if p.parent in chosen and p.pid not in spared} - chosen
        chosen |= more
        grew = bool(more)
    return {pid: everything[pid] for pid in chosen}


def describe(pid: int) -> str:
    """Return `pid (command line)` for a log, cut to a readable length."""
    command = _read(pid, "cmdline").replace(b"\0", b" ").strip()
    return f"{pid} ({os.fsdecode(command[:80]) or 'unknown command'})"


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process that still exists. One that we may not signal is left alone: it is not ours."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def _await_end(step_ids: Collection[str], roots: Collection[int], until: float) -> dict[int, Process]:
    """Return what is left of the steps at `until` (monotonic seconds), or nothing as soon as all are gone."""
    pause = 0.001
    while left := members(step_ids, roots):
        if time.monotonic() >= until:
            return left
        time.sleep(pause)
        pause = min(pause * 1.6, 0.05)
    return {}


def stop(step_ids: Collection[str], roots: Collection[int] = (), grace: float = 0.0, patience: float = 0.0) -> set[int]:
    """Stop every process of these steps and return the ids of those that were signalled. Blocks.

    With `grace`, SIGTERM first and SIGKILL after so many seconds; without, SIGKILL at once. SIGKILL is repeated until a
    look at /proc finds nothing, because a process may fork while it is being killed.

    With `patience`, they get so many seconds to end by themselves first.

    `roots` are process groups that the caller knows to belong to the steps; a caller must not name one that is gone and
    reaped, its number may have been given to another process.
    """
    signalled: set[int] = set()
    left = _await_end(step_ids, roots, time.monotonic() + patience)
    if left and grace > 0:
        signalled |= left.keys()
        send(left, signal.SIGTERM)
        # A stopped process would only see SIGTERM when it is continued.
        send(left, signal.SIGCONT)
        left = _await_end(step_ids, roots, time.monotonic() + grace)
    deadline = time.monotonic() + KILL_PATIENCE
    while left and time.monotonic() < deadline:
        signalled |= left.keys()
        send(left, signal.SIGKILL)
        left = _await_end(step_ids, roots, time.monotonic() + 0.05)
    return signalled


def kill_leftovers(step_ids: Collection[str]) -> int:
    """Kill what is left of steps of an earlier life of the service, and return how many processes that were."""
    return len(stop(frozenset(step_ids))) if step_ids else 0
