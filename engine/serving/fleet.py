"""All model servers of the service, by key."""

from __future__ import annotations

import logging
import threading

from amlbridge.engine.launch import processes
from amlbridge.engine.serving.contract import Changed, Server
from amlbridge.engine.serving.server import ModelServer

log = logging.getLogger(__name__)


class Fleet:
    """Starts, replaces and stops model servers. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[str, ModelServer] = {}
        self._closed = False

    def find(self, key: str) -> ModelServer | None:
        """The server of this key."""
        with self._lock:
            return self._servers.get(key)

    def put(self, server: Server, changed: Changed) -> ModelServer:
        """Starts a server; one of the same key is stopped first."""
        new = ModelServer(server, changed)
        with self._lock:
            old = self._servers.get(server.key)
            if not self._closed:
                self._servers[server.key] = new
        if old is not None:
            old.stop()
        if not self._closed:
            new.start()
        return new

    def remove(self, key: str) -> None:
        """Stops a server and forgets it."""
        with self._lock:
            old = self._servers.pop(key, None)
        if old is not None:
            old.stop()

    def clear_leftovers(self, servers: list[Server]) -> None:
        """Ends what an earlier service left running of these servers."""
        marks = [f"serving-{server.key}-{number}" for server in servers for number in range(server.processes)]
        if marks and (count := processes.kill_leftovers(marks)):
            log.info("ended %s processes of model servers of an earlier service", count)

    def close(self) -> None:
        """Stops all servers, at once."""
        with self._lock:
            self._closed = True
            servers = list(self._servers.values())
        threads = [threading.Thread(target=server.stop) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
