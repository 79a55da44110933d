"""HTTP servers in one thread of their own: the Docker API's socket, and a port for each running container."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from socket import socket
from typing import Any

import uvicorn

from amlbridge.server.quiet_server import QuietServer

#: Seconds that open requests get when a server ends.
_GRACE = 1


@dataclass(frozen=True)
class Listener:
    """A server that runs until it is closed."""

    server: QuietServer
    loop: asyncio.AbstractEventLoop
    ended: Future[None]

    def close(self) -> None:
        """Ends it and waits until its port is free."""
        self.loop.call_soon_threadsafe(self.server.stop)
        self.ended.result(_GRACE + 10)


class Listeners:
    """Starts servers. Any thread may call."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="docker-listeners", daemon=True)
        self._thread.start()

    def serve(self, application: Any, listening: socket) -> Listener:
        """Answers at a socket that listens already."""
        options: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off"}
        server = QuietServer(uvicorn.Config(application, timeout_graceful_shutdown=_GRACE, **options))
        ended = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listening]), self._loop)
        return Listener(server, self._loop, ended)

    def close(self) -> None:
        """Ends the thread; the servers must be closed before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
