"""Client processes forked from an interpreter that has imported both SDKs, which takes a fresh one 2 to 8 s.

They are the steps' own warm interpreter (`engine/launch/zygote.py`) with the clients' modules: each client is a process
of its own with its own folder, arguments, environment and streams, and behaves as ``python main.py`` would
(`tests/engine/launch`). There is one for all processes of xdist.

Tests start them with :func:`run`. `amlbridge run` and tests that watch a client start :func:`python`: a program that
looks like an interpreter, has a script forked with its own streams, and ends as that ends (`forked_python.py`). What
only a fresh interpreter runs as it should, it leaves to one. What needs packages of its own is forked from an
interpreter of its own environment (:func:`instead_of`). azure-ai-ml asks a service for its cloud when it is imported:
each client gets its own service's addresses instead (`often.py`, as a prelude).
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
    # What the SDKs import when they are used.
    "azure.ai.ml.entities._component.component_factory",
    "azureml._vendor.azure_cli_core.util",
    "azureml.core._metrics",
    "mldesigner",
    "mltable",
    _OFTEN.stem,
    _BLOCK.stem,
)
#: Of programs in environments of their own (`own_environment.py`): seconds of imports that most of them share.
_OWN_MODULES = (
    *preload.HEAVY,
    "azureml.pipeline.core",
    "azureml.pipeline.steps",
    "azureml.interpret",
    "interpret.ext.blackbox",
    "azure.identity",
    "azureml.train.automl",
    _OFTEN.stem,
    _BLOCK.stem,
)
#: What differs between services and is set in each client by the prelude, read for each request, or no matter because
#: the clients do not sleep (`often.py`) and have no terminal, whose size xdist sets.
_SET_AGAIN = frozenset(
    {"ARM_CLOUD_METADATA_URL", "REGISTRY_DISCOVERY_ENDPOINT_URL", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy"}
    | {"AZUREML_RUN_POLLING_INTERVAL_MIN", "AZUREML_RUN_POLLING_INTERVAL_MAX", "COLUMNS", "LINES"}
)
#: It looks at all variables, for those that begin with FSSPEC_.
_LOOKS_AT_ALL = "fsspec"
#: The longest request of the program, which holds an environment.
_MOST_BYTES = 1 << 20


class WarmClients:
    """The warm interpreters of clients, which start with the first client of each.

    ``environment`` makes the environment that the SDKs are imported in, a client's, in the given folder. The service of
    it is asked during the import, and may end after that.
    """

    def __init__(self, environment: Callable[[Path], AbstractContextManager[Mapping[str, str]]]) -> None:
        self._environment = environment
        self._folder = tempfile.TemporaryDirectory(prefix="amlbridge-clients-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._zygotes: dict[str, asyncio.Task[Zygote]] = {}
        self._watches: list[Watch] = []
        self._numbers = itertools.count()
        #: How many clients were started, by the reason why they could not be forked, "" where they were.
        self.started: Counter[str] = Counter()
        self.python = self._serve()

    async def _start(self, launch: Launch, python: str) -> Running | None:
        """Forks a client. None if only a fresh interpreter runs it as it should."""
        warm = await self._warm(python)
        reason = self._obstacle(launch, warm)
        self.started[reason] += 1
        if reason:
            return None
        running = await warm.start(dataclasses.replace(launch, prelude=Path(self._folder.name, "prelude.py")))
        assert running is not None, "the warm interpreter of the clients ended"
        return running

    def _obstacle(self, launch: Launch, warm: Zygote) -> str:
        """Says why a client cannot be forked, "" if it can."""
        # All clients have the folder of client packages, and no module of it is one that is imported already.
        own = [entry for entry in scan.python_path(launch.env) if Path(entry).name != client_packages.NAME]
        program = scan.inspect(dataclasses.replace(launch, env={"PYTHONPATH": os.pathsep.join(own)} if own else {}))
        facts = warm.facts
        shadowed = program.names & ((facts.modules - facts.fresh) | {"*", "sitecustomize", "usercustomize"})
        if program.refusal or shadowed:
            return program.refusal or f"it has modules of its own: {', '.join(sorted(shadowed))}"
        reads = {(name, reader) for name, reader in facts.reads if name not in _SET_AGAIN and reader != _LOOKS_AT_ALL}
        return settings.conflict(launch.environment(), warm.env, reads, facts.user_site) or ""

    def _serve(self) -> str:
        """Listens for the program that stands for an interpreter, and returns its path."""
        folder = Path(self._folder.name)
        prelude = f"import {_BLOCK.stem}, {_OFTEN.stem}\n{_BLOCK.stem}.show()\n{_OFTEN.stem}.turn_to_own_service()\n"
        folder.joinpath("prelude.py").write_text(prelude)
        address = str(folder / "socket")
        program = _write_program(folder / "python", sys.executable)

        async def listen() -> None:
            await asyncio.start_unix_server(self._answer, address, limit=_MOST_BYTES)

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result()
        return program

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forks what one program asks for: says its process id and then how it ended; no process id if it cannot be
        forked. The client ends with the program."""

        def say(**message: object) -> None:
            writer.write(json.dumps(message).encode() + b"\n")

        try:
            asked: dict[str, Any] = json.loads(await reader.readline())
            streams = map(Path, asked["streams"])
            step = f"client-{next(self._numbers)}"
            python = asked["python"]
            launch = Launch(tuple(asked["argv"]), python, Path(asked["cwd"]), asked["env"], *streams, step)
            running = await self._start(launch, python)
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

    async def _warm(self, python: str) -> Zygote:
        if python not in self._zygotes:
            folder = Path(self._folder.name, f"interpreter-{len(self._zygotes)}")
            folder.mkdir()
            self._zygotes[python] = asyncio.ensure_future(self._opened(python, folder))
        return await asyncio.shield(self._zygotes[python])

    async def _opened(self, python: str, folder: Path) -> Zygote:
        # The name makes the warnings module skip our frames.
        link = folder / "importlib_bootstrap_zygote.py"
        link.symlink_to(Path(preload.__file__).with_name("zygote.py"))
        watch = Watch()
        self._watches.append(watch)
        making = self._environment(folder)
        environment = await self._loop.run_in_executor(None, making.__enter__)
        try:
            # Clients find packages of the service's there.
            packages = Path(environment["PYTHONPATH"].rpartition(os.pathsep)[2])
            for module in (_OFTEN, _BLOCK):
                shutil.copy2(module, packages)
            warm = Zygote(python, environment, {**environment, **environment_block.ROOM}, watch)
            await warm.open(link, _MODULES if python == sys.executable else _OWN_MODULES, 1)
            await warm.warmed
        finally:
            await self._loop.run_in_executor(None, making.__exit__, None, None, None)
        assert _OFTEN.stem in warm.facts.modules, f"{_OFTEN} could not be imported"
        assert warm.threads is None, f"importing {warm.threads} starts threads"
        return warm

    def close(self) -> None:
        """Ends the interpreters."""

        async def end() -> None:
            for zygote in await asyncio.gather(*self._zygotes.values(), return_exceptions=True):
                if isinstance(zygote, Zygote):  # the client has said what else it is
                    await zygote.close()
            for watch in self._watches:
                watch.close()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()


def _write_program(path: Path, interpreter: str) -> str:
    """Writes the program that stands for an interpreter, at once: another process of xdist may do the same."""
    being_written = path.with_name(f"{path.name}-{os.getpid()}")
    being_written.write_text(f"#!{interpreter} -IS\n{_PROGRAM.read_text()}")
    being_written.chmod(0o700)
    being_written.replace(path)
    return str(path)


_python = sys.executable


def use(program: str) -> None:
    """From now on :func:`python` is this one."""
    global _python
    _python = program


def python() -> str:
    """What to run client scripts with: outside of a test session, this interpreter."""
    return _python


def instead_of(interpreter: str) -> str:
    """What to run client scripts with instead of an interpreter of another environment."""
    if _python == sys.executable:
        return interpreter
    name = hashlib.sha256(interpreter.encode()).hexdigest()[:16]
    return _write_program(Path(_python).with_name(f"python-{name}"), interpreter)


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float, python: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a client script to its end, forked unless ``python`` is an interpreter, without the program that stands for
    one: to start that is a fifth of what a small client takes. Raises subprocess.TimeoutExpired."""
    if python is None and _python != sys.executable:
        with tempfile.TemporaryDirectory(prefix="amlbridge-client-") as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            code = _forked(arguments, cwd, env, (out, err), timeout)
            if code is not None:
                return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())
    return subprocess.run(
        [python or sys.executable, *arguments], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=timeout, check=False,
    )  # fmt: skip


def _forked(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[Path], timeout: float
) -> int | None:
    """The exit code of a client, negative for a signal; None when it cannot be forked. It ends with the connection."""
    asked = {"argv": arguments, "cwd": str(cwd), "env": dict(env), "python": sys.executable}
    for stream in streams:
        stream.touch()
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout)
        link.connect(str(Path(_python).with_name("socket")))
        link.sendall(json.dumps({**asked, "streams": [str(stream) for stream in streams]}).encode() + b"\n")
        with link.makefile() as lines:
            try:
                if json.loads(lines.readline())["pid"] is None:
                    return None
                end = json.loads(lines.readline())
            except TimeoutError as error:
                raise subprocess.TimeoutExpired(list(arguments), timeout) from error
    assert end["error"] is None, f"the client could not be forked: {end['error']}"
    return int(end["code"]) if end["signal"] is None else -int(end["signal"])
