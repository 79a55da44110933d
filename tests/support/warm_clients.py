"""Client processes forked from an interpreter that has imported both SDKs, which takes a fresh one 2 to 8 s.

They are the steps' own warm interpreter (`engine/launch/zygote.py`) with the clients' modules: each client is a process
of its own with its own folder, arguments, environment and streams, and behaves as ``python main.py`` would
(`tests/engine/launch`). There is one for all processes of xdist.

Tests and `amlbridge run` start them with :func:`python`: a program that looks like an interpreter, has a script forked
with its own streams, and ends as that ends (`forked_python.py`). What only a fresh interpreter runs as it should, it
leaves to one. azure-ai-ml asks a service for its cloud when it is imported: each client gets its own service's
addresses instead (`often.py`, as a prelude).
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from amlbridge.engine.launch import preload, scan, settings
from amlbridge.engine.launch.base import Launch, Running
from amlbridge.engine.launch.warm import Zygote
from amlbridge.engine.launch.watch import Watch
from amlbridge.server import client_packages
from tests.support import environment_block

#: Imported there only: this process needs neither SDK.
_OFTEN = Path(__file__).with_name("often.py")
_BLOCK = Path(environment_block.__file__)
_PROGRAM = Path(__file__).with_name("forked_python.py")
_MODULES = (
    *preload.HEAVY,
    "azureml.pipeline.core",
    "azureml.pipeline.steps",
    "azureml.train.automl",
    "azureml.train.hyperdrive",
    # Two to four seconds of computing each, which no other client needs.
    "azureml.train.estimator",
    "azureml.train.dnn",
    "azure.ai.ml.automl",
    "azure.ai.ml.parallel",
    "azure.ai.ml.sweep",
    "azure.identity",
    # What the SDKs import when they are used: to see whether it is in a notebook, a client of SDK v2 imports IPython.
    "IPython",
    "azure.ai.ml.entities._component.component_factory",
    "azureml._vendor.azure_cli_core.util",
    "azureml.core._metrics",
    "mldesigner",
    "mltable",
    _OFTEN.stem,
    _BLOCK.stem,
)
#: What differs between services and is set in each client by the prelude, read for each request, or no matter because
#: the clients do not sleep (`often.py`).
_SET_AGAIN = frozenset(
    {"ARM_CLOUD_METADATA_URL", "REGISTRY_DISCOVERY_ENDPOINT_URL", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy"}
    | {"AZUREML_RUN_POLLING_INTERVAL_MIN", "AZUREML_RUN_POLLING_INTERVAL_MAX"}
)
#: The longest request of the program, which holds an environment.
_MOST_BYTES = 1 << 20


class WarmClients:
    """The warm interpreter of clients; it starts with the first of them.

    ``environment`` makes the environment that the SDKs are imported in, a client's, in the given folder. The service of
    it is asked during the import, and may end after that.
    """

    def __init__(self, environment: Callable[[Path], AbstractContextManager[Mapping[str, str]]]) -> None:
        self._environment = environment
        self._folder = tempfile.TemporaryDirectory(prefix="amlbridge-clients-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._zygote: Zygote | None = None
        self._watch: Watch | None = None
        self._opening = asyncio.Lock()
        self._numbers = itertools.count()
        #: How many clients were started, by the reason why they could not be forked, "" where they were.
        self.started: Counter[str] = Counter()
        self.python = self._serve()

    async def _start(self, launch: Launch) -> Running | None:
        """Forks a client. None if only a fresh interpreter runs it as it should."""
        reason = await self._obstacle(launch)
        self.started[reason] += 1
        if reason:
            return None
        running = await (await self._warm()).start(
            dataclasses.replace(launch, prelude=Path(self._folder.name, "prelude.py"))
        )
        assert running is not None, "the warm interpreter of the clients ended"
        return running

    async def _obstacle(self, launch: Launch) -> str:
        """Says why a client cannot be forked, "" if it can."""
        warm = await self._warm()
        # All clients have the folder of client packages, and no module of it is one that is imported already.
        own = [entry for entry in scan.python_path(launch.env) if Path(entry).name != client_packages.NAME]
        program = scan.inspect(dataclasses.replace(launch, env={"PYTHONPATH": os.pathsep.join(own)} if own else {}))
        facts = warm.facts
        shadowed = program.names & ((facts.modules - facts.fresh) | {"*", "sitecustomize", "usercustomize"})
        if program.refusal or shadowed:
            return program.refusal or f"it has modules of its own: {', '.join(sorted(shadowed))}"
        reads = {(name, reader) for name, reader in facts.reads if name not in _SET_AGAIN}
        return settings.conflict(launch.environment(), warm.env, reads, facts.user_site) or ""

    def _serve(self) -> str:
        """Listens for the program that stands for an interpreter, and returns its path."""
        folder = Path(self._folder.name)
        prelude = f"import {_BLOCK.stem}, {_OFTEN.stem}\n{_BLOCK.stem}.show()\n{_OFTEN.stem}.turn_to_own_service()\n"
        folder.joinpath("prelude.py").write_text(prelude)
        address = str(folder / "socket")
        program = folder / "python"
        program.write_text(f"#!{sys.executable} -IS\n{_PROGRAM.read_text()}")
        program.chmod(0o700)

        async def listen() -> None:
            await asyncio.start_unix_server(self._answer, address, limit=_MOST_BYTES)

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result()
        return str(program)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forks what one program asks for: says its process id and then how it ended; no process id if it cannot be
        forked. The client ends with the program."""

        def say(**message: object) -> None:
            writer.write(json.dumps(message).encode() + b"\n")

        try:
            asked: dict[str, Any] = json.loads(await reader.readline())
            streams = (Path("/proc", str(asked["pid"]), "fd", str(number)) for number in (1, 2))
            step = f"client-{next(self._numbers)}"
            launch = Launch(tuple(asked["argv"]), sys.executable, Path(asked["cwd"]), asked["env"], *streams, step)
            running = await self._start(launch)
            if running is None:
                say(pid=None)
                return
            say(pid=running.pid)
            end = asyncio.ensure_future(running.wait())
            gone = asyncio.ensure_future(reader.read())
            await asyncio.wait({end, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not end.done():
                await running.cancel(0.0)
            outcome = await end
            say(code=outcome.exit_code, signal=outcome.signal, error=outcome.error)
            gone.cancel()
        finally:
            writer.close()

    async def _warm(self) -> Zygote:
        async with self._opening:
            if self._zygote is None:
                self._watch = Watch()
                self._zygote = await self._opened(self._watch)
            return self._zygote

    async def _opened(self, watch: Watch) -> Zygote:
        folder = Path(self._folder.name)
        # The name makes the warnings module skip our frames.
        link = folder / "importlib_bootstrap_zygote.py"
        link.symlink_to(Path(preload.__file__).with_name("zygote.py"))
        making = self._environment(folder)
        environment = await self._loop.run_in_executor(None, making.__enter__)
        try:
            # Clients find packages of the service's there.
            packages = Path(environment["PYTHONPATH"].rpartition(os.pathsep)[2])
            for module in (_OFTEN, _BLOCK):
                shutil.copy2(module, packages)
            warm = Zygote(sys.executable, environment, {**environment, **environment_block.ROOM}, watch)
            await warm.open(link, _MODULES, 1)
            await warm.warmed
        finally:
            await self._loop.run_in_executor(None, making.__exit__, None, None, None)
        assert _OFTEN.stem in warm.facts.modules, f"{_OFTEN} could not be imported"
        assert warm.threads is None, f"importing {warm.threads} starts threads"
        return warm

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


_python = sys.executable


def use(program: str) -> None:
    """From now on :func:`python` is this one."""
    global _python
    _python = program


def python() -> str:
    """What to run client scripts with: outside of a test session, this interpreter."""
    return _python
