"""The Docker API as a part of the service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from amlbridge.engine.errors import StateError
from amlbridge.server.docker import known_images, place
from amlbridge.server.docker.api import Api
from amlbridge.server.docker.daemon import Daemon
from amlbridge.server.docker.listeners import Listener
from amlbridge.server.home import Home
from amlbridge.server.serving_parts import variables_of
from amlbridge.wire.context import Service

log = logging.getLogger(__name__)


def attach(service: Service, home: Home) -> None:
    """Registers its start and stop. To be called after the engine was attached, whose environments it uses."""
    path, listeners = place.of(home.root), list[Listener]()
    made: list[Daemon] = []

    def start() -> None:
        known = partial(known_images.find, service)
        daemon = Daemon(home.docker, service.parts["environments"], variables_of(service, home), known)
        made.append(daemon)
        daemon.start()
        try:
            listeners.append(daemon.listeners.serve(Api(daemon), place.listen(path)))
        except StateError as error:
            # Everything else works without it.
            log.warning("%s: local deployments need a Docker of your own", error)

    def stop() -> None:
        place.leave(path)
        for listener in listeners:
            listener.close()
        for daemon in made:
            daemon.close()

    starts: list[Callable[[], None]] = service.part("on_start", list)
    stops: list[Callable[[], None]] = service.part("on_stop", list)
    starts.append(start)
    stops.append(stop)
