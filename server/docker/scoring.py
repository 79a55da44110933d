"""What answers at a container's port: the model server behind it, as in Azure's images."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from amlbridge.engine.serving.contract import NotServingError, OverloadedError, Request
from amlbridge.engine.serving.server import ModelServer

_NOT_PASSED = frozenset({"authorization", "host", "connection", "content-length", "transfer-encoding", "expect"})
_NOT_RETURNED = frozenset({"connection", "content-length", "transfer-encoding"})
#: Web pages reach a port of this machine by other names: they are kept out.
_HOSTS = frozenset({"localhost", "127.0.0.1"})
#: Seconds more than a request may take.
_GRACE = 2.5


def application(find: Callable[[], ModelServer | None]) -> Starlette:
    """The ASGI application of a container's port. ``find`` gives its model server while it runs."""

    async def health(request: HttpRequest) -> Response:
        server = find()
        if server is None or not _from_here(request):
            return _text(503, "the container does not run")
        # As nginx in Azure's images answers while the server behind it starts; the v1 client waits on, and looks
        # whether the container has ended in the meantime.
        return _text(200, "Healthy") if server.state == "ready" else _text(502, f"the model server is {server.state}")

    async def score(request: HttpRequest) -> Response:
        server = find()
        if server is None or not _from_here(request):
            return _text(503, "the container does not run")
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED}
        wanted = Request(request.method, request.url.query, headers, await request.body())
        try:
            future = asyncio.wrap_future(server.submit(wanted))
            answer = await asyncio.wait_for(future, server.server.request_timeout + _GRACE)
        except OverloadedError as error:
            return _text(429, str(error))
        except NotServingError as error:
            return _text(503, str(error))
        except asyncio.TimeoutError:  # another class than TimeoutError in Python 3.10
            return _text(504, f"no answer within {server.server.request_timeout:g} s")
        returned = {name: value for name, value in answer.headers.items() if name not in _NOT_RETURNED}
        return Response(answer.body, answer.status, returned)

    return Starlette(
        routes=[Route("/", health, methods=["GET"]), Route("/score", score, methods=["GET", "POST", "OPTIONS"])]
    )


def _from_here(request: HttpRequest) -> bool:
    return request.headers.get("host", "").partition(":")[0] in _HOSTS and "origin" not in request.headers


def _text(status: int, text: str) -> Response:
    return Response(text, status, media_type="text/plain")
