"""What all running steps share: threads that stop process trees, and the keeper that stops them if the service dies."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amlbridge.engine.launch import processes
from amlbridge.engine.launch.memory import MemoryGuard

_log = logging.getLogger(__name__)
_KEEPER = Path(__file__).with_name("keeper.py")


class Watch:
    """Owned by the launcher pool. Used from one event loop."""

    def __init__(self, memory_limit: int | None = None) -> None:
        """Start nothing yet. `memory_limit`: the most bytes of memory that one step may have."""
        self.memory = MemoryGuard(memory_limit)
        self._alive: dict[str, int] = {}
        self._keeper: subprocess.Popen[bytes] | None = None
        # A stop may wait for its grace time, so there must be room for many at once.
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="amlbridge-stop")

    def began(self, step_id: str) -> None:
        """Tell the keeper of a step before it starts."""
        self._alive[step_id] = self._alive.get(step_id, 0) + 1
        if self._keeper is None:
            self._hire()
        else:
            self._tell(f"+{step_id}\n")

    def ended(self, step_id: str) -> None:
        """Tell the keeper that a step and all its processes are gone."""
        count = self._alive.pop(step_id, 0) - 1
        if count > 0:
            self._alive[step_id] = count
        elif count == 0:
            self._tell(f"-{step_id}\n")

    async def stop(self, step_id: str, roots: Collection[int], grace: float = 0.0, patience: float = 0.0) -> set[int]:
        """Stop every process of a step, see `processes.stop`."""
        loop, ids = asyncio.get_running_loop(), frozenset({step_id})
        return await loop.run_in_executor(self._threads, processes.stop, ids, tuple(roots), grace, patience)

    def close(self) -> None:
        """Let the keeper go. Nothing may run any more."""
        if self._keeper is not None and self._keeper.stdin is not None:
            try:
                self._keeper.stdin.close()
            except BrokenPipeError:
                _log.warning("the keeper of the steps had died")
            self._keeper.wait()
            self._keeper = None
        self._threads.shutdown(wait=False)

    def _hire(self) -> None:
        # -S and -E: nothing of the environment may keep it from starting. It leads a session of its own, so that what
        # kills the service's process group does not kill the keeper too.
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", str(_KEEPER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
            bufsize=0,
        )
        assert self._keeper.stdin is not None
        os.set_blocking(self._keeper.stdin.fileno(), False)
        self._tell("".join(f"+{step}\n" for step in self._alive))

    def _tell(self, text: str, again: bool = True) -> None:
        keeper = self._keeper
        if keeper is None or keeper.stdin is None:
            return
        try:
            keeper.stdin.write(text.encode(errors="surrogateescape"))
        except OSError as error:
            _log.warning("the keeper of the steps does not listen (%s); a new one is started", error)
            keeper.kill()
            keeper.wait()
            self._keeper = None
            if again:
                self._hire()
