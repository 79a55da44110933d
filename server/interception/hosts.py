"""Which hosts are answered here, and by whom.

The caller of such a connection has proven to the network guard that `amlbridge` started it. That is why storage
accounts accept whatever a script signs with: the key in it belongs to a real account and is not known here. For the
same reason any service principal can sign in. Everything else (Resource Manager, workspace services, key vaults)
wants a token of ours, which the login gives.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from amlbridge.engine.errors import InvalidNameError, StateError
from amlbridge.server.interception import mapped
from amlbridge.server.interception.authority import IssuingAuthority
from amlbridge.server.interception.connections import CALLED, Called, Connections
from amlbridge.server.network_guard.policy import Stop
from amlbridge.server.url_map import UrlMap
from amlbridge.wire import login, vault
from amlbridge.wire.application import Application
from amlbridge.wire.blob import BlobEndpoint
from amlbridge.wire.blob_request import CALLED_ACCOUNT
from amlbridge.wire.context import Service
from amlbridge.wire.file_share import CALLED_SHARE, FileShareEndpoint
from amlbridge.wire.routing import Router

log = logging.getLogger(__name__)

_CLOUDS = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net")
_KINDS: dict[str, tuple[str, ...]] = {
    "blob": tuple(f".blob.{cloud}" for cloud in _CLOUDS),
    "file": tuple(f".file.{cloud}" for cloud in _CLOUDS),
    "vault": (".vault.azure.net", ".vault.azure.cn", ".vault.usgovcloudapi.net"),
    "workspace": (".azureml.ms", ".azureml.net"),
    "arm": ("management.azure.com", "management.chinacloudapi.cn", "management.usgovcloudapi.net"),
    "login": (
        "login.microsoftonline.com",
        "login.microsoft.com",
        "login.windows.net",
        "login.chinacloudapi.cn",
        "login.microsoftonline.us",
        "sts.windows.net",
    ),
}


@dataclass(frozen=True)
class Role:
    """What a host is in Azure: its kind (a key of the table above), and its own name (account, vault) if it has one."""

    kind: str
    name: str


def local_paths(service: Service, urls: UrlMap) -> Callable[[str], Path | None]:
    """The local path of a URL: what it is mapped to, or else the file or folder that the user put into the storage
    account's own folder. For datasets that a step gets as a path."""

    def path(url: str) -> Path | None:
        found = urls(url)
        parts = urlsplit(url)
        host = role((parts.hostname or "").lower())
        if found is not None or host is None or host.kind != "blob":
            return found
        name = unquote(parts.path).strip("/")
        if parts.username is not None:  # wasbs://container@account.blob.core.windows.net/name
            container = unquote(parts.username)
        else:
            container, _, name = name.partition("/")
        try:
            folder = service.blobs.container(host.name, container)
            place = service.blobs.path(host.name, container, name) if name else folder
        except InvalidNameError:
            return None
        return place if place.exists() else None

    return path


def role(host: str) -> Role | None:
    """What we answer a host as when a session intercepts; None: nothing that is served here."""
    for kind, endings in _KINDS.items():
        for ending in endings:
            if not ending.startswith("."):
                if host == ending:
                    return Role(kind, "")
            elif host.endswith(ending) and (name := host.removesuffix(ending)):
                # Accounts and vaults have one label; `westeurope.api` of the workspace services has more.
                return Role(kind, name) if kind == "workspace" or "." not in name else None
    return None


class LocalHosts:
    """Answers hosts that have a mapped URL, and with ``--intercept`` those of Azure that we serve."""

    def __init__(self, service: Service, urls: UrlMap, authority: IssuingAuthority, workspace: Application) -> None:
        self._service = service
        self._urls = urls
        self._workspace = workspace
        self._login = Application(service, Router(login.routes))
        self._vault = Application(service, Router(vault.routes))
        self._blobs = BlobEndpoint(service)
        self._shares = FileShareEndpoint(service, self._blobs)
        self._connections = Connections(self, authority)
        #: Called for every request that is not answered; set by the network guard.
        self.stopped: Callable[[Stop], None] = lambda stop: None

    def answers(self, host: str, intercepts: bool) -> bool:
        """Whether a connection to ``host`` is answered here; ``intercepts``: the session asks for it."""
        try:
            if host in self._urls.hosts:
                return True
        except StateError as error:
            log.error("%s", error)
        return intercepts and role(host) is not None

    async def open(self, called: Called, tls: bool, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to ourselves as ``called``. Raises ValueError when that can be no host name."""
        return await self._connections.open(called, tls=tls, limit=limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: answers one request."""
        if scope["type"] != "http":
            return
        called: Called = scope["state"][CALLED]
        scope = {**scope, "client": called.client}
        request = Request(scope, receive)
        response = await self._mapped(called, request)
        found = role(called.host) if called.intercepts else None
        if response is None and found is not None:
            if found.kind in ("arm", "workspace", "login"):
                application = self._login if found.kind == "login" else self._workspace
                await application(scope, receive, send)
                return
            response = await self._as_account(called, found, request, scope, receive, send)
            if response is None:
                return
        if response is None:
            response = self._unmapped(called, request)
        await response(scope, receive, send)

    async def _mapped(self, called: Called, request: Request) -> Response | None:
        try:
            return await asyncio.to_thread(self._of_map, called, request)
        except StateError as error:
            return PlainTextResponse(f"amlbridge: {error}\n", 403)

    def _of_map(self, called: Called, request: Request) -> Response | None:
        url, found = _url(called, request), role(called.host)
        if found is not None and found.kind == "blob" and request.query_params.get("restype") == "container":
            files = self._urls.below(url)
            return None if files is None else mapped.container(request, called.host, files)
        place = self._urls(url)
        return None if place is None else mapped.answer(request, url, place)

    async def _as_account(
        self, called: Called, found: Role, request: Request, scope: Scope, receive: Receive, send: Send
    ) -> Response | None:
        """The answer of a storage account; None when a vault has sent its own."""
        if found.kind == "vault":
            if "authorization" not in request.headers:
                return vault.challenge()
            await self._vault(scope, receive, send)
            return None
        scope["state"] = {**scope["state"], CALLED_ACCOUNT: found.name, CALLED_SHARE: found.kind == "file"}
        endpoint: Callable[[Request], Awaitable[Response | None]] = (
            self._shares if found.kind == "file" else self._blobs
        )
        response = await endpoint(Request(scope, receive))
        is_file = "/" in request.scope["path"].strip("/")
        if response is not None and response.status_code == 404 and request.method == "GET" and is_file:
            self.stopped(_stop(called, "missing", _url(called, request)))
        return response

    def _unmapped(self, called: Called, request: Request) -> Response:
        url = _url(called, request)
        self.stopped(_stop(called, "unmapped", url))
        text = f"amlbridge: {url} is not mapped to a file: amlbridge map add {url} PATH\n"
        return PlainTextResponse(text, 403, {"x-ms-error-code": "NotMapped"})


def _stop(called: Called, why: str, url: str) -> Stop:
    return Stop(called.session, called.host, called.port, time.time(), why == "unmapped", why, url)


def _url(called: Called, request: Request) -> str:
    """The URL of a request as a user would write it."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    scheme = request.scope["scheme"]
    port = "" if called.port in (80, 443) else f":{called.port}"
    # Signatures are secrets, and what a storage client asks about a container is no part of the user's URL.
    dropped = any(part.startswith(("sig=", "restype=", "comp=")) for part in query.split("&"))
    return f"{scheme}://{called.host}{port}{path}" + (f"?{query}" if query and not dropped else "")
