"""The command's side of the guard: follows the session of one script."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

from amlbridge.engine.errors import StateError
from amlbridge.server.network_guard.upstream import Upstream

#: Seconds that the guard gets to say what it has seen.
_PATIENCE = 2.0


class Watcher:
    """Follows a session in a thread of its own until :meth:`close`.

    ``stopped`` is called with each event (the fields of :class:`amlbridge.server.network_guard.proxy.Stop`), ``lost``
    when the service goes away. Raises :class:`StateError` when the guard does not answer.
    """

    def __init__(
        self,
        port: int,
        session: str,
        password: str,
        *,
        allowed: Collection[str],
        upstream: Upstream,
        stopped: Callable[[dict[str, Any]], None],
        lost: Callable[[], None],
    ) -> None:
        self._stopped = stopped
        self._lost = lost
        self._closed = False
        credentials = base64.b64encode(f"{session}:{password}".encode()).decode()
        settings = json.dumps({"allowed": sorted(allowed), "upstream": asdict(upstream)})
        headers = f"Proxy-Authorization: Basic {credentials}\r\nX-Amlbridge-Settings: {settings}\r\n"
        request = f"GET /watch HTTP/1.1\r\n{headers}\r\n"
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
            self._socket.sendall(request.encode())
            self._file = self._socket.makefile("rb")
            status = self._file.readline()
            while self._file.readline() not in (b"\r\n", b""):
                pass
        except OSError as error:
            raise StateError(f"the network guard of the service does not answer: {error.strerror}") from error
        if b" 200 " not in status:
            self._release()
            raise StateError(f"the network guard of the service refused: {status.decode(errors='replace').strip()}")
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._follow, name="network guard", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        try:
            for line in self._file:
                if line.strip():
                    self._stopped(json.loads(line))
        except (OSError, ValueError):
            pass  # the connection ended in the middle of a line
        finally:
            self._release()
        if not self._closed:
            self._lost()

    def _release(self) -> None:
        self._file.close()
        self._socket.close()

    def close(self) -> None:
        """Ends the session. What the guard has seen until now is told before this returns."""
        self._closed = True
        try:
            # The guard answers the end of our side with what is left, then with the end of its own.
            self._socket.shutdown(socket.SHUT_WR)
            self._thread.join(_PATIENCE)
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the service had ended it already
