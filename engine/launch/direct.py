"""The `subprocess` launcher: a process of its own for every step.

Popen with `start_new_session` needs no code of ours between fork and exec, which would not be safe in a process with
threads. That the step dies with the service is the work of `keeper.py`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import subprocess
import time
from pathlib import Path

from amlbridge.engine.launch.base import Launch, Running
from amlbridge.engine.launch.group import Group
from amlbridge.engine.launch.handle import Exit, Failed, Handle, obstacle
from amlbridge.engine.launch.watch import Watch

# Options of the interpreter that take the next argument as their value.
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")


class SubprocessLauncher:
    """Implements `base.Launcher`."""

    name = "subprocess"

    def __init__(self, watch: Watch, bootstrap: Path) -> None:
        """Use the shared watch; `bootstrap` is the link to `bootstrap.py`."""
        self._watch = watch
        self._bootstrap = bootstrap
        self._running: set[Handle] = set()
        self._closed = False

    async def start(self, launch: Launch) -> Running:
        """See `base.Launcher.start`."""
        if self._closed:
            raise RuntimeError("the launcher is closed")
        if problem := obstacle(launch):
            return Failed(problem)
        loop = asyncio.get_running_loop()
        self._watch.began(launch.step_id)
        started = time.time()
        try:
            group = Group(launch, self.command(launch), self._bootstrap.parent) if launch.ranks else None
            command = self.command(launch) if group is None else group.command
            process = await loop.run_in_executor(None, _spawn, launch, command)
        except (OSError, ValueError) as error:
            self._watch.ended(launch.step_id)
            return Failed(_sentence(launch, error))
        handle = Handle(launch, self._watch, process.pid, started)
        self._running.add(handle)
        self._await_end(process, handle, group)
        return handle

    async def close(self) -> None:
        """See `base.Launcher.close`."""
        self._closed = True
        await asyncio.gather(*(handle.cancel(0.0) for handle in self._running))

    def command(self, launch: Launch) -> list[str]:
        """Return the command line: with a prelude, the interpreter's options come before `bootstrap.py`."""
        if launch.python is None:
            return list(launch.argv)
        if launch.prelude is None:
            return [launch.python, *launch.argv]
        at = 0
        while at < len(launch.argv) and launch.argv[at].startswith("-") and launch.argv[at] not in ("-m", "-c", "-"):
            at += 2 if launch.argv[at] in _WITH_VALUE else 1
        options, rest = launch.argv[:at], launch.argv[at:]
        return [launch.python, *options, str(self._bootstrap), str(launch.prelude.absolute()), *rest]

    def _await_end(self, process: subprocess.Popen[bytes], handle: Handle, group: Group | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            # An old kernel: one thread waits for each process.
            future = loop.run_in_executor(None, _reap, process)
            future.add_done_callback(lambda done: self._ended(handle, done.result(), group))
            return

        def ready() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            self._ended(handle, _reap(process), group)

        loop.add_reader(descriptor, ready)

    def _ended(self, handle: Handle, exit_: Exit, group: Group | None) -> None:
        self._running.discard(handle)
        if group is not None:
            exit_, error = group.settle(exit_)
            if error is not None:
                exit_ = dataclasses.replace(exit_, status=None, error=_sentence(handle.launch, error))
        handle.finished(exit_)


def _spawn(launch: Launch, command: list[str]) -> subprocess.Popen[bytes]:
    """Start the process. Raises OSError and ValueError. Runs in a thread: a fork of a large service takes time."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    out = os.open(launch.stdout, flags, 0o666)
    error = out if launch.stderr == launch.stdout else os.open(launch.stderr, flags, 0o666)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=error,
            cwd=launch.cwd,
            env=launch.environment(),
            start_new_session=True,
        )
    finally:
        for descriptor in {out, error}:
            os.close(descriptor)


def _reap(process: subprocess.Popen[bytes]) -> Exit:
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:
        # Somebody else in this process waited for all children.
        process.returncode = 0
        return Exit(None, time.time(), error="how it ended is unknown: other code took the exit status")
    process.returncode = os.waitstatus_to_exitcode(status)
    return Exit(status, time.time(), usage.ru_maxrss)


def _sentence(launch: Launch, error: OSError | ValueError) -> str:
    program = launch.python or launch.argv[0]
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"the program {program} was not found"
    if number in (errno.EACCES, errno.EPERM):
        return f"the program {program} is not executable"
    if number == errno.ENOEXEC:
        return f"the program {program} is neither a binary nor does it begin with #!"
    if number == errno.E2BIG:
        return "the command line and its environment are too long"
    return f"the program {program} could not be started: {error}"
