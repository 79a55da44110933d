"""The service in its process: two ports on loopback, one for http and one for https, and the network guard.

It ends on SIGTERM and SIGINT: open requests get a moment, running steps are ended and stay recorded as running, so that
the next start goes on with their pipelines.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import IO, Any

import uvicorn

from amlbridge.engine.errors import StateError
from amlbridge.server import assembly, certificates, client_environment, engine_parts, schedule_parts, serving_parts
from amlbridge.server.docker import part as docker
from amlbridge.server.home import Home
from amlbridge.server.interception.authority import IssuingAuthority
from amlbridge.server.interception.hosts import LocalHosts, local_paths
from amlbridge.server.lifecycle import process_mark
from amlbridge.server.network_guard.proxy import NetworkGuard
from amlbridge.server.network_options import NetworkOptions
from amlbridge.server.quiet_server import QuietServer
from amlbridge.server.url_map import UrlMap
from amlbridge.v1.dataset_sources import URL_MAP
from amlbridge.wire.context import Service

log = logging.getLogger(__name__)

#: Seconds that open requests get when the service stops.
_GRACE = 2
#: Called once the service answers, with what service.json holds.
Ready = Callable[[dict[str, Any]], None]


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
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError):
            listener.close()
            if port == 0:
                raise
            continue
        listener.listen(1024)
        return listener
    raise AssertionError("unreachable")


def serve(
    home: Home,
    *,
    detached: bool = False,
    ready: Ready = lambda address: None,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008  # immutable
) -> None:
    """Runs the service until it is told to stop. Raises :class:`StateError` when the state folder cannot be used.

    ``service.parts["on_start"]`` and ``["on_stop"]`` are lists of functions without arguments that a module may add to
    while the service is built: they are called once the addresses are known and before anyone is answered, and when no
    one is answered any more.
    """
    if detached:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with locked(home):
        authority = IssuingAuthority()
        certificates.ensure(home.certificates, authority.certificate)
        last = home.read_ports()
        http, https, guard = (bind("127.0.0.1", last.get(name)) for name in ("http_port", "https_port", "guard_port"))
        service = assembly.build_service(home)
        service.http_port, service.https_port = http.getsockname()[1], https.getsockname()[1]
        # Steps that go on below would otherwise look for us at the ports of last time.
        client_environment.forget_cached_cloud(home, service.https_port)
        service.parts["guard_port"] = guard.getsockname()[1]
        service.parts["started"] = time.time()
        service.parts["network_options"] = network
        urls = UrlMap(home.url_map)
        service.parts[URL_MAP] = local_paths(service, urls)
        engine_parts.attach(service, home)
        schedule_parts.attach(service)
        serving_parts.attach(service, home)
        docker.attach(service, home)
        try:
            _run(_serve(home, service, urls, authority, http, https, guard, ready))
        finally:
            home.address.unlink(missing_ok=True)
            service.records.close()


def _run(main: Any) -> None:
    """``asyncio.run`` on uvloop when that is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
        return
    if sys.version_info >= (3, 11):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)
    else:
        uvloop.install()
        asyncio.run(main)


async def _serve(
    home: Home,
    service: Service,
    urls: UrlMap,
    authority: IssuingAuthority,
    http: socket.socket,
    https: socket.socket,
    guard: socket.socket,
    ready: Ready,
) -> None:
    application = assembly.build_application(service)
    options = {"log_config": None, "access_log": False, "lifespan": "off", "timeout_graceful_shutdown": _GRACE}
    plain = QuietServer(uvicorn.Config(application, **options))  # type: ignore[arg-type]
    tls = QuietServer(
        uvicorn.Config(application, ssl_certfile=certificates.leaf(home.certificates), **options)  # type: ignore[arg-type]
    )
    _stop_on_signals(plain, tls)
    local = LocalHosts(service, urls, authority, application)
    network_guard = NetworkGuard(service.issuer, local=local, options=service.parts["network_options"])
    service.parts["network_guard"] = network_guard
    await network_guard.start(guard)
    try:
        for hook in service.parts.get("on_start", []):
            await asyncio.to_thread(hook)
        serving = asyncio.gather(plain.serve(sockets=[http]), tls.serve(sockets=[https]))
        while not (plain.started and tls.started) and not serving.done():
            await asyncio.sleep(0.001)
        if not serving.done():
            ready(write_address(home, service))
            log.info("ready: %s %s, pid %s, home %s", service.http_url, service.https_url, os.getpid(), home.root)
        await serving
    finally:
        # From here on no one should come: the address is gone before the last steps have ended.
        home.address.unlink(missing_ok=True)
        await network_guard.close()
        for hook in reversed(service.parts.get("on_stop", [])):
            await _stop_part(hook)
        log.info("stopped")


async def _stop_part(hook: Callable[[], None]) -> None:
    """One part that cannot stop must not keep the others from stopping."""
    try:
        await asyncio.to_thread(hook)
    except Exception:
        log.exception("a part of the service did not stop cleanly")


def _stop_on_signals(*servers: QuietServer) -> None:
    def stop(number: int) -> None:
        log.info("%s: stopping", signal.Signals(number).name)
        for server in servers:
            server.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)


def write_address(home: Home, service: Service) -> dict[str, Any]:
    """Tells the command and other processes where the service is; returns what it wrote."""
    ports = {
        "http_port": service.http_port,
        "https_port": service.https_port,
        "guard_port": service.parts["guard_port"],
    }
    content = {
        "pid": os.getpid(),
        "process": process_mark(os.getpid()),
        **ports,
        "version": version("amlbridge"),
        "started": service.parts["started"],
        "environments": service.parts["environments"].default,
        "network": service.parts["network_options"].content(),
    }
    for path, value in ((home.last_ports, ports), (home.address, content)):
        aside = home.root / f"{path.name}.{os.getpid()}"
        aside.write_text(json.dumps(value))
        aside.replace(path)
    return content
