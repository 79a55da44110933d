"""The floor of the request rate: uvicorn with an application that only answers. Prints its port."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

_BODY = b'{"status":"up"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything with the same JSON."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


@contextmanager
def serving() -> Iterator[int]:
    """The floor in a process of its own; gives its port, once it answers. Raises RuntimeError when it does not."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            deadline = time.monotonic() + 10
            while not _accepts(port):
                if time.monotonic() > deadline:
                    raise RuntimeError("the bare server does not answer")
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Serves until it is killed."""
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    options: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(application, **options))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvloop.install()
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
