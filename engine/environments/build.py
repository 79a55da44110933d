"""Builds a virtual environment with uv, once, however many steps and services want it at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from amlbridge.engine.environments.pythons import Python
from amlbridge.engine.environments.spec import Specification
from amlbridge.engine.errors import EngineError

#: Written last: without it a folder is the rest of a build that was interrupted.
MARKER = "amlbridge-environment.json"
_POLL = 0.05
_TAIL = 30
_TORCH = frozenset({"torch", "torchvision", "torchaudio"})
#: Wheels with CUDA that packages pull in and do without on a machine that has none.
_CUDA_EXTRAS = tuple(f"{name}; sys_platform == 'never'" for name in ("nvidia-nccl-cu12", "nvidia-nccl-cu13"))


class CanceledError(EngineError):
    """Nobody wants the environment any more."""


@dataclass(frozen=True)
class Request:
    """One wish for an environment. ``log`` gets uv's words, ``canceled`` is asked again and again while it is built,
    ``variables`` are added to uv's environment (proxies)."""

    specification: Specification
    python: Python
    log: Path
    canceled: Callable[[], bool]
    variables: Mapping[str, str]


def find_uv() -> str:
    """The uv program: beside our interpreter, else on PATH. Raises :class:`EngineError`."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if found is None:
        raise EngineError("uv is not installed: `pip install uv`, or run with --environments current")
    return found


def uv_environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of uv: the service's, so that the user's indexes and certificates hold, but no downloads of
    interpreters. An index that is set for pip only is taken over."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    for pip, uv in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
        ("PIP_CERT", "SSL_CERT_FILE"),
    ):
        if env.get(pip) and uv not in env:
            env[uv] = env[pip]
            if pip == "PIP_EXTRA_INDEX_URL":
                # As pip does: the best version of all indexes. To uv the first index that knows a name is the only one,
                # and what a partial mirror lacks makes it fall back to versions of years ago.
                env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return {**env, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1", **(variables or {})}


def ready(folder: Path) -> str | None:
    """The interpreter of an environment that is whole; None when there is none, or its Python was removed."""
    program = folder / "bin" / "python"
    return str(program) if (folder / MARKER).exists() and os.access(program, os.X_OK) else None


def build(folder: Path, request: Request) -> str:
    """The interpreter of the environment in ``folder``, which is built unless it is whole.

    One process at a time builds it, the others wait and say so in their logs. Raises :class:`EngineError` with uv's
    message when it cannot be built, :class:`CanceledError` when it is no longer wanted.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    request.log.parent.mkdir(parents=True, exist_ok=True)
    with request.log.open("a", encoding="utf-8") as log, _locked(folder, request, log) as lock:
        found = ready(folder)
        if found is not None:
            _say(log, f"the environment {folder.name} is there")
            return found
        if folder.exists():
            shutil.rmtree(folder)
        began = time.monotonic()
        try:
            _install(folder, request, log, lock)
        except EngineError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _mark(folder, request)
        _say(log, f"built in {time.monotonic() - began:.1f} s; later steps with this specification use it as it is")
        return str(folder / "bin" / "python")


@contextlib.contextmanager
def _locked(folder: Path, request: Request, log: IO[str]) -> Iterator[int]:
    """Holds the lock and gives its descriptor."""
    told = False
    with folder.with_name(f"{folder.name}.lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    _say(log, f"waiting: another step builds the environment {folder.name}")
                    told = True
            if request.canceled():
                raise CanceledError("the step was cancelled while it waited for its environment")
            time.sleep(_POLL)
        yield lock.fileno()


def _install(folder: Path, request: Request, log: IO[str], lock: int) -> None:
    specification = request.specification
    _say(log, f"building the environment {folder.name} with Python {request.python.version} ({request.python.path})")
    for note in specification.notes:
        _say(log, note)
    if specification.native:
        _say(
            log,
            f"left out, since pip has no such packages: {', '.join(specification.native)}. Steps that need one of them "
            "find it only if this machine has it",
        )
    if specification.problems:
        raise EngineError(f"the environment cannot be built: {'; '.join(specification.problems)}")
    uv = find_uv()
    _run([uv, "venv", "--python", request.python.path, str(folder)], request, log, lock)
    if not specification.requirements:
        return
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{line}\n" for line in specification.requirements))
    command = [uv, "pip", "install", "--python", str(folder / "bin" / "python"), "-r", str(requirements)]
    _run([*command, *_options(folder, specification, log)], request, log, lock)


def _options(folder: Path, specification: Specification, log: IO[str]) -> list[str]:
    options = list(specification.options)
    if "--extra-index-url" in options:
        # As pip does: the best version of all indexes, not the first index that knows the name.
        options += ["--index-strategy", "unsafe-best-match"]
    if specification.names & _TORCH:
        if "--index-url" not in options and "--no-index" not in options:
            options += ["--torch-backend", "cpu"]
            _say(log, "PyTorch is installed for the CPU: its CUDA libraries take gigabytes")
    else:
        overrides = folder / "overrides.txt"
        overrides.write_text("".join(f"{line}\n" for line in _CUDA_EXTRAS))
        options += ["--overrides", str(overrides)]
    return options


def _run(command: Sequence[str], request: Request, log: IO[str], lock: int) -> None:
    """Runs uv; what it says goes into the log as it says it. It holds the lock, too: when the service is killed, the
    next one must not touch the folder before uv has ended."""
    _say(log, " ".join(_without_password(word) for word in ["uv", *command[1:]]))
    with Path(log.name).open("rb") as reader:
        reader.seek(0, os.SEEK_END)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=uv_environment(request.variables),
                start_new_session=True,
                pass_fds=(lock,),
            )
        except OSError as error:
            raise EngineError(f"uv cannot be started: {error}") from error
        while True:
            try:
                code = process.wait(_POLL)
                break
            except subprocess.TimeoutExpired:
                if request.canceled():
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    raise CanceledError("the step was cancelled while its environment was built") from None
        if code:
            said = reader.read().decode("utf-8", "replace").strip()
            raise EngineError(
                f"the environment of this step cannot be built (uv ended with {code}):\n"
                + "\n".join(said.splitlines()[-_TAIL:])
                + "\nCorrect the specification, or run with --environments current, which uses what is installed."
            )


def _mark(folder: Path, request: Request) -> None:
    content = {
        "specification": request.specification.to_json(),
        "python": request.python.version,
        "built": time.time(),
    }
    aside = folder / f"{MARKER}.new"
    aside.write_text(json.dumps(content, indent=1))
    aside.replace(folder / MARKER)


def _say(log: IO[str], text: str) -> None:
    log.write(f"amlbridge: {text}\n")
    log.flush()


def _without_password(word: str) -> str:
    return re.sub(r"://[^/@\s]+@", "://***@", word)
