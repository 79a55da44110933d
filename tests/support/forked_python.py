"""Looks like a Python interpreter: has a script forked (`warm_clients.py`) and ends as the fork ends.

Run by a copy of it, with the interpreter in its first line and the socket beside it. Signals are passed on. On a
terminal, with input, or with anything but a script it becomes the interpreter.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys

_SOCKET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "socket")  # noqa: PTH100, PTH118, PTH120  # pathlib: 10 ms
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def _can_be_forked() -> bool:
    kinds = [os.fstat(number) for number in (0, 1, 2)]
    reopened = all(stat.S_ISFIFO(kind.st_mode) or stat.S_ISREG(kind.st_mode) for kind in kinds[1:])
    no_input = kinds[0].st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116
    return reopened and no_input and len(sys.argv) > 1 and sys.argv[1].endswith(".py")


def main() -> None:
    """Ends this process, or becomes the interpreter."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    forked = None
    if _can_be_forked():
        link = socket.socket(socket.AF_UNIX)
        link.connect(_SOCKET)
        streams = [f"/proc/{os.getpid()}/fd/{number}" for number in (1, 2)]
        asked = {"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "streams": streams}  # noqa: PTH109
        asked["python"] = sys.executable
        link.sendall(json.dumps(asked).encode() + b"\n")
        lines = link.makefile()
        forked = json.loads(lines.readline())["pid"]
    if forked is None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    for number in _PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(forked, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    end = json.loads(lines.readline())
    if end["error"] is not None:
        sys.exit("the client could not be forked: " + end["error"])
    if end["signal"] is not None:
        if end["signal"] != signal.SIGKILL:
            signal.signal(end["signal"], signal.SIG_DFL)
        os.kill(os.getpid(), end["signal"])
    os._exit(end["code"])


if __name__ == "__main__":
    main()
