"""Which process sent a request: the same machine, the same user.

Some things that a script says reach no request (:mod:`amlbridge.wire.subscription_hints`,
:mod:`amlbridge.wire.tenant_hints`); they are looked up in the process that is calling.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from amlbridge.wire.context import Call, Service

#: Processes that have called before; they are looked at first, the last one first of all.
_MOST_KNOWN = 64
#: linux/sock_diag.h, linux/netlink.h, linux/inet_diag.h
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST = 4, 20, 1
#: The offset of idiag_inode in the answer.
_INODE_AT = 16 + 4 + 48 + 16


@dataclass(frozen=True)
class Caller:
    """A process as it was when it called. ``mark`` tells it from a later one with the same pid."""

    pid: int
    mark: float
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def caller(call: Call) -> Caller | None:
    """The process behind a request; None when it cannot be found or is another user's."""
    found = identified(call)
    return None if found is None else described(*found)


def identified(call: Call) -> tuple[int, float] | None:
    """Pid and mark of the process behind a request; None when it cannot be found. A third of a millisecond."""
    pid = process_id(call.service, call.client) if call.client is not None else None
    if pid is None:
        return None
    try:
        return pid, psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def described(pid: int, mark: float) -> Caller | None:
    """What a process is; None when it has ended or is another user's."""
    try:
        process = psutil.Process(pid)
        command, environment, folder = process.cmdline(), process.environ(), Path(process.cwd())
        return Caller(pid, mark, tuple(command), environment, folder) if process.create_time() == mark else None
    except (psutil.Error, OSError):
        return None


def process_id(service: Service, client: tuple[str, int]) -> int | None:
    """The process that holds the far end of a connection of ours, given by its address and port; None when it cannot be
    found or is another user's. SDK v1 asks for a token before each other request, so one that has just called is found
    in a quarter of a millisecond."""
    known = service.part("callers", dict[int, None])
    inode = _inode(service, client)
    if inode is None:
        return None
    pid = _owner(f"socket:[{inode}]", reversed(list(known))) or _owner(f"socket:[{inode}]", _all())
    if pid is None:
        return None
    known.pop(pid, None)
    if len(known) >= _MOST_KNOWN:
        known.pop(next(iter(known)), None)
    known[pid] = None
    return pid


def _inode(service: Service, client: tuple[str, int]) -> str | None:
    """The inode of the caller's end of a connection, from the kernel."""
    ports = (service.http_port, service.https_port, service.parts.get("guard_port", 0))
    try:
        return next(filter(None, (_asked(client, (service.host, port)) for port in ports)), None)
    except OSError:
        return _listed(client)  # netlink is closed to us, as in some containers


def _asked(client: tuple[str, int], server: tuple[str, int]) -> str | None:
    """Asks for the one socket by netlink (sock_diag(7)): 0.1 ms however many connections there are."""
    ends = struct.pack("!HH4s12x4s12x", client[1], server[1], socket.inet_aton(client[0]), socket.inet_aton(server[0]))
    states, any_cookie = 0xFFFFFFFF, 0xFFFFFFFF
    question = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, states)
    body = question + ends + struct.pack("=III", 0, any_cookie, any_cookie)
    head = struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(1.0)
        netlink.send(head + body)
        answer = netlink.recv(4096)
    if len(answer) < _INODE_AT + 4 or struct.unpack_from("=H", answer, 4)[0] != _SOCK_DIAG_BY_FAMILY:
        return None  # an error message: there is no such socket
    inode = struct.unpack_from("=I", answer, _INODE_AT)[0]
    return str(inode) if inode else None


def _listed(client: tuple[str, int]) -> str | None:
    try:
        address = struct.unpack("=I", socket.inet_aton(client[0]))[0]
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return None
    wanted = f"{address:08X}:{client[1]:04X}"
    for line in lines:
        fields = line.split()
        if fields[1] == wanted and fields[9] != "0":
            return fields[9]
    return None


def _all() -> Iterable[int]:
    """Every process, newest first: who calls has often just been started."""
    return sorted((int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()), reverse=True)


def _owner(link: str, pids: Iterable[int]) -> int | None:
    for pid in pids:
        folder = f"/proc/{pid}/fd/"
        try:
            names = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue  # it has ended, or is another user's
        for name in names:
            try:
                # Not by pathlib, which takes five times as long, and most links are not the one.
                if os.readlink(folder + name) == link:  # noqa: PTH115
                    return pid
            except OSError:
                continue  # closed meanwhile
    return None
