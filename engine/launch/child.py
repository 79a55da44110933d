"""Turns a freshly forked copy of the warm interpreter into the interpreter of a step. Standard library only.

`prepare` is done as soon as the copy exists, `become` when the step is known: only the latter costs the step time.
"""

from __future__ import annotations

import ctypes
import gc
import io
import os
import signal
import sys
import time
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_libc.getenv.restype = ctypes.c_void_p


class Mark:
    """The place of AMLBRIDGE_STEP_ID in the memory that /proc/<pid>/environ shows.

    A fork keeps the environment block that the warm interpreter was *started* with, and putenv does not change that
    block. The warm interpreter is started with a long placeholder, which is overwritten in place.
    """

    def __init__(self) -> None:
        """Find the placeholder. Raises KeyError if this process was started without."""
        self.room = len(os.environb[b"AMLBRIDGE_STEP_ID"])
        self._address = _libc.getenv(b"AMLBRIDGE_STEP_ID")
        del os.environ["AMLBRIDGE_STEP_ID"]

    def write(self, step: str) -> None:
        """Put the id in place. Raises ValueError if it is too long."""
        data = os.fsencode(step)
        if len(data) > self.room:
            raise ValueError(f"a step id of {len(data)} bytes is longer than {self.room}")
        ctypes.memmove(self._address, data.ljust(self.room, b"\0"), self.room)


def adopt_orphans() -> None:
    """Become the parent of what steps leave behind, so that one look finds it (PR_SET_CHILD_SUBREAPER)."""
    _libc.prctl(36, 1, 0, 0, 0)


def prepare(keep: int) -> None:
    """Give the copy a session, default signals and random numbers of its own; close every file but `keep`."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX") if keep < 65536 else keep + 65536)
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        # The legacy global generator is state in memory, so all copies would draw the same numbers.
        numpy.seed()
    gc.enable()


def become(spec: dict[str, Any], mark: Mark, added: dict[str, str]) -> None:
    """Take over environment, folder, streams and search path of the step. Raises OSError and ValueError.

    `added` are the variables that the preloaded libraries set when they were imported.
    """
    mark.write(spec["step"])
    _environment(spec["env"], added)
    os.chdir(spec["cwd"])
    _streams(spec)
    _search_path(spec["path"])
    sys.dont_write_bytecode = bool(spec["env"].get("PYTHONDONTWRITEBYTECODE"))
    _refresh(spec)


def _environment(env: dict[str, str], added: dict[str, str]) -> None:
    zone = os.environ.get("TZ")
    os.environ.clear()
    os.environ.update(env)
    for name, value in added.items():
        os.environ.setdefault(name, value)
    if env.get("TZ") != zone:
        time.tzset()


def _streams(spec: dict[str, Any]) -> None:
    """Let file descriptors 1 and 2 lead to the logs. The stream objects stay: libraries may hold them since import."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    out = os.open(spec["stdout"], flags, 0o666)
    os.dup2(out, 1)
    if spec["stderr"] == spec["stdout"]:
        os.dup2(out, 2)
    else:
        error = os.open(spec["stderr"], flags, 0o666)
        os.dup2(error, 2)
        os.close(error)
    os.close(out)
    raw = bool(spec["env"].get("PYTHONUNBUFFERED"))
    if raw != sys.__stdout__.write_through:  # type: ignore[union-attr]
        sys.stdin = sys.__stdin__ = _stream(sys.stdin, 0, raw)  # type: ignore[misc]
        sys.stdout = sys.__stdout__ = _stream(sys.stdout, 1, raw)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = _stream(sys.stderr, 2, raw)  # type: ignore[misc]


def _stream(old: Any, descriptor: int, unbuffered: bool) -> io.TextIOWrapper:
    """`create_stdio`: with PYTHONUNBUFFERED the text layer of an output sits on the raw file."""
    raw = io.FileIO(descriptor, "wb" if descriptor else "rb", closefd=False)
    raw.name = old.name
    layer: Any = io.BufferedReader(raw) if not descriptor else raw if unbuffered else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(
        layer,
        encoding=old.encoding,
        errors=old.errors,
        newline="\n" if descriptor else None,
        line_buffering=descriptor == 2 and not unbuffered,
        write_through=unbuffered,
    )
    stream.mode = "w" if descriptor else "r"  # type: ignore[misc]
    return stream


def _search_path(first: list[str]) -> None:
    """Put PYTHONPATH in front as `site` does: absolute, each folder once. The runner adds the script's folder."""
    if first:
        wanted = [os.path.abspath(entry) for entry in first]  # noqa: PTH100
        sys.path[:] = list(dict.fromkeys([*wanted, *sys.path]))
    for entry in sys.path:
        # A folder may have changed within the resolution of its time stamp; those of packages are left to the stamp.
        sys.path_importer_cache.pop(entry, None)


def _refresh(spec: dict[str, Any]) -> None:
    """Undo what modules remember of the process that imported them."""
    modules: dict[str, Any] = dict(sys.modules)
    if (tempfile := modules.get("tempfile")) is not None:
        tempfile.tempdir = None
        tempfile._name_sequence = None
    if (process := modules.get("multiprocessing.process")) is not None:
        process.ORIGINAL_DIR = os.path.abspath(os.getcwd())  # noqa: PTH100, PTH109
        process._current_process._config["authkey"] = process.AuthenticationString(os.urandom(32))
    for name, attribute, variable in spec["rebind"]:
        if (module := modules.get(name)) is not None and hasattr(module, attribute):
            setattr(module, attribute, os.environ.get(variable))
