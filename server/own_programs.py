"""Programs of ours that prepare a step, run as its steps are: a fork of a warm interpreter has what they import."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from pathlib import Path

from amlbridge.engine.launch import Launch, LauncherPool, Outcome
from amlbridge.engine.scheduler import Scheduler
from amlbridge.server.engine_host import EngineHost

#: Where :class:`OwnPrograms` is among the parts of the service.
PART = "own_programs"


class OwnPrograms:
    """Runs modules with the interpreter and the environment that all steps have in common."""

    def __init__(self, scheduler: Scheduler, pool: LauncherPool, host: EngineHost) -> None:
        self._scheduler = scheduler
        self._pool = pool
        self._host = host

    def run(self, module: str, arguments: Sequence[str], folder: Path, timeout: float) -> Outcome:
        """Runs ``python -m module`` to its end; it writes to ``stdout`` and ``stderr`` in a folder that is there. To be
        called in another thread than the scheduler's."""
        launch = Launch(
            argv=("-m", module, *arguments),
            python=self._host.python,
            cwd=folder,
            env=self._host.base_environment,
            stdout=folder / "stdout",
            stderr=folder / "stderr",
            step_id=f"own-{uuid.uuid4()}",
            timeout=timeout,
        )
        loop = self._scheduler.call_in_loop(asyncio.get_running_loop)
        return asyncio.run_coroutine_threadsafe(self._ended(launch), loop).result()

    async def _ended(self, launch: Launch) -> Outcome:
        return await (await self._pool.start(launch)).wait()
