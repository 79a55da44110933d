"""One process of a model server, seen from the service."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from amlbridge.engine.launch import processes
from amlbridge.engine.serving import scorer
from amlbridge.engine.serving.contract import Header, Program

_SCORER = Path(scorer.__file__)
#: Seconds that a process gets to end by itself.
_PATIENCE = 1.0


def ready(descriptors: Iterable[int], seconds: float | None) -> set[int]:
    """The descriptors that can be read, or whose other side is gone; none when the time is up."""
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return {number for number, _ in poller.poll(None if seconds is None else max(seconds, 0.0) * 1000)}


class ServerProcess:
    """A process that loads a program and answers through a socket of ours. Used by one thread."""

    def __init__(self, program: Program, log: Path, mark: str) -> None:
        """Starts it. Raises OSError."""
        self._mark = mark
        self._channel, other = socket.socketpair()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        out = os.open(log, flags, 0o600)
        try:
            self._process = subprocess.Popen(
                [program.python, "-u", str(_SCORER), str(other.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=program.folder,
                env={**program.env, os.fsdecode(processes.MARK[:-1]): mark},
                pass_fds=(other.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            self._channel.close()
            raise
        finally:
            os.close(out)
            other.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when it has answered, or is gone."""
        return self._channel.fileno()

    def send(self, header: Header, body: bytes = b"") -> bool:
        """Sends a frame. Returns whether it could be sent."""
        try:
            scorer.write_frame(self._channel, header, body)
        except OSError:
            return False
        return True

    def receive(self) -> tuple[Header, bytes] | None:
        """The next frame; None when the process is gone."""
        return scorer.read_frame(self._channel)

    def end(self, patience: float = _PATIENCE) -> str:
        """Ends it and everything that it started, and says how it ended."""
        self._channel.close()
        deadline = time.monotonic() + patience
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._process.poll() is None:
            processes.stop({self._mark}, (self._process.pid,))
        else:
            processes.stop({self._mark})
        code = self._process.wait()
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"
