"""Our side of a warm interpreter: starts `zygote.py`, sends it steps, and learns of their ends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.engine.launch import preload, settings
from amlbridge.engine.launch.base import MARK, Launch, Running
from amlbridge.engine.launch.handle import Exit, Failed, Handle
from amlbridge.engine.launch.scan import python_path
from amlbridge.engine.launch.watch import Watch

_log = logging.getLogger(__name__)

# The longest step id that a warm step can have, in bytes.
_MARK_ROOM = 300
_HELLO_SECONDS = 20.0


class ZygoteError(Exception):
    """A warm interpreter cannot be had; the text says why."""


@dataclass
class Facts:
    """What a warm interpreter has said about itself."""

    modules: set[str] = field(default_factory=set)
    fresh: frozenset[str] = frozenset()
    user_site: bool = False
    room: int = 0
    version: tuple[int, int] = (0, 0)
    reads: set[tuple[str, str]] = field(default_factory=set)
    #: Folders of the search path with their time stamps: an installation or removal of a package changes them.
    sites: dict[str, int] = field(default_factory=dict)


class Zygote(asyncio.Protocol):
    """One warm interpreter. `alive` turns false when it ends, for whatever reason; it is then of no use any more."""

    def __init__(self, python: str, env: Mapping[str, str], import_env: Mapping[str, str], watch: Watch) -> None:
        """Describe it; `open` starts it, with the interpreter settings in `env` and all of `import_env`."""
        self.python = python
        self.env = {**settings.for_zygote(env), **import_env}
        self.facts = Facts()
        self.alive = False
        self.threads: str | None = None
        self._watch = watch
        self._rest = b""
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.WriteTransport | None = None
        loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[None] = loop.create_future()
        self.warmed: asyncio.Future[None] = loop.create_future()
        #: What it has still to import, what it will when a step names it, and what is set at each step of that.
        self._to_import: list[str] = []
        self._later: list[str] = []
        self._progress = asyncio.Event()
        self._waiting: dict[int, tuple[Launch, asyncio.Future[Running]]] = {}
        self._running: dict[int, Handle] = {}

    async def open(self, link: Path, modules: Sequence[str], standbys: int, *, later: Sequence[str] = ()) -> None:
        """Start the interpreter and wait until it can take steps. `later` are modules that it imports when a step names
        one of them, or `import_all` is called. Raises ZygoteError."""
        ours, theirs = socket.socketpair()
        folder = link.parent
        loop = asyncio.get_running_loop()
        with theirs:
            try:
                self._process = await loop.run_in_executor(None, self._spawn, link, theirs.fileno())
            except OSError as error:
                ours.close()
                raise ZygoteError(f"{self.python} could not be started: {error.strerror}") from error
        self._transport, _ = await loop.create_connection(lambda: self, sock=ours)
        self.alive = True
        self._to_import, self._later = list(modules), list(later)
        config = {"modules": list(modules), "deferred": preload.DEFERRED, "standbys": standbys}
        self._send(json.dumps(config).encode() + b"\n")
        self._look_whether_warmed()
        try:
            await asyncio.wait_for(asyncio.shield(self._hello), _HELLO_SECONDS)
        except asyncio.TimeoutError as error:
            await self.close()
            raise ZygoteError(f"{self.python} did not answer within {_HELLO_SECONDS:g} s") from error
        except ConnectionError as error:
            said = (folder / "zygote.log").read_text(errors="replace").strip()[-400:]
            await self.close()
            raise ZygoteError(f"{self.python} ended at once: {said or 'it said nothing'}") from error

    def _spawn(self, link: Path, control: int) -> subprocess.Popen[bytes]:
        with (link.parent / "zygote.log").open("ab") as log:
            return subprocess.Popen(
                [self.python, str(link), str(control)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=link.parent,
                env={**self.env, MARK: "." * _MARK_ROOM},
                pass_fds=(control,),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the interpreter, 0 if it was never started."""
        return self._process.pid if self._process is not None else 0

    async def imported(self, names: Iterable[str]) -> None:
        """Wait until those of these modules that are preloaded are: a step that did not wait would import them as well,
        at the same time as its interpreter."""
        wanted = tuple(names)
        self._import(preload.wanted(self._later, wanted))
        while self.alive and any(preload.part_of(unit, name) for unit in self._to_import for name in wanted):
            self._progress.clear()
            await self._progress.wait()

    def import_all(self) -> None:
        """Import all that it would import for some step."""
        self._import(self._later)

    def _import(self, units: Sequence[str]) -> None:
        if units:
            self._to_import += units
            self._send(b"0 %s\n" % json.dumps(units).encode())
            self._later = [unit for unit in self._later if unit not in units]

    def _look_whether_warmed(self) -> None:
        if not (self._to_import or self._later or self.warmed.done()):
            self.warmed.set_result(None)

    def outdated(self) -> bool:
        """Say whether packages were installed or removed since it started."""
        return any(_stamp(folder) != stamp for folder, stamp in self.facts.sites.items())

    async def start(self, launch: Launch) -> Running | None:
        """Start a step whose folder and logs were checked. Returns None if the interpreter ended before it could."""
        if not self.alive:
            return None
        self._watch.began(launch.step_id)
        self._count += 1
        future: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._waiting[self._count] = (launch, future)
        self._send(b"%d %s\n" % (self._count, json.dumps(_specification(launch)).encode()))
        try:
            return await future
        except ConnectionError:
            self._watch.ended(launch.step_id)
            return None

    async def close(self) -> None:
        """Kill the running steps and end the interpreter."""
        await asyncio.gather(*(handle.cancel(0.0) for handle in list(self._running.values())))
        if self._transport is not None:
            self._transport.close()
        self.alive = False
        process = self._process
        if process is not None and process.returncode is None:
            try:
                # It looks at its input between two imports only.
                await asyncio.get_running_loop().run_in_executor(None, process.wait, 0.2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def busy(self) -> bool:
        """True while steps run."""
        return bool(self._running or self._waiting)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Take news: see the messages of `zygote.py`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            getattr(self, "_on_" + message.pop("op"))(**message)

    def connection_lost(self, error: Exception | None) -> None:
        """The interpreter has ended: no step of it can be trusted, and none will be forgotten."""
        self.alive = False
        self._progress.set()
        gone = ConnectionError("the warm interpreter ended")
        for future in (self._hello, self.warmed):
            if not future.done():
                future.set_exception(gone)
                future.exception()
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(gone)
        self._waiting.clear()
        for handle in self._running.values():
            # PR_SET_PDEATHSIG has killed the step's first process; `left` makes the handle look for the others.
            sentence = "the warm interpreter that this step was forked from was killed, and the step with it"
            handle.finished(Exit(None, time.time(), left=True, error=sentence))
        self._running.clear()
        process = self._process
        if process is not None and process.poll() is None:
            # It has closed its socket, so it is about to end.
            asyncio.get_running_loop().run_in_executor(None, process.wait)

    def _on_hello(
        self, pid: int, modules: list[str], fresh: list[str], user_site: bool, path: list[str], room: int,
        version: list[int],
    ) -> None:  # fmt: skip
        self.facts = Facts(set(modules), frozenset(fresh), user_site, room, (version[0], version[1]))
        self.facts.sites = {folder: _stamp(folder) for folder in path if "-packages" in folder}
        if not self._hello.done():
            self._hello.set_result(None)

    def _on_warm(
        self, unit: str, seconds: float, modules: list[str], reads: list[list[str]], error: str | None,
        threads: list[str], left: int,
    ) -> None:  # fmt: skip
        self.facts.modules.update(modules)
        self.facts.reads.update((name, reader) for name, reader in reads)
        _log.debug("%s: %s imported in %.3f s, %d to go", self.python, unit, seconds, left)
        if error:
            _log.info("%s: not preloaded: %s", self.python, error)
        if threads:
            self.threads = unit
        self._to_import = [other for other in self._to_import if other != unit]
        self._progress.set()
        self._look_whether_warmed()

    def _on_started(self, id: int, pid: int, time: float) -> None:  # noqa: A002
        launch, future = self._waiting.pop(id)
        handle = self._running[id] = Handle(launch, self._watch, pid, time)
        if not future.done():
            future.set_result(handle)

    def _on_exit(
        self, id: int, status: int | None = None, rss: int | None = None, time: float = 0.0, left: bool = False,  # noqa: A002
        error: str | None = None,
    ) -> None:  # fmt: skip
        if id in self._waiting:
            launch, future = self._waiting.pop(id)
            self._watch.ended(launch.step_id)
            if not future.done():
                future.set_result(Failed(error or "the step could not be forked"))
            return
        if error is not None:
            status, error = None, f"the step could not be set up: {error}"
        self._running.pop(id).finished(Exit(status, time, rss, left, error))


def _specification(launch: Launch) -> dict[str, object]:
    return {
        "python": launch.python,
        "args": launch.argv,
        "cwd": str(launch.cwd),
        "env": launch.environment(),
        "stdout": str(launch.stdout.absolute()),
        "stderr": str(launch.stderr.absolute()),
        "step": launch.step_id,
        "prelude": str(launch.prelude.absolute()) if launch.prelude is not None else None,
        "path": python_path(launch.env),
        "rebind": preload.REBIND,
    }


def _stamp(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116  # for every step: quicker than a Path
    except OSError:
        return 0
