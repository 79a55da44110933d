"""Services forked from an interpreter that has imported what a service imports, which takes a fresh one half a second.

Each is a process in a session of its own with its own environment and log, and computes what ``python -m
amlbridge.server`` would. There is one such interpreter for each process of xdist, from its first service on. What only
the start of an interpreter reads is a reason for a fresh one, and so does the command `amlbridge` start its services.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

#: What the service imports at once, and when it opens its records and its ports.
_MODULES = ["amlbridge.server.__main__", "amlbridge.server.process", "amlbridge.server.logs", "uvloop"]
_MODULES += ["cryptography.hazmat.backends.openssl.backend", "sqlalchemy.dialects.sqlite", "uvicorn.lifespan.off"]
_MODULES += ["uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto"]
#: What the interpreter, the loader and OpenSSL read when they start.
_READ_AT_START = ("PYTHON", "LD_", "OPENSSL_", "SSL_", "MALLOC_", "LC_", "LANG")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_MODULES)
_environment: dict[str, str] = {}


class Service(Protocol):
    """What tests do with the process of a service, as with a ``subprocess.Popen``."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None before somebody has waited or polled."""

    def poll(self) -> int | None:
        """The exit code, None while it runs."""

    def wait(self, timeout: float) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Sends a signal, unless it has ended."""

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""


class _Forked:
    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._process.exitcode
        return self.returncode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("amlbridge.server", timeout)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        if self.poll() is None:
            self._process.terminate()


def start(arguments: Sequence[str], *, log: Path, env: Mapping[str, str]) -> Service:
    """Starts ``python -m amlbridge.server`` with these arguments; what it prints is appended to ``log``."""
    if not _environment:
        _environment.update(_read_at_start(os.environ))
    if _read_at_start(env) == _environment:
        # A daemon of multiprocessing ends with this process, whatever becomes of the test.
        process = _context.Process(target=_serve, args=(list(arguments), str(log), dict(env)), daemon=True)
        process.start()
        return _Forked(process)
    with log.open("ab") as out:
        command = [sys.executable, "-m", "amlbridge.server", *arguments]
        return subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=dict(env))


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_START)}


def _serve(arguments: list[str], log: str, env: dict[str, str]) -> None:
    """In the fork."""
    from amlbridge.server.__main__ import main

    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.exit(main(arguments))
