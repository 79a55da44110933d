"""Programs of ours that prepare a step, run as its steps are: a fork of a warm interpreter has what they import."""

from __future__ import annotations

import asyncio
import concurrent.futures
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.engine.launch import Launch, LauncherPool, Outcome
from amlbridge.engine.scheduler import Scheduler

#: Where :class:`OwnPrograms` is among the parts of the service.
PART = "own_programs"
#: Seconds between two looks whether the service has stopped.
_LOOK = 1.0


class OwnPrograms:
    """Runs modules with the interpreter and the environment that all steps have in common."""

    def __init__(self, scheduler: Scheduler, pool: LauncherPool, python: str, environment: Mapping[str, str]) -> None:
        self._scheduler = scheduler
        self._pool = pool
        self._python = python
        self._environment = environment

    def run(self, module: str, arguments: Sequence[str], folder: Path, timeout: float) -> Outcome:
        """Runs ``python -m module`` to its end; it writes to ``stdout`` and ``stderr`` in a folder that is there. To be
        called in another thread than the scheduler's. Raises :class:`EngineError` when the service stops meanwhile."""
        launch = Launch(
            argv=("-m", module, *arguments),
            python=self._python,
            cwd=folder,
            env=self._environment,
            stdout=folder / "stdout",
            stderr=folder / "stderr",
            step_id=f"own-{uuid.uuid4()}",
            timeout=timeout,
        )
        loop = self._scheduler.call_in_loop(asyncio.get_running_loop)
        future = asyncio.run_coroutine_threadsafe(self._ended(launch), loop)
        while True:
            try:
                return future.result(_LOOK)
            except concurrent.futures.TimeoutError:
                # A loop that has stopped sets no result any more; this thread would keep the service from ending.
                if loop.is_closed():
                    raise EngineError(f"the service stopped while {module} ran") from None

    async def _ended(self, launch: Launch) -> Outcome:
        return await (await self._pool.start(launch)).wait()
