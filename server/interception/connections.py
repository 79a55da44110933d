"""Connections of scripts that are answered here: TLS and HTTP are ended in this process, on no port.

A script's connection comes through the network guard, which knows by the proxy's credentials who calls. It is handed on
by a pair of sockets, so nothing listens that another user of the machine could connect to.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from amlbridge.server.interception.authority import IssuingAuthority

#: Where the ASGI scope's ``state`` says whom a connection called.
CALLED = "called"


@dataclass(frozen=True)
class Called:
    """Whom a connection called, and who: the guard's session and the address of the script's socket."""

    host: str
    port: int
    session: str
    client: tuple[str, int]
    #: Whether the session answers Azure's hosts here; otherwise only mapped URLs are.
    intercepts: bool = False


class Connections:
    """Makes connections that an ASGI application answers as whoever they called."""

    def __init__(self, application: Any, authority: IssuingAuthority) -> None:
        self._authority = authority
        self._config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
        self._state = ServerState()

    async def open(self, called: Called, *, tls: bool, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The near side of a new connection. ``limit`` is the reader's, in bytes."""
        if not self._config.loaded:
            self._config.load()
        near, far = socket.socketpair()
        for end in (near, far):
            end.setblocking(False)
        loop = asyncio.get_running_loop()
        serving = asyncio.ensure_future(
            loop.connect_accepted_socket(
                lambda: self._protocol(called), far, ssl=self._authority.context(called.host) if tls else None
            )
        )
        # A failed handshake ends the connection; the script's own TLS library says why.
        serving.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.open_connection(sock=near, limit=limit)

    def _protocol(self, called: Called) -> asyncio.Protocol:
        make: Any = self._config.http_protocol_class
        protocol: asyncio.Protocol = make(
            config=self._config, server_state=self._state, app_state={CALLED: called}, _loop=asyncio.get_running_loop()
        )
        return protocol
