"""Client processes forked from an interpreter that has imported both SDKs, which takes a fresh one 3 to 8 s.

They are the steps' own warm interpreter (`engine/launch/zygote.py`) with the clients' modules: each client is a process
of its own with its own folder, arguments, environment and streams, and behaves as ``python main.py`` would
(`tests/engine/launch`). azure-ai-ml asks the service for its cloud when it is imported: the interpreter asks the shared
one, and a client of another gets that one's addresses (`often.py`, as a prelude).

Tests ask :func:`of_session`. What others start, as `amlbridge run` does a script, is forked with `clients.python`: a
program that looks like an interpreter, has the client forked with its own streams, and ends as the client ends
(`forked_python.py`). What only a fresh interpreter runs as it should, it leaves to one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.launch import preload, scan, settings
from amlbridge.engine.launch.base import Launch, Outcome, Running
from amlbridge.engine.launch.warm import Zygote
from amlbridge.engine.launch.watch import Watch
from amlbridge.server import client_packages

#: Imported there only: this process needs neither SDK.
_OFTEN = Path(__file__).with_name("often.py")
_PROGRAM = Path(__file__).with_name("forked_python.py")
_MODULES = (
    *preload.HEAVY,
    "azureml.pipeline.core",
    "azureml.pipeline.steps",
    "azureml.train.hyperdrive",
    "azure.identity",
    _OFTEN.stem,
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
    """The warm interpreter of clients; it starts with the first of them, in the environment of a client."""

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
        self.python = self._serve()

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
        running = await self._start(launch)
        return None if running is None else await running.wait()

    async def _start(self, launch: Launch) -> Running | None:
        """Forks a client. None if only a fresh interpreter runs it as it should."""
        warm = await self._warm()
        # All clients have the folder of client packages, and no module of it is one that is imported already.
        own = [entry for entry in scan.python_path(launch.env) if Path(entry).name != client_packages.NAME]
        program = scan.inspect(dataclasses.replace(launch, env={"PYTHONPATH": os.pathsep.join(own)} if own else {}))
        facts = warm.facts
        if program.refusal or program.names & ((facts.modules - facts.fresh) | {"*", "sitecustomize", "usercustomize"}):
            return None
        reads = {(name, reader) for name, reader in facts.reads if name not in _SET_AGAIN}
        if settings.conflict(launch.environment(), warm.env, reads, facts.user_site):
            return None
        prelude = Path(self._folder.name, "prelude.py")
        running = await warm.start(dataclasses.replace(launch, prelude=prelude))
        assert running is not None, "the warm interpreter of the clients ended"
        return running

    def _serve(self) -> str:
        """Listens for the program that stands for an interpreter, and returns its path."""
        folder = Path(self._folder.name)
        folder.joinpath("prelude.py").write_text(f"import {_OFTEN.stem}\n{_OFTEN.stem}.turn_to_own_service()\n")
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
                warm = Zygote(sys.executable, self._environment, self._environment, self._watch)
                # The name makes the warnings module skip our frames.
                link = Path(self._folder.name, "importlib_bootstrap_zygote.py")
                link.symlink_to(Path(preload.__file__).with_name("zygote.py"))
                # Clients find packages of the service's there.
                packages = Path(self._environment["PYTHONPATH"].rpartition(os.pathsep)[2])
                shutil.copy2(_OFTEN, packages)
                await warm.open(link, _MODULES, 1)
                await warm.warmed
                assert _OFTEN.stem in warm.facts.modules, f"{_OFTEN} could not be imported"
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


_lock = threading.Lock()
_make: Callable[[], WarmClients] | None = None
_made: WarmClients | None = None


def begin_session(make: Callable[[], WarmClients]) -> None:
    """From now on :func:`of_session` returns what ``make`` returns; it is called once."""
    global _make
    _make = make


def of_session() -> WarmClients | None:
    """The warm interpreter that the clients of all tests of this process are forked from; None outside of a session."""
    global _made
    with _lock:
        if _made is None and _make is not None:
            _made = _make()
        return _made


def end_session() -> None:
    """Ends it."""
    global _make, _made
    if _made is not None:
        _made.close()
    _make = _made = None
