"""A server of HTTP that computes next to nothing while nobody asks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn

#: Seconds between two looks at the clock for the date in the answers.
DATE = 1.0


class QuietServer(uvicorn.Server):
    """uvicorn that is told when it ends, where it would look for that ten times a second.

    It leaves the signals alone: servers share one loop, and one signal ends all of them.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Ends it; called in its loop. When it is told again it does not wait for open requests."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """Waits for the end. Meanwhile the date in the answers changes."""
        while not await self.on_tick(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._told.wait(), DATE)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals alone."""
        yield
