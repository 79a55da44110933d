"""A running process, however it was started: waiting, time limit, cancelling, and clearing up behind it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from amlbridge.engine.launch import processes
from amlbridge.engine.launch.base import Launch, Outcome
from amlbridge.engine.launch.watch import Watch

_log = logging.getLogger(__name__)

#: Seconds between SIGTERM and SIGKILL when a step runs out of time.
GRACE = 5.0
#: Seconds that background processes have when the step has ended: helpers of `multiprocessing` end by themselves.
FAREWELL = 0.3
# How long we wait for the news of an end after everything was killed.
_PATIENCE = processes.KILL_PATIENCE + 5.0


@dataclass(frozen=True)
class Exit:
    """How the first process of a step ended. `status` is what `wait` says, None with an `error`.

    `left` tells that processes of the step may still be running.
    """

    status: int | None
    ended: float
    max_rss_kb: int | None = None
    left: bool = True
    error: str | None = None
    #: Which of the launch's ranks this is the end of.
    rank: int | None = None


class Handle:
    """Implements `base.Running`. A launcher calls `finished` once, from the event loop."""

    def __init__(self, launch: Launch, watch: Watch, pid: int, started: float) -> None:
        """Begin to watch a process that has just been started."""
        self.pid = pid
        self.launch = launch
        self._watch = watch
        self._started = started
        self._timed_out = self._cancelled = False
        self._stopping: asyncio.Task[set[int]] | None = None
        self._over_memory: int | None = None
        loop = asyncio.get_running_loop()
        watch.memory.watch(launch.step_id, pid, lambda size: _tell(loop, self._exceed, size))
        self._exit: asyncio.Future[Exit] = loop.create_future()
        self._end = loop.create_task(self._conclude())
        self._timer = loop.call_later(launch.timeout, self._expire) if launch.timeout is not None else None

    def finished(self, exit_: Exit) -> None:
        """Tell that the first process has ended."""
        if not self._exit.done():
            self._exit.set_result(exit_)

    async def wait(self) -> Outcome:
        """See `base.Running.wait`."""
        return await asyncio.shield(self._end)

    async def cancel(self, grace: float = GRACE) -> None:
        """See `base.Running.cancel`. Does nothing when the process has already ended by itself."""
        if not self._exit.done() and self._stopping is None:
            self._cancelled = True
            self._stop(grace)
        await self.wait()

    def _expire(self) -> None:
        if not self._exit.done() and self._stopping is None:
            self._timed_out = True
            self._stop(GRACE)

    def _exceed(self, size: int) -> None:
        if not self._exit.done() and self._stopping is None:
            self._over_memory = size
            self._stop(0.0)

    def _stop(self, grace: float) -> None:
        self._stopping = asyncio.ensure_future(self._watch.stop(self.launch.step_id, (self.pid,), grace))

    async def _conclude(self) -> Outcome:
        try:
            exit_ = await self._await_exit()
            if self._timer is not None:
                self._timer.cancel()
            if self._stopping is not None:
                await self._stopping
            elif exit_.left:
                await self._clear_up()
        finally:
            self._watch.memory.forget(self.pid)
            self._watch.ended(self.launch.step_id)
        status = exit_.status
        code = os.waitstatus_to_exitcode(status) if status is not None else None
        return Outcome(
            exit_code=code if code is not None and code >= 0 else None,
            signal=-code if code is not None and code < 0 else None,
            timed_out=self._timed_out,
            cancelled=self._cancelled,
            started=self._started,
            ended=exit_.ended,
            max_rss_kb=exit_.max_rss_kb,
            error=exit_.error,
            over_memory=self._over_memory,
            rank=exit_.rank,
            kernel_killed=code == -signal.SIGKILL and not self._stopping and self._watch.memory.kernel_killed(),
        )

    async def _await_exit(self) -> Exit:
        """Wait for the end; after a stop not for ever: a process in an uninterruptible call does not end."""
        while True:
            await asyncio.wait({self._exit}, timeout=1.0)
            if self._exit.done():
                return self._exit.result()
            if self._stopping is not None and self._stopping.done():
                await asyncio.wait({self._exit}, timeout=_PATIENCE)
                if self._exit.done():
                    return self._exit.result()
                sentence = f"process {self.pid} could not be killed; it may still be running"
                return Exit(None, time.time(), left=False, error=sentence)

    async def _clear_up(self) -> None:
        """Kill what the step left running in the background, as the end of a container would, and say so in its log."""
        killed = await self._watch.stop(self.launch.step_id, (self.pid,), patience=FAREWELL)
        if not killed:
            return
        text = f"amlbridge: stopped {len(killed)} background process(es) that the step left running: {sorted(killed)}\n"
        _log.info("step %s: %s", self.launch.step_id, text.strip())
        try:
            with self.launch.stderr.open("ab") as file:
                file.write(text.encode())
        except OSError as error:
            _log.warning("step %s: its log cannot be written: %s", self.launch.step_id, error)


def _tell(loop: asyncio.AbstractEventLoop, function: Callable[[int], None], size: int) -> None:
    """Call from the thread that watches the memory; the loop may have ended just now."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, size)


class Failed:
    """Implements `base.Running` for a process that could not be started."""

    pid = 0

    def __init__(self, error: str) -> None:
        """Keep the sentence that says why."""
        now = time.time()
        self._outcome = Outcome(None, None, False, False, now, now, None, error)

    async def wait(self) -> Outcome:
        """Return the failure."""
        return self._outcome

    async def cancel(self, grace: float = GRACE) -> None:
        """Do nothing: there is nothing to stop."""


def obstacle(launch: Launch) -> str | None:
    """Check what every launcher needs, and create the logs. Returns a sentence if the step cannot start."""
    if not launch.argv:
        return "there is no command to run"
    texts = [*launch.argv, *launch.env, *launch.env.values(), launch.step_id]
    texts += [text for rank in launch.ranks for text in (*rank.env, *rank.env.values())]
    if any("\0" in text for text in texts):
        return "the command or its environment has a NUL character"
    if not os.path.isdir(launch.cwd):  # noqa: PTH112  # for every step: quicker than a Path
        return f"the working folder {launch.cwd} does not exist"
    for path in {launch.stdout, launch.stderr, *(rank.log for rank in launch.ranks)}:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666))
        except OSError as error:
            return f"the log {path} cannot be written: {error.strerror}"
    return None
