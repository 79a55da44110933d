"""The engine as a part of the service: made once the addresses are known, started and stopped with it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from amlbridge.engine.launch.pool import LauncherPool
from amlbridge.engine.scheduler import Scheduler
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.server import client_environment
from amlbridge.server.engine_host import EngineHost
from amlbridge.server.home import Home
from amlbridge.wire.context import Service

log = logging.getLogger(__name__)

#: Set to 0, steps of the current environment start their warm interpreter only when the first one comes.
PREWARM = "AMLBRIDGE_PREWARM"


def attach(service: Service, home: Home) -> Scheduler:
    """Makes the scheduler of a service whose ports are known, and registers its start and stop."""
    guard_port: int = service.parts["guard_port"]
    ports = (service.http_port, service.https_port, service.host)
    plain = client_environment.variables(home, *ports, guard_port=guard_port)

    def guard_variables(run_id: str) -> Mapping[str, str]:
        session = client_environment.step_session(run_id)
        password = client_environment.guard_password(service.issuer, session)
        proxy = f"http://{session}:{password}@{service.host}:{guard_port}"
        return dict.fromkeys(client_environment.PROXY_VARIABLES, proxy)

    snapshots = service.part("snapshots", lambda: SnapshotStore(home.snapshots))
    host = EngineHost(service, snapshots, plain, guard_variables)
    # The libraries read some of these when they are imported.
    pool = LauncherPool(import_env=plain)
    scheduler = Scheduler(service.records, host, pool, home.work)
    service.parts["scheduler"] = scheduler
    service.parts["cancel_run"] = scheduler.cancel

    def start() -> None:
        scheduler.start()
        resumed = scheduler.recover()
        if resumed:
            log.info("going on with the pipeline runs %s", ", ".join(resumed))
        if os.environ.get(PREWARM, "1") != "0":
            scheduler.call_in_loop(lambda: asyncio.ensure_future(pool.prewarm(host.python, host.base_environment)))

    starts: list[Callable[[], None]] = service.part("on_start", list)
    stops: list[Callable[[], None]] = service.part("on_stop", list)
    starts.append(start)
    stops.append(scheduler.stop)
    return scheduler
