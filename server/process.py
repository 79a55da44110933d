"""The service in the foreground: two ports on loopback, one for http and one for https."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from importlib.metadata import version
from typing import IO

import uvicorn

from amlbridge.engine.errors import StateError
from amlbridge.server import assembly, certificates
from amlbridge.server.home import Home
from amlbridge.wire.context import Service


@contextlib.contextmanager
def locked(home: Home) -> Iterator[IO[str]]:
    """Holds the state folder for this process. Raises :class:`StateError` when another service holds it."""
    home.create()
    with home.lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"another service uses the state folder {home.root}; see `amlbridge status`") from None
        yield file


def bind(host: str, wanted: int | None) -> socket.socket:
    """A listening socket at the wanted port, or at a free one when that is taken or not given."""
    for port in (wanted or 0, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            listener.close()
            if port == 0:
                raise
            continue
        listener.listen(1024)
        return listener
    raise AssertionError("unreachable")


def serve(home: Home) -> None:
    """Runs the service until it is told to stop (SIGTERM, SIGINT)."""
    with locked(home):
        certificates.ensure(home.certificates)
        # The ports of last time, so that clients which still poll find the service again.
        last = home.read_address() or {}
        http = bind("127.0.0.1", last.get("http_port"))
        https = bind("127.0.0.1", last.get("https_port"))
        service = assembly.build_service(home)
        service.http_port, service.https_port = http.getsockname()[1], https.getsockname()[1]
        try:
            asyncio.run(_serve(home, service, http, https))
        finally:
            service.records.close()


async def _serve(home: Home, service: Service, http: socket.socket, https: socket.socket) -> None:
    application = assembly.build_application(service)
    options = {"log_config": None, "access_log": False, "lifespan": "off", "timeout_graceful_shutdown": 3}
    plain = uvicorn.Server(uvicorn.Config(application, **options))  # type: ignore[arg-type]
    tls = uvicorn.Server(
        uvicorn.Config(application, ssl_certfile=certificates.leaf(home.certificates), **options)  # type: ignore[arg-type]
    )
    write_address(home, service)
    await asyncio.gather(plain.serve(sockets=[http]), tls.serve(sockets=[https]))


def write_address(home: Home, service: Service) -> None:
    """Tells the command and other processes where the service is."""
    content = {
        "pid": os.getpid(),
        "http_port": service.http_port,
        "https_port": service.https_port,
        "version": version("amlbridge"),
    }
    aside = home.root / f"service.json.{os.getpid()}"
    aside.write_text(json.dumps(content))
    aside.replace(home.address)
