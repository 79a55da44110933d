"""Starting, finding and stopping the service from another process.

Nothing heavy is imported here: `amlbridge up` has to be quick.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from amlbridge.engine.errors import StateError
from amlbridge.server.home import Home
from amlbridge.server.network_options import NetworkOptions

#: Seconds to wait for a new service, and for a service that was told to stop.
START_PATIENCE = 60.0
STOP_PATIENCE = 20.0
#: Called now and then while something takes more than a second, with the seconds so far.
Waiting = Callable[[float], None]


@dataclass(frozen=True)
class Address:
    """A running service."""

    pid: int
    http_port: int
    https_port: int
    guard_port: int
    version: str
    started: float

    @property
    def http_url(self) -> str:
        """The base URL for plain HTTP; no trailing slash."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def https_url(self) -> str:
        """The base URL for ARM and blobs; no trailing slash."""
        return f"https://127.0.0.1:{self.https_port}"


@dataclass(frozen=True)
class Found:
    """What became of a service that once wrote its address. ``silent``: the process is there and does not answer."""

    state: Literal["up", "down", "silent"]
    address: Address | None = None


def process_mark(pid: int) -> str | None:
    """What tells a process from a later one with the same pid: the boot and the tick it started at. None: no such
    process (a zombie is none either)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else f"{boot}/{fields[19]}"


def find(home: Home, timeout: float = 3.0) -> Found:
    """The service of this state folder. A service.json that a killed service left behind, whose pid may by now belong
    to another process, counts as down: the process must be the very one that wrote it and prove that it knows the
    folder's secret."""
    content = home.read_address()
    if content is None:
        return Found("down")
    try:
        address = Address(**{name: content[name] for name in Address.__dataclass_fields__})
    except KeyError:
        return Found("down")
    if process_mark(address.pid) != content.get("process"):
        return Found("down", address)
    return Found("up" if _is_ours(home, address, timeout) else "silent", address)


def _is_ours(home: Home, address: Address, timeout: float) -> bool:
    from amlbridge.wire.identity import TokenIssuer  # 0.1 s that a plain `up` does without

    nonce = secrets.token_hex(16)
    try:
        answer = get_json(address, f"/amlbridge/health?nonce={nonce}", timeout=timeout)
        issuer = TokenIssuer(home.secret.read_bytes())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return isinstance(answer, dict) and issuer.check(health_text(nonce), str(answer.get("proof")))


def health_text(nonce: str) -> str:
    """What the service signs to prove that it holds the secret; it can be no URL of a blob."""
    return f"amlbridge-health?{nonce}"


def get_json(address: Address, path: str, *, token: str | None = None, timeout: float = 30.0) -> Any:
    """GETs a route of the service. Raises OSError, ``http.client.HTTPException``, ValueError, and
    :class:`LookupError` with the service's message when it answers an error."""
    connection = http.client.HTTPConnection("127.0.0.1", address.http_port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        content = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status >= 400:
        raise LookupError(content["error"]["message"])
    return content


def token(home: Home) -> str:
    """A token for the command itself."""
    from amlbridge.wire.identity import TokenIssuer, load_secret

    return TokenIssuer(load_secret(home.secret)).issue("amlbridge")[0]


# -- start ----------------------------------------------------------------------------------------------------------


def start(
    home: Home,
    waiting: Waiting = lambda seconds: None,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008  # immutable
) -> tuple[Address, bool]:
    """The running service, started when there is none (then True). Returns when it answers. ``network`` is for one that
    is started.

    Raises :class:`StateError` with what the service said when it could not start.
    """
    home.create()
    with _one_starter(home, waiting):
        found = find(home)
        if found.state == "up" and found.address is not None:
            return found.address, False
        if found.state == "silent" and found.address is not None:
            raise StateError(
                f"a service (pid {found.address.pid}) holds {home.root} but does not answer: "
                f"`amlbridge down` ends it; its log is {home.log}"
            )
        return _spawn(home, waiting, network), True


@contextlib.contextmanager
def _one_starter(home: Home, waiting: Waiting) -> Iterator[None]:
    began = time.monotonic()
    with home.up_lock.open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                passed = time.monotonic() - began
                if passed > START_PATIENCE:
                    raise StateError(
                        f"another `amlbridge up` for {home.root} has not ended in {passed:.0f} s"
                    ) from None
                waiting(passed)
                time.sleep(0.05)
        yield


def _spawn(home: Home, waiting: Waiting, network: NetworkOptions) -> Address:
    """The child tells through a pipe that it is ready, or why not: quicker than asking again and again."""
    reader, writer = os.pipe()
    with home.log.open("ab") as log, os.fdopen(reader, "rb") as pipe:
        logged = log.tell()
        command = [sys.executable, "-m", "amlbridge.server", str(home.root), "--detached", "--ready-fd", str(writer)]
        command += network.arguments()
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writer,),
                cwd=home.root,
                start_new_session=True,
            )
        finally:
            os.close(writer)
        message = _read_line(pipe, child, waiting)
    if message is None:
        raise StateError(f"the service ended while it started (exit code {child.wait(5)}): {_tail(home, logged)}")
    if "error" in message:
        raise StateError(message["error"])
    return Address(**{name: message[name] for name in Address.__dataclass_fields__})


def _read_line(pipe: IO[bytes], child: subprocess.Popen[bytes], waiting: Waiting) -> dict[str, Any] | None:
    began = time.monotonic()
    received = b""
    while not received.endswith(b"\n"):
        if select.select([pipe], [], [], 0.5)[0]:
            chunk = os.read(pipe.fileno(), 65536)
            if not chunk:
                return None
            received += chunk
            continue
        passed = time.monotonic() - began
        if passed > START_PATIENCE:
            child.kill()
            raise StateError(f"the service was not ready after {START_PATIENCE:.0f} s and was ended")
        waiting(passed)
    content: dict[str, Any] = json.loads(received)
    return content


def _tail(home: Home, start: int) -> str:
    with home.log.open("rb") as log:
        log.seek(start)
        lines = log.read()[-4000:].decode(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it wrote nothing'} (the log is {home.log})"


# -- stop -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stopped:
    """How a stop went. ``pid`` is None when no service ran; ``killed`` when it did not end by itself."""

    pid: int | None
    killed: bool = False
    seconds: float = 0.0


def stop(home: Home, waiting: Waiting = lambda seconds: None, patience: float = STOP_PATIENCE) -> Stopped:
    """Ends the service of this state folder: SIGTERM, after ``patience`` seconds SIGKILL."""
    found = find(home)
    if found.state == "down" or found.address is None:
        home.address.unlink(missing_ok=True)
        return Stopped(None)
    began = time.monotonic()
    pid = found.address.pid
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return Stopped(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        killed = not _ended(handle, began, patience, waiting)
        if killed:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            _ended(handle, time.monotonic(), patience, waiting)
            home.address.unlink(missing_ok=True)
    except ProcessLookupError:
        killed = False
    finally:
        os.close(handle)
    return Stopped(pid, killed, time.monotonic() - began)


def _ended(handle: int, began: float, patience: float, waiting: Waiting) -> bool:
    while (passed := time.monotonic() - began) < patience:
        if select.select([handle], [], [], 0.5)[0]:
            return True
        waiting(passed)
    return False


@contextlib.contextmanager
def held(home: Home) -> Iterator[None]:
    """Keeps any service from starting on this folder. Raises :class:`StateError` when one runs or starts."""
    with home.up_lock.open("a") as starting, home.lock.open("a") as running:
        for lock in (starting, running):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError(f"a service uses {home.root} or is being started on it") from None
        yield
