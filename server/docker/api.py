"""The Docker Engine API on a unix socket: what the SDKs' local deployments call, and 501 with its name for the rest.

Source of the routes and bodies: Docker's published description of the Engine API 1.44; which of them are called: the
Python package docker under azureml-core's LocalWebservice and azure-ai-ml's ``local=True``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import IO, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from amlbridge.engine.serving.server import tail
from amlbridge.server.docker import bodies
from amlbridge.server.docker.containers import Container
from amlbridge.server.docker.daemon import Daemon
from amlbridge.server.docker.errors import DockerError

log = logging.getLogger(__name__)

Handler = Callable[["Api", Request, str], Awaitable[Response]]
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
#: What is kept in memory of an archive: bytes.
_IN_MEMORY = 8 * 1024 * 1024
_ALL_LINES = 1_000_000


def _route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        _ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return add


class Api:
    """The ASGI application."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except DockerError as error:
            response = JSONResponse({"message": str(error)}, error.status)
        except Exception as error:
            log.exception("the Docker API failed at %s %s", request.method, request.url.path)
            response = JSONResponse({"message": f"{type(error).__name__}: {error}"}, 500)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = re.sub(r"^/v\d+\.\d+(?=/)", "", request.url.path)
        for method, pattern, handler in _ROUTES:
            found = pattern.fullmatch(path)
            if method == request.method and found:
                return await handler(self, request, found["name"] if "name" in pattern.groupindex else "")
        raise DockerError(
            501,
            f"amlbridge does not serve {request.method} {path} of the Docker API: it has what LocalWebservice and "
            "local=True call; set DOCKER_HOST to a Docker of your own for more",
        )


@_route("GET", "/_ping")
@_route("HEAD", "/_ping")
async def _ping(api: Api, request: Request, name: str) -> Response:
    return Response("OK", headers={"Api-Version": bodies.API, "Ostype": "linux"}, media_type="text/plain")


@_route("GET", "/version")
async def _version(api: Api, request: Request, name: str) -> Response:
    return JSONResponse(bodies.version(version("amlbridge")))


@_route("GET", "/info")
async def _info(api: Api, request: Request, name: str) -> Response:
    count, images = len(api.daemon.containers()), len(api.daemon.images())
    return JSONResponse({"Name": "amlbridge", "Containers": count, "Images": images, "OSType": "linux", "NCPU": 0})


@_route("POST", "/auth")
async def _login(api: Api, request: Request, name: str) -> Response:
    # The v1 client logs in before each build, often with nothing. Nothing is kept of it: no registry is reached.
    return JSONResponse({"Status": "amlbridge reaches no registry: no login is needed", "IdentityToken": ""})


@_route("POST", "/build")
async def _build(api: Api, request: Request, name: str) -> Response:
    query = request.query_params
    if query.get("remote"):
        raise DockerError(501, "amlbridge builds no image of a URL: give the folder of the build context")
    context = await _archive(request)
    tag, dockerfile = query.get("t", ""), query.get("dockerfile", "Dockerfile")
    try:
        with context:
            image = await asyncio.to_thread(api.daemon.build, context, dockerfile, tag)
    except DockerError as error:
        # What goes wrong in a build the Docker Engine tells in its stream, which the clients print.
        return _lines({"errorDetail": {"message": str(error)}, "error": str(error)})
    built = image.id.removeprefix("sha256:")[:12]
    return _lines(
        {"stream": "amlbridge runs the environment of this Dockerfile without a container\n"},
        {"aux": {"ID": image.id}},
        {"stream": f"Successfully built {built}\n"},
        {"stream": f"Successfully tagged {tag}\n"},
    )


def _lines(*items: dict[str, Any]) -> Response:
    # In chunks: the Python client reads a stream of objects only then.
    return StreamingResponse((f"{json.dumps(item)}\r\n" for item in items), media_type="application/json")


async def _archive(request: Request) -> IO[bytes]:
    """The body, in a file that is gone when it is closed."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # the caller closes it
    async for chunk in request.stream():
        await asyncio.to_thread(file.write, chunk)
    file.seek(0)
    return file


@_route("GET", "/images/json")
async def _images(api: Api, request: Request, name: str) -> Response:
    return JSONResponse([bodies.image_summary(item) for item in api.daemon.images()])


@_route("POST", "/images/create")
async def _pull(api: Api, request: Request, name: str) -> Response:
    wanted, tag = request.query_params.get("fromImage", ""), request.query_params.get("tag", "")
    full = f"{wanted}:{tag}" if tag else wanted
    image = await asyncio.to_thread(api.daemon.pull, full)
    if image is None:
        raise DockerError(
            501,
            f"amlbridge pulls no image ({full}) but those that Model.package and ContainerImage make here: it has no "
            "containers. Deploy with an environment of an image and a conda_file and a scoring script, or set "
            "DOCKER_HOST to a Docker of your own",
        )
    return _lines({"status": f"Pulling from {wanted}"}, {"status": f"Status: Image is up to date for {full}"})


@_route("GET", "/images/(?P<name>.+)/json")
async def _image(api: Api, request: Request, name: str) -> Response:
    return JSONResponse(bodies.image(api.daemon.image(name)))


@_route("DELETE", "/images/(?P<name>.+)")
async def _remove_image(api: Api, request: Request, name: str) -> Response:
    image = await asyncio.to_thread(api.daemon.remove_image, name)
    return JSONResponse([*({"Untagged": tag} for tag in image.tags), {"Deleted": image.id}])


@_route("GET", "/containers/json")
async def _containers(api: Api, request: Request, name: str) -> Response:
    query = request.query_params
    everything = query.get("all", "0").lower() in ("1", "true") or bool(query.get("limit", "").strip("-"))
    filters = _filters(query.get("filters", ""))
    found = [item for item in api.daemon.containers() if everything or "status" in filters or item.status == "running"]
    found = [item for item in found if all(_matches(item, key, values) for key, values in filters.items())]
    limit = int(query.get("limit") or -1)
    return JSONResponse([bodies.container_summary(item) for item in (found[:limit] if limit > 0 else found)])


def _filters(text: str) -> dict[str, list[str]]:
    try:
        given = json.loads(text or "{}")
        return {key: list(values) for key, values in given.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise DockerError(400, f"the filters {text!r} cannot be read: {error}") from error


def _matches(item: Container, key: str, values: list[str]) -> bool:
    if key == "label":
        pairs = [value.partition("=") for value in values]
        return all(name in item.labels and (not mark or item.labels[name] == value) for name, mark, value in pairs)
    if key == "name":
        return any(value.lstrip("/") in item.name for value in values)
    if key == "status":
        return item.status in values
    if key == "id":
        return any(item.id.startswith(value) for value in values)
    raise DockerError(501, f"amlbridge does not list containers by {key}: by label, name, status and id")


@_route("POST", "/containers/create")
async def _create(api: Api, request: Request, name: str) -> Response:
    try:
        body = await request.json()
    except ValueError as error:
        raise DockerError(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise DockerError(400, "the body must be an object")
    container = await asyncio.to_thread(api.daemon.create, body, request.query_params.get("name", ""))
    return JSONResponse({"Id": container.id, "Warnings": []}, 201)


@_route("GET", "/containers/(?P<name>[^/]+)/json")
async def _inspect(api: Api, request: Request, name: str) -> Response:
    try:
        return JSONResponse(bodies.container(api.daemon.container(name)))
    except DockerError:
        if name != socket.gethostname():
            raise
        # The v1 client asks whether it runs in a container of this Docker, by the host's name, and takes an error for
        # a failure, but nothing for a no.
        return JSONResponse(None)


@_route("POST", "/containers/(?P<name>[^/]+)/start")
async def _start(api: Api, request: Request, name: str) -> Response:
    started = await asyncio.to_thread(api.daemon.run, api.daemon.container(name))
    return Response(status_code=204 if started else 304)


@_route("POST", "/containers/(?P<name>[^/]+)/stop")
async def _stop(api: Api, request: Request, name: str) -> Response:
    stopped = await asyncio.to_thread(api.daemon.stop, api.daemon.container(name), 0)
    return Response(status_code=204 if stopped else 304)


@_route("POST", "/containers/(?P<name>[^/]+)/restart")
async def _restart(api: Api, request: Request, name: str) -> Response:
    container = api.daemon.container(name)
    await asyncio.to_thread(api.daemon.stop, container, 0)
    await asyncio.to_thread(api.daemon.run, container)
    return Response(status_code=204)


@_route("POST", "/containers/(?P<name>[^/]+)/kill")
async def _kill(api: Api, request: Request, name: str) -> Response:
    container = api.daemon.container(name)
    if not await asyncio.to_thread(api.daemon.stop, container, 137):
        raise DockerError(409, f"Cannot kill container: {name}: Container {container.id} is not running")
    return Response(status_code=204)


@_route("DELETE", "/containers/(?P<name>[^/]+)")
async def _remove(api: Api, request: Request, name: str) -> Response:
    force = request.query_params.get("force", "").lower() in ("1", "true")
    container = api.daemon.container(name)
    await asyncio.to_thread(lambda: api.daemon.remove(container, force=force))
    return Response(status_code=204)


@_route("PUT", "/containers/(?P<name>[^/]+)/archive")
async def _put_archive(api: Api, request: Request, name: str) -> Response:
    container = api.daemon.container(name)
    with await _archive(request) as archive:
        await asyncio.to_thread(api.daemon.put, container, request.query_params.get("path", "/"), archive)
    return Response(status_code=200)


@_route("GET", "/containers/(?P<name>[^/]+)/logs")
async def _logs(api: Api, request: Request, name: str) -> Response:
    container, query = api.daemon.container(name), request.query_params
    if query.get("follow", "").lower() in ("1", "true"):
        raise DockerError(501, "amlbridge does not follow the logs of a container: ask again for its last lines")
    count = query.get("tail", "all")
    text = await asyncio.to_thread(tail, container.log, int(count) if count.isdecimal() else _ALL_LINES)
    content = f"{text}\n".encode() if text else b""
    if not container.tty and content:
        # Without a terminal the streams come in frames: 1 is standard output, then the length.
        content = struct.pack(">BxxxL", 1, len(content)) + content
    return Response(content, media_type="application/vnd.docker.raw-stream")
