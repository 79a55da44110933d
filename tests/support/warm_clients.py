"""Client processes forked from an interpreter that has imported both SDKs, which takes a fresh one 3 to 8 s.

They are the steps' own warm interpreter (`engine/launch/zygote.py`) with the clients' modules: each client is a process
of its own with its own folder, arguments, environment and streams, and behaves as ``python main.py`` would
(`tests/engine/launch`). azure-ai-ml asks the service for its cloud when it is imported and keeps the answer, so the
interpreter belongs to one service.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from amlbridge.engine.launch import preload, scan, settings
from amlbridge.engine.launch.base import Launch, Outcome
from amlbridge.engine.launch.warm import Zygote
from amlbridge.engine.launch.watch import Watch

#: Imported there only: this process needs neither SDK.
_OFTEN = Path(__file__).with_name("often.py")
_MODULES = (
    *preload.HEAVY,
    "azureml.pipeline.core",
    "azureml.pipeline.steps",
    "azureml.train.hyperdrive",
    "azure.identity",
    _OFTEN.stem,
)


class WarmClients:
    """The warm interpreter of one service's clients; it starts with the first of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._folder = tempfile.TemporaryDirectory(prefix="amlbridge-clients-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._zygote: Zygote | None = None
        self._watch: Watch | None = None
        self._opening = asyncio.Lock()
        self._numbers = itertools.count()

    def run(
        self, command: list[str], folder: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str] | None:
        """Runs ``[python, script, argument...]``. None if only a fresh interpreter runs it as it should."""
        if command[0] != sys.executable:
            return None
        number = next(self._numbers)
        out, err = (Path(self._folder.name, f"{number}.{stream}") for stream in ("out", "err"))
        launch = Launch(
            tuple(command[1:]), sys.executable, folder, environment, out, err, f"client-{number}", timeout=timeout
        )
        outcome = asyncio.run_coroutine_threadsafe(self._run(launch), self._loop).result()
        if outcome is None:
            return None
        assert outcome.error is None, outcome.error
        stdout, stderr = out.read_text(), err.read_text()
        if outcome.timed_out:
            raise subprocess.TimeoutExpired(command, timeout, stdout, stderr)
        code = outcome.exit_code if outcome.signal is None else -outcome.signal
        assert code is not None
        return subprocess.CompletedProcess(command, code, stdout, stderr)

    async def _run(self, launch: Launch) -> Outcome | None:
        warm = await self._warm()
        # PYTHONPATH is the same for all clients, and no module of it is one that is imported already.
        program = scan.inspect(dataclasses.replace(launch, env={}))
        facts = warm.facts
        if program.refusal or program.names & ((facts.modules - facts.fresh) | {"*"}):
            return None
        if settings.conflict(launch.environment(), warm.env, facts.reads, facts.user_site):
            return None
        running = await warm.start(launch)
        assert running is not None, "the warm interpreter of the clients ended"
        return await running.wait()

    async def _warm(self) -> Zygote:
        async with self._opening:
            if self._zygote is None:
                self._watch = Watch()
                warm = Zygote(sys.executable, self._environment, self._environment, self._watch)
                # The name makes the warnings module skip our frames.
                link = Path(self._folder.name, "importlib_bootstrap_zygote.py")
                link.symlink_to(Path(preload.__file__).with_name("zygote.py"))
                # Clients find packages of the service's there.
                packages = Path(self._environment["PYTHONPATH"].rpartition(os.pathsep)[2])
                shutil.copy2(_OFTEN, packages)
                await warm.open(link, _MODULES, 1)
                await warm.warmed
                assert warm.threads is None, f"importing {warm.threads} starts threads"
                self._zygote = warm
            return self._zygote

    def close(self) -> None:
        """Ends the interpreter."""

        async def end() -> None:
            if self._zygote is not None and self._watch is not None:
                await self._zygote.close()
                self._watch.close()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()
