"""Programs of ours run in other threads than the scheduler's, which may end meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.errors import EngineError
from amlbridge.engine.launch import Launch, LauncherPool
from amlbridge.server.own_programs import OwnPrograms


class Loop:
    """A loop in a thread of its own, as the scheduler has it, with a pool."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.pool: LauncherPool = self.call_in_loop(lambda: LauncherPool(launcher="subprocess"))

    def _run(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    def call_in_loop(self, function: Callable[[], Any]) -> Any:
        future: Future[Any] = Future()
        self.loop.call_soon_threadsafe(lambda: future.set_result(function()))
        return future.result(60)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.pool.close(), self.loop).result(60)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(60)


class Never:
    """In place of a pool that is about to start something when its loop stops."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    async def start(self, launch: Launch) -> Any:
        self.asked.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    if not made.loop.is_closed():
        made.stop()


def _programs(loop: Any) -> OwnPrograms:
    return OwnPrograms(loop, loop.pool, sys.executable, {**os.environ, "OF_THIS_TEST": "blue"})


def test_a_module_runs_with_its_arguments(loop: Loop, tmp_path: Path) -> None:
    (tmp_path / "tell.py").write_text("import os, sys\nprint(os.environ['OF_THIS_TEST'], sys.argv[1:])\nsys.exit('no')")
    outcome = _programs(loop).run("tell", ("a b", "c"), tmp_path, 60)
    assert (outcome.exit_code, outcome.succeeded) == (1, False)
    assert (tmp_path / "stdout").read_text() == "blue ['a b', 'c']\n"
    assert (tmp_path / "stderr").read_text() == "no\n"


def test_one_that_takes_too_long_is_ended(loop: Loop, tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text("import time\ntime.sleep(300)")
    assert _programs(loop).run("wait", (), tmp_path, 0.5).timed_out


def _started(programs: OwnPrograms, folder: Path) -> tuple[threading.Thread, list[Any]]:
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(programs.run("wait", (), folder, 300))
        except EngineError as error:
            ended.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def test_it_ends_with_the_service(loop: Loop, tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(300)")
    thread, ended = _started(_programs(loop), tmp_path)
    while not (tmp_path / "begun").exists():
        time.sleep(0.02)
    loop.stop()
    thread.join(60)
    assert len(ended) == 1 and (ended[0] == "the service stopped while wait ran" or ended[0].cancelled)


def test_nobody_waits_for_one_that_the_service_has_left(loop: Loop, tmp_path: Path) -> None:
    loop.pool = never = Never()  # type: ignore[assignment]
    thread, ended = _started(_programs(loop), tmp_path)
    assert never.asked.wait(60)
    loop.stop()
    thread.join(60)
    assert ended == ["the service stopped while wait ran"]
