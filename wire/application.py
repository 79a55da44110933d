"""The ASGI application: finds the operation, checks the token, reads the body, answers errors as the services do."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from amlbridge.engine.errors import EngineError, storage_error
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, from_engine
from amlbridge.wire.identity import Identity
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Handler, Operation, Reply, Router

log = logging.getLogger(__name__)

#: The largest body of an operation in bytes. Blobs are streamed and have no such bound.
LARGEST_BODY = 64 * 1024 * 1024

#: The part of the service that stands in for what is missing; there is none but in a trace.
STAND_INS = "stand_ins"

#: How a token may be announced: Azure's own sample for Java calls a published pipeline with ``Token``.
_SCHEMES = ("bearer", "token")

#: The names of a workspace in a path, which may be empty; a slash in its place may be lost.
_SCOPED = re.compile(
    r"(?:/[^/]+)*?/subscriptions/(?:([^/]*)/)??resourceGroups/(?:([^/]*)/)??"
    r"providers/Microsoft\.MachineLearningServices/workspaces/([^/]*)(?:/|$)",
    re.IGNORECASE,
)
_NAMES = ("the name of the subscription", "the name of the resource group", "the name of the workspace")

#: Serves requests below ``/{account-less container}/…`` that no operation claims, or says no by returning None.
Fallback = Callable[[Request], Awaitable[Response | None]]


class StandIns(Protocol):
    """Makes what a request misses (`amlbridge trace --permissive`)."""

    def before(self, handler: Handler, call: Call) -> None:
        """Called before an operation."""

    def after(self, handler: Handler, call: Call, error: ServiceError | EngineError) -> bool:
        """Called when an operation has failed. True: something was made, and it is to be tried again."""


class Application:
    """Serves the operations of a :class:`Router`; requests that none claims go to ``fallback`` (the blob endpoint)."""

    def __init__(self, service: Service, router: Router, fallback: Fallback | None = None) -> None:
        self.service = service
        self.router = router
        self.fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            log.info("%s %s: the client went away", request.method, scope["path"])
            return
        log.debug(
            "%s %s %s %.1f ms %s",
            response.status_code,
            request.method,
            scope["path"],
            _ms(started),
            request.headers.get("user-agent", "-"),
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["path"]
        found = self.router.find(request.method, path)
        try:
            if found is None:
                if self.fallback is not None and (response := await self.fallback(request)) is not None:
                    return response
                raise unnamed(path) or not_served(request.method, path)
            if (problem := unnamed(path)) is not None:
                raise problem
            operation, params = found
            identity = self._authenticate(operation, request.headers)
            if operation.refused is not None:
                raise ServiceError(*operation.refused_as, operation.refused)
            body = await _read(request)
            return await anyio.to_thread.run_sync(self._call, operation, params, request, body, identity)
        except ServiceError as error:
            log.info("%s %s %s: %s", error.status, request.method, path, error.message)
            return error_response(error)

    def _authenticate(self, operation: Operation, headers: Headers) -> Identity | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        identity = self.service.issuer.verify(token) if scheme.lower() in _SCHEMES else None
        if identity is None and operation.access == "token":
            raise ServiceError(
                401,
                "AuthenticationFailed",
                "this request has no token of this workspace: run your script with `amlbridge run`, or load the "
                "variables that `amlbridge env` prints",
            )
        return identity

    def _call(
        self, operation: Operation, params: dict[str, str], request: Request, body: bytes, identity: Identity | None
    ) -> Response:
        try:
            call = Call(
                service=self.service,
                method=request.method,
                path=request.scope["path"],
                params=params,
                query=_query(request),
                headers=request.headers,
                body=body,
                identity=identity,
                client=(request.client.host, request.client.port) if request.client else None,
                query_string=request.scope["query_string"].decode("latin-1"),
                _workspace=self._workspace(params),
            )
            return to_response(self._reply(operation.handler, call))
        except ServiceError as error:
            log.info("%s %s %s: %s", error.status, request.method, call_path(request), error.message)
            return error_response(error)
        except EngineError as error:
            log.info("%s %s: %s", request.method, call_path(request), error)
            return error_response(from_engine(error))
        except Exception as error:
            full = storage_error(error) if isinstance(error, OSError) else None
            if full is not None:
                log.error("%s %s: %s", request.method, call_path(request), full)  # no mistake of ours
                return error_response(from_engine(full))
            log.exception("%s %s failed", request.method, call_path(request))
            message = f"{operation.service}.{operation.name} failed: {type(error).__name__}: {error}"
            return error_response(ServiceError(500, "InternalError", message))

    def _reply(self, handler: Handler, call: Call) -> Reply:
        """What the operation says; where things are stood in for, once what it misses is there."""
        stand_ins: StandIns | None = self.service.parts.get(STAND_INS)
        if stand_ins is None:
            return handler(call)
        stand_ins.before(handler, call)
        while True:
            try:
                return handler(call)
            except (ServiceError, EngineError) as error:
                if not stand_ins.after(handler, call, error):
                    raise

    def _workspace(self, params: Mapping[str, str]) -> Workspace | None:
        if "workspace" not in params:
            return None
        names = (params["subscription"], params["resource_group"], params["workspace"])
        return self.service.records.workspaces.ensure(*names)


def not_served(method: str, path: str) -> ServiceError:
    """501 for a route that we do not have: never a plausible 200."""
    return ServiceError(501, "NotImplemented", f"amlbridge does not serve {method} {path}")


def unnamed(path: str) -> ServiceError | None:
    """400 for the path of a workspace of which a name is empty; None for any other path.

    ``Workspace(subscription, group, "")`` asks for ``…/workspaces/``, which is not the list ``…/workspaces``; some
    clients make one slash of two.
    """
    found = _SCOPED.match(path)
    if found is None:
        return None
    empty = [label for label, name in zip(_NAMES, found.groups(), strict=True) if not name]
    if not empty:
        return None
    message = f"the request names no workspace, because {' and '.join(empty)} is empty: look where the script gets it"
    return ServiceError(400, "InvalidName", f"{message} from (config.json, an environment variable, an argument)")


def call_path(request: Request) -> str:
    """The path of a request, for log lines."""
    return str(request.scope["path"])


def to_response(reply: Reply) -> Response:
    """An operation's reply as an HTTP response. A string is a JSON string, as the services answer ids and codes."""
    if isinstance(reply, Response):
        return reply
    if reply is None:
        return Response(status_code=200)
    return JsonResponse(reply)


def error_response(error: ServiceError) -> Response:
    """A JSON error. ``x-ms-error-code`` is read by the storage clients."""
    return JSONResponse(error.body(), status_code=error.status, headers={"x-ms-error-code": error.code})


async def _read(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > LARGEST_BODY:
        raise _too_large()
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > LARGEST_BODY:
            raise _too_large()
    return bytes(chunks)


def _too_large() -> ServiceError:
    return ServiceError(413, "RequestBodyTooLarge", f"the request body is larger than {LARGEST_BODY} bytes")


def _query(request: Request) -> dict[str, str]:
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return {name.lower().lstrip("$"): value for name, value in pairs}


def _ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000
