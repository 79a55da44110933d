"""The guard itself: an HTTP proxy on loopback that lets everything through but Azure.

A script gets its address by ``HTTPS_PROXY`` and ``HTTP_PROXY``, which requests, urllib3, azure-core, mlflow and rslex
honour, so a host is judged by its name before anyone asks a name server. The user name in that address says which
session it is (one for each `amlbridge run`, and one for each step), and its password proves that we gave it out: to
other users of the machine this is no open proxy.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import json
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from amlbridge.engine.errors import StateError
from amlbridge.server.client_environment import guard_password, intercepts, step_session
from amlbridge.server.interception.connections import Called
from amlbridge.server.network_guard import head as heads
from amlbridge.server.network_guard import upstream as upstreams
from amlbridge.server.network_guard.policy import Stop, Verdict, judge, let_through
from amlbridge.server.network_guard.upstream import Upstream, authorization
from amlbridge.server.network_options import EVERYTHING, NetworkOptions
from amlbridge.wire.identity import TokenIssuer

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024
_CONNECT_PATIENCE = 30.0
#: Seconds that a client has to read its answer and close.
_LINGER = 2.0
#: Seconds between signs of life on a watch.
_HEARTBEAT = 10.0
#: Sessions of steps begin so: stops of theirs are told to every watcher.
STEP_PREFIX = step_session("")


@dataclass(eq=False)
class _Watch:
    """A command that follows a session while its script runs."""

    session: str
    allowed: frozenset[str]
    upstream: Upstream
    events: asyncio.Queue[Stop] = field(default_factory=asyncio.Queue)


class Local(Protocol):
    """Who answers hosts in the service itself; see :class:`amlbridge.server.interception.hosts.LocalHosts`."""

    stopped: Callable[[Stop], None]

    def answers(self, host: str, intercepts: bool) -> bool: ...

    async def open(
        self, called: Called, tls: bool, limit: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]: ...


class NetworkGuard:
    """The proxy of one service; lives in the service's event loop. A failure ends one connection, never the service.

    ``options`` hold for every session, those of steps too; a session may ask for more.
    """

    def __init__(
        self,
        issuer: TokenIssuer,
        own_upstream: Upstream | None = None,
        local: Local | None = None,
        options: NetworkOptions = NetworkOptions(),  # noqa: B008  # immutable
    ) -> None:
        self._issuer = issuer
        self._options = options
        self._local = local
        if local is not None:
            local.stopped = self._refuse
        self._own = own_upstream or _upstream_of_service()
        self._watches: set[_Watch] = set()
        self._stops: deque[Stop] = deque(maxlen=1000)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        """Serves on a listening socket."""
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=heads.LARGEST)

    async def close(self) -> None:
        """Ends every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stops(self, session: str) -> list[Stop]:
        """What was refused in a session, oldest first. From any thread."""
        return [stop for stop in tuple(self._stops) if stop.session == session]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
            await _linger(reader, writer)
        except (OSError, EOFError, TimeoutError, asyncio.TimeoutError, asyncio.CancelledError):
            log.debug("a connection through the network guard ended early")
        except Exception:
            log.exception("a connection through the network guard failed")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await heads.read(reader)
            method, target, _ = request.line.split(" ", 2)
            host, port, path = _target(method, target)
        except ValueError:
            await _answer(writer, 400, "amlbridge: not a proxy request")
            return
        session = self._session(request)
        if session is None:
            await _answer(writer, 407, "amlbridge: this proxy is for scripts that amlbridge runs", "Basic")
        elif method == "GET" and target == "/watch":
            await self._watch(session, request, reader, writer)
        elif host is None:
            await _answer(writer, 400, "amlbridge: not a proxy request")
        elif (verdict := self._judge(session, host)) in (Verdict.STOP, Verdict.REFUSE):
            await self._turn_away(session, host, port, verdict, writer)
        elif method == "CONNECT":
            await self._tunnel(session, host, port, verdict is Verdict.LOCAL, reader, writer)
        else:
            address = (host, port)
            line = f"{method} {path} HTTP/1.1"
            await self._forward(session, request, line, address, verdict is Verdict.LOCAL, reader, writer)

    def _judge(self, session: str, host: str) -> Verdict:
        """Hosts that the user lets through by name are the real ones; then come those that are answered here."""
        allowed, intercepting = self._allowed(session), self._intercepts(session)
        name = host.rstrip(".").lower()
        if let_through(name, set(allowed) - {EVERYTHING}):
            return Verdict.PASS
        if self._local is not None and self._local.answers(name, intercepting):
            return Verdict.LOCAL
        verdict = judge(name, allowed)
        if verdict is Verdict.PASS and intercepting and EVERYTHING not in allowed:
            return Verdict.REFUSE
        return verdict

    async def _turn_away(
        self, session: str, host: str, port: int, verdict: Verdict, writer: asyncio.StreamWriter
    ) -> None:
        ends = verdict is Verdict.STOP
        other = judge(host) is Verdict.PASS
        kind = "azure" if ends else "other" if other else "background"
        self._refuse(Stop(session, host, port, time.time(), ends, kind))
        # The reason phrase is what requests and urllib3 show of a refused CONNECT.
        why = "other hosts are reached with --allow-network only" if other else "it is a real Azure host"
        await _answer(writer, 403, f"amlbridge stopped the connection to {host}: {why}")

    def _session(self, request: heads.Head) -> str | None:
        scheme, _, encoded = request.get("proxy-authorization").partition(" ")
        try:
            session, _, given = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        expected = guard_password(self._issuer, session)
        return session if scheme.lower() == "basic" and hmac.compare_digest(given.encode(), expected.encode()) else None

    # -- sessions -----------------------------------------------------------------------------------------------------

    def _concerned(self, session: str) -> list[_Watch]:
        """The watches of a session. Steps are run by the service, for any of the scripts that run now."""
        return [item for item in self._watches if item.session == session or session.startswith(STEP_PREFIX)]

    def _allowed(self, session: str) -> Collection[str]:
        return {*self._options.allowed, *(host for item in self._concerned(session) for host in item.allowed)}

    def _intercepts(self, session: str) -> bool:
        if self._options.intercept or intercepts(session):
            return True
        return any(intercepts(item.session) for item in self._concerned(session))

    def _upstream(self, session: str) -> Upstream:
        return next((item.upstream for item in self._concerned(session)), self._own)

    def _refuse(self, stop: Stop) -> None:
        if stop.why != "missing":
            log.warning("stopped a connection to %s:%s (%s)", stop.host, stop.port, stop.session)
            self._stops.append(stop)
        for watch in self._concerned(stop.session):
            watch.events.put_nowait(stop)

    async def _watch(
        self, session: str, request: heads.Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Tells a command of every stop, one JSON line each, until it goes away. Its settings hold as long."""
        try:
            settings = json.loads(request.get("x-amlbridge-settings", "{}"))
            upstream = Upstream(**settings.get("upstream", {}))
            watch = _Watch(session, frozenset(settings.get("allowed", [])), upstream)
        except (ValueError, TypeError, AttributeError):
            await _answer(writer, 400, "amlbridge: these are no settings of a session")
            return
        self._watches.add(watch)
        gone = asyncio.ensure_future(reader.read(1))
        event = asyncio.ensure_future(watch.events.get())
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n")
            await writer.drain()
            while not gone.done():
                await asyncio.wait({gone, event}, timeout=_HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
                if event.done():
                    writer.write(json.dumps(asdict(event.result())).encode())
                    event = asyncio.ensure_future(watch.events.get())
                writer.write(b"\n")
                await writer.drain()
            left = [event.result()] if event.done() else []
            while not watch.events.empty():
                left.append(watch.events.get_nowait())
            writer.writelines(json.dumps(asdict(stop)).encode() + b"\n" for stop in left)
            await writer.drain()
        finally:
            self._watches.discard(watch)
            for task in (gone, event):
                task.cancel()
            await asyncio.gather(gone, event, return_exceptions=True)

    # -- what is let through ------------------------------------------------------------------------------------------

    async def _open(
        self, scheme: str, host: str, port: int, session: str, local: bool, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, dict[str, str] | None] | None:
        """A connection to the host or to the user's own proxy for it (then with that proxy's headers); None when there
        is none, which the script has been told. ``local``: it is answered here."""
        if local and self._local is not None:
            client = writer.get_extra_info("peername")
            called = Called(host.rstrip(".").lower(), port, session, client[:2], self._intercepts(session))
            try:
                return (*await self._local.open(called, scheme == "https", heads.LARGEST), None)
            except ValueError as error:
                await _answer(writer, 400, f"amlbridge: {host} cannot be a host: {error}")
                return None
        proxy = self._upstream(session).proxy_for(scheme, host)
        address = (host, port) if proxy is None else (proxy.hostname or "", proxy.port or 80)
        try:
            opened = asyncio.open_connection(*address, limit=heads.LARGEST)
            connection = await asyncio.wait_for(opened, _CONNECT_PATIENCE)
        except (OSError, asyncio.TimeoutError) as error:
            await _answer(writer, 502, f"amlbridge cannot connect to {address[0]}:{address[1]}: {_why(error)}")
            return None
        return (*connection, None if proxy is None else authorization(proxy))

    async def _tunnel(
        self,
        session: str,
        host: str,
        port: int,
        local: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        opened = await self._open("https", host, port, session, local, writer)
        if opened is None:
            return
        far_reader, far_writer, proxy = opened
        with contextlib.closing(far_writer):
            if proxy is not None:
                extra = "".join(f"{name}: {value}\r\n" for name, value in proxy.items())
                far_writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{extra}\r\n".encode())
                answer = await heads.read(far_reader)
                status = answer.line.split(" ", 2)[1:]
                if not status or status[0] != "200":
                    await _answer(writer, 502, f"your own proxy refused {host}: {' '.join(status)}")
                    return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _both(_copy(reader, far_writer), _copy(far_reader, writer))

    async def _forward(
        self,
        session: str,
        request: heads.Head,
        line: str,
        address: tuple[str, int],
        local: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """One exchange of plain HTTP. Both sides are told that the connection ends with it: a client may use a
        connection to a proxy for another host next, which has to be judged again."""
        opened = await self._open("http", *address, session, local, writer)
        if opened is None:
            return
        far_reader, far_writer, proxy = opened
        with contextlib.closing(far_writer):
            far_writer.write(request.forwarded(line if proxy is None else request.line, proxy))
            body = asyncio.ensure_future(_copy_body(request, reader, far_writer))
            try:
                answer = await heads.read(far_reader, 24 * 3600.0)
                while answer.line.split(" ", 2)[1:2] == ["100"]:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    answer = await heads.read(far_reader, 24 * 3600.0)
                writer.write(answer.forwarded(answer.line))
                await _copy(far_reader, writer)
            finally:
                body.cancel()
                await asyncio.gather(body, return_exceptions=True)


def _upstream_of_service() -> Upstream:
    try:
        return upstreams.from_environment()
    except StateError as error:
        log.warning("%s", error)
        return Upstream()


def _target(method: str, target: str) -> tuple[str | None, int, str]:
    """Host, port and path of a request to a proxy; no host for a request to the guard itself."""
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port), ""
    if target.startswith("/"):
        return None, 0, target
    parts = urlsplit(target)
    if parts.scheme.lower() != "http" or not parts.hostname:
        raise ValueError(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, parts.port or 80, path


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or "it does not answer"


async def _answer(writer: asyncio.StreamWriter, status: int, reason: str, challenge: str | None = None) -> None:
    phrase = reason.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    body = f"{phrase}\n".encode()
    wanted = f'Proxy-Authenticate: {challenge} realm="amlbridge"\r\n' if challenge else ""
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{wanted}"
    writer.write(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)
    await writer.drain()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads on until the client closes, for a while: closing with bytes unread resets the connection, and the client
    loses what it has not read of the answer."""
    await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
        await asyncio.wait_for(_discard(reader), _LINGER)


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(_CHUNK):
        pass


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _copy_body(request: heads.Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The body of this request and no byte more: what follows may be meant for another host."""
    if "chunked" in request.get("transfer-encoding").lower():
        while True:
            line = await reader.readuntil(b"\r\n")
            writer.write(line)
            size = int(line.partition(b";")[0], 16)
            await _copy_exactly(reader, writer, size)
            if size == 0:
                while line != b"\r\n":  # trailers, up to an empty line
                    line = await reader.readuntil(b"\r\n")
                    writer.write(line)
                return
            writer.write(await reader.readexactly(2))
    await _copy_exactly(reader, writer, int(request.get("content-length", "0")))


async def _copy_exactly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int) -> None:
    while count > 0:
        chunk = await reader.read(min(count, _CHUNK))
        if not chunk:
            raise EOFError
        writer.write(chunk)
        await writer.drain()
        count -= len(chunk)


async def _both(*copies: object) -> None:
    tasks = [asyncio.ensure_future(copy) for copy in copies]  # type: ignore[call-overload]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
