"""The guard proxy with sockets of its own and, as the far side, servers on loopback."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from amlbridge.engine.errors import StateError
from amlbridge.server.client_environment import guard_password, step_session
from amlbridge.server.network_guard import upstream
from amlbridge.server.network_guard.proxy import NetworkGuard
from amlbridge.server.network_guard.upstream import Upstream
from amlbridge.server.network_guard.watch import Watcher
from amlbridge.wire.identity import TokenIssuer
from tests.support.upstream import upstream_proxy

_ISSUER = TokenIssuer(b"secret" * 8)
_SESSION = "amlbridge-run-1"


class Running:
    """A guard in a thread."""

    def __init__(self) -> None:
        import asyncio

        self.guard = NetworkGuard(_ISSUER, Upstream())
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._wait: Callable[[Any], Any] = lambda work: asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
        self._wait(self.guard.start(listener))

    def close(self) -> None:
        """Ends it."""
        self._wait(self.guard.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def ask(self, request: str, session: str | None = _SESSION, password: str | None = None) -> socket.socket:
        """Sends a request's first line and the credentials."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        text = f"{session}:{password or guard_password(_ISSUER, session or '')}"
        header = f"Proxy-Authorization: Basic {base64.b64encode(text.encode()).decode()}\r\n" if session else ""
        connection.sendall(f"{request}\r\n{header}\r\n".encode())
        return connection


def read_all(connection: socket.socket) -> bytes:
    """Everything until the far side closes."""
    with connection:
        content = b""
        while chunk := connection.recv(65536):
            content += chunk
    return content


@pytest.fixture
def running() -> Iterator[Running]:
    guard = Running()
    yield guard
    guard.close()


@contextmanager
def web_server() -> Iterator[tuple[int, list[tuple[str, str, bytes]]]]:
    """A server that answers POSTs with their body and keeps the connection open, as servers do."""
    seen: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Echoes."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, str(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()


def test_strangers_get_nothing(running: Running) -> None:
    for session, password in ((None, None), (_SESSION, "wrong"), (_SESSION, "ü")):
        answer = read_all(running.ask("CONNECT 127.0.0.1:1 HTTP/1.1", session, password))
        assert answer.startswith(b"HTTP/1.1 407 ")
        assert read_all(running.ask("GET /watch HTTP/1.1", session, password)).startswith(b"HTTP/1.1 407 ")
    other = guard_password(_ISSUER, "amlbridge-run-2")
    assert read_all(running.ask("CONNECT a:1 HTTP/1.1", _SESSION, other)).startswith(b"HTTP/1.1 407 ")


@pytest.mark.parametrize(
    "line", ["", "GET", "GET ftp://x/ HTTP/1.1", "CONNECT nowhere HTTP/1.1", "GET / HTTP/1.1", "\x00 \x00 \x00"]
)
def test_nonsense_is_a_bad_request(running: Running, line: str) -> None:
    assert read_all(running.ask(line)).startswith(b"HTTP/1.1 400 ")


def test_stop_is_answered_recorded_and_told(running: Running) -> None:
    told: list[dict[str, Any]] = []
    came = threading.Event()

    def stopped(event: dict[str, Any]) -> None:
        told.append(event)
        came.set()

    lost = threading.Event()
    watcher = Watcher(
        running.port,
        _SESSION,
        guard_password(_ISSUER, _SESSION),
        allowed=["data.azure.com"],
        upstream=Upstream(),
        stopped=stopped,
        lost=lost.set,
    )
    answer = read_all(running.ask("CONNECT management.azure.com:443 HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 403 amlbridge stopped the connection to management.azure.com")
    assert came.wait(60)
    assert (told[0]["host"], told[0]["port"], told[0]["ends"]) == ("management.azure.com", 443, True)
    assert [stop.host for stop in running.guard.stops(_SESSION)] == ["management.azure.com"]
    # Another script's stop is not ours; a step's is told to all that run.
    came.clear()
    read_all(running.ask("CONNECT other.azure.com:443 HTTP/1.1", "amlbridge-run-2"))
    read_all(running.ask("GET http://step.azure.com/x HTTP/1.1", step_session("r1")))
    assert came.wait(60)
    assert [event["host"] for event in told] == ["management.azure.com", "step.azure.com"]
    watcher.close()
    assert not lost.wait(0.3)


def test_watcher_that_is_refused_or_lost(running: Running) -> None:
    lost = threading.Event()
    settings: dict[str, Any] = {"allowed": [], "upstream": Upstream(), "stopped": print, "lost": lost.set}
    with pytest.raises(StateError, match="407"):
        Watcher(running.port, _SESSION, "wrong", **settings)
    Watcher(running.port, _SESSION, guard_password(_ISSUER, _SESSION), **settings)
    running._wait(running.guard.close())
    assert lost.wait(60)


def test_plain_http_passes_one_exchange_at_a_time(running: Running) -> None:
    body = b"x" * 300_000
    with web_server() as (port, seen):
        connection = running.ask(
            f"POST http://127.0.0.1:{port}/a/b?c=d HTTP/1.1\r\nHost: far\r\nProxy-Connection: keep-alive\r\n"
            f"Content-Length: {len(body)}"
        )
        connection.sendall(body)
        # What comes after is for a host that was not judged: it must not reach this one.
        connection.sendall(b"POST http://management.azure.com/ HTTP/1.1\r\nContent-Length: 900000\r\n\r\n")
        # Nobody reads that, which must not cost the answer to the first request.
        connection.sendall(b"y" * 900_000)
        time.sleep(0.2)
        head, _, answered = read_all(connection).partition(b"\r\n\r\n")
    assert answered == body
    assert b"Connection: close" in head
    assert [(path, content) for path, _, content in seen] == [("/a/b?c=d", body)]
    assert "Proxy-" not in seen[0][1]
    assert "Host: far" in seen[0][1]


def test_chunked_body_passes(running: Running) -> None:
    """http.server knows no chunks, so the far side is a bare socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        received: list[bytes] = []

        def answer() -> None:
            far, _ = server.accept()
            with far:
                content = b""
                while not content.endswith(b"0\r\nT: t\r\n\r\n"):
                    content += far.recv(65536)
                received.append(content.partition(b"\r\n\r\n")[2])
                far.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        port = server.getsockname()[1]
        connection = running.ask(f"PUT http://127.0.0.1:{port}/ HTTP/1.1\r\nTransfer-Encoding: chunked")
        body = b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: t\r\n\r\n"
        connection.sendall(body + b"GET http://other/ HTTP/1.1\r\n\r\n")
        answered = read_all(connection)
    assert answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n")
    assert received == [body]


def test_tunnel_carries_bytes_both_ways(running: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            far, _ = server.accept()
            with far:
                while chunk := far.recv(65536):
                    far.sendall(chunk)

        threading.Thread(target=echo, daemon=True).start()
        connection = running.ask(f"CONNECT 127.0.0.1:{server.getsockname()[1]} HTTP/1.1")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        data = bytes(range(256)) * 4000
        threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR))).start()
        assert read_all(connection) == data


def test_unreachable_host_is_named(running: Running) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = read_all(running.ask(f"CONNECT 127.0.0.1:{unused.getsockname()[1]} HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 502 amlbridge cannot connect to 127.0.0.1:")


def test_users_own_proxy_is_used_as_long_as_the_session_lasts(running: Running) -> None:
    with upstream_proxy() as (port, seen):
        url = f"http://me:secret@127.0.0.1:{port}"
        watcher = Watcher(
            running.port,
            _SESSION,
            guard_password(_ISSUER, _SESSION),
            allowed=[],
            upstream=Upstream(http=url, https=url, no_proxy="direct.example"),
            stopped=print,
            lost=lambda: None,
        )
        connection = running.ask("CONNECT far.example:443 HTTP/1.1")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"hello")
        assert connection.recv(1000) == b"hello"
        connection.close()
        assert b"from the proxy" in read_all(running.ask("GET http://far.example/x HTTP/1.1"))
        watcher.close()
    assert seen == [
        ("CONNECT", "far.example:443", "Basic bWU6c2VjcmV0"),
        ("GET", "http://far.example/x", "Basic bWU6c2VjcmV0"),
    ]


def test_users_proxies_are_read_as_libraries_read_them() -> None:
    read = upstream.from_environment
    assert read({}) == Upstream()
    assert read({"HTTPS_PROXY": "http://p:1", "no_proxy": "x"}) == Upstream(None, "http://p:1", "x")
    assert read({"ALL_PROXY": "p:1", "http_proxy": "http://q"}) == Upstream("http://q", "p:1", "")
    assert read({"HTTPS_PROXY": "http://amlbridge-run-1:x@127.0.0.1:5"}) == Upstream()
    with pytest.raises(StateError) as caught:
        read({"ALL_PROXY": "socks5://me:secret@p:1"})
    assert "socks5://p:1" in str(caught.value)
    assert "secret" not in str(caught.value)
    found = Upstream("http://p:1", "http://p:1", "inside.example")
    assert found.proxy_for("https", "a.inside.example") is None
    proxy = found.proxy_for("http", "outside.example")
    assert proxy is not None
    assert (proxy.hostname, proxy.port) == ("p", 1)
