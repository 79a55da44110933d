"""A proxy of the user's own, on loopback: nothing of a test leaves the machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def upstream_proxy() -> Iterator[tuple[int, list[tuple[str, str, str | None]]]]:
    """Its port and what it was asked: method, target and Proxy-Authorization. It answers every GET itself, and every
    CONNECT with an echo of what is sent through it."""
    seen: list[tuple[str, str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the name that http.server calls
            """Answers."""
            seen.append((self.command, self.path, self.headers.get("Proxy-Authorization")))
            body = b"from the proxy"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            """Echoes."""
            seen.append((self.command, self.path, self.headers.get("Proxy-Authorization")))
            self.send_response(200)
            self.end_headers()
            while chunk := self.connection.recv(65536):
                self.connection.sendall(chunk)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()
