"""Fixtures: a folder for a step, a pool, and short ways to run one step in either launcher."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.launch import Launch, LauncherPool, Outcome

PYTHON = os.environ.get("AMLBRIDGE_TEST_PYTHON", sys.executable)
_KEPT = ("PATH", "HOME", "LANG", "LC_", "PYTHON", "OPENBLAS_", "OMP_", "LD_")
_numbers = itertools.count()


def base_env() -> dict[str, str]:
    """Return an environment with which the interpreter starts as it does here."""
    return {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}


@dataclass
class Done:
    """A step that has ended, with what it wrote."""

    outcome: Outcome
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode()


@dataclass
class Bench:
    """Runs steps in one folder with one pool on one event loop."""

    folder: Path
    pool: LauncherPool
    loop: asyncio.AbstractEventLoop
    env: dict[str, str] = field(default_factory=base_env)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine; nothing here may take a minute."""
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    def write(self, body: str | bytes, name: str = "script.py") -> str:
        """Write a file of the snapshot and return its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
        return name

    def launch(self, *argv: str, python: str | None = PYTHON, **changes: Any) -> Launch:
        """Describe a step with logs of its own."""
        number = next(_numbers)
        logs = self.folder.parent / f"logs-{self.folder.name}"
        logs.mkdir(exist_ok=True)
        values: dict[str, Any] = {
            "argv": argv,
            "python": python,
            "cwd": self.folder,
            "env": self.env,
            "stdout": logs / f"{number}.out",
            "stderr": logs / f"{number}.err",
            "step_id": f"test-{os.getpid()}-{number}",
        }
        return Launch(**{**values, **changes})

    async def do(self, launch: Launch) -> Done:
        """Run a step to its end."""
        outcome = await (await self.pool.start(launch)).wait()
        return read(launch, outcome)

    def step(self, *argv: str, **changes: Any) -> Done:
        """Run a step to its end."""
        done: Done = self.run(self.do(self.launch(*argv, **changes)))
        return done

    def script(self, body: str, *args: str, **changes: Any) -> Done:
        """Run a script to its end."""
        return self.step(self.write(body), *args, **changes)


def read(launch: Launch, outcome: Outcome) -> Done:
    """Return an outcome with the logs, empty if there are none."""
    texts = [path.read_bytes() if path.exists() else b"" for path in (launch.stdout, launch.stderr)]
    return Done(outcome, *texts)


Maker = Callable[..., Bench]


@pytest.fixture(scope="module")
def make_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """A function that makes benches with pools of their own; they are closed after the module."""
    loop = asyncio.new_event_loop()
    benches: list[Bench] = []

    def make(**options: Any) -> Bench:
        async def pool() -> LauncherPool:
            return LauncherPool(**options)

        bench = Bench(tmp_path_factory.mktemp("step"), loop.run_until_complete(pool()), loop)
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        loop.run_until_complete(bench.pool.close())
    loop.close()


@pytest.fixture(scope="module")
def shared_warm(make_bench: Maker) -> Bench:
    """One pool that must run warm, with numpy as its only heavy library."""
    return make_bench(launcher="warm", heavy=("json", "numpy", "numpy.random"))


@pytest.fixture(scope="module")
def shared_cold(make_bench: Maker) -> Bench:
    """One pool that uses processes of their own."""
    return make_bench(launcher="subprocess")


@pytest.fixture
def warm(shared_warm: Bench, tmp_path: Path) -> Bench:
    """The warm pool in a folder of this test."""
    folder = tmp_path / "snapshot"
    folder.mkdir(exist_ok=True)
    return Bench(folder, shared_warm.pool, shared_warm.loop)


@pytest.fixture
def cold(shared_cold: Bench, tmp_path: Path) -> Bench:
    """The subprocess pool in a folder of this test."""
    folder = tmp_path / "snapshot"
    folder.mkdir(exist_ok=True)
    return Bench(folder, shared_cold.pool, shared_cold.loop)


@pytest.fixture(params=["warm", "cold"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Either of them: what is true of both."""
    chosen: Bench = request.getfixturevalue(request.param)
    return chosen
