"""The engine as a part of the service: made once the addresses are known, started and stopped with it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from amlbridge.engine.environments.modes import default_mode
from amlbridge.engine.environments.provider import Environments
from amlbridge.engine.errors import StateError
from amlbridge.engine.launch import memory
from amlbridge.engine.launch.pool import Kind, LauncherPool
from amlbridge.engine.scheduler import Scheduler
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.server import client_environment, own_programs, stand_ins
from amlbridge.server.engine_host import EngineHost
from amlbridge.server.home import Home
from amlbridge.v1 import local_watch, run_environments
from amlbridge.v1.execution_local import TRACED
from amlbridge.v1.pipelines import step_definitions
from amlbridge.wire.context import Service
from amlbridge.wire.run_dto import RUN_DEFINITION

log = logging.getLogger(__name__)

#: Set to 0, steps of the current environment start their warm interpreter only when the first one comes.
PREWARM = "AMLBRIDGE_PREWARM"
#: Set to 1, what is submitted is recorded and not run (`amlbridge trace`).
TRACE = "AMLBRIDGE_TRACE"


def attach(service: Service, home: Home, launcher: Kind = "auto") -> Scheduler:
    """Makes the scheduler of a service whose ports are known, and registers its start and stop.

    ``launcher`` "subprocess" starts a fresh interpreter for each step.
    """
    guard_port: int = service.parts["guard_port"]
    ports = (service.http_port, service.https_port, service.host)
    plain = client_environment.variables(home, *ports, guard_port=guard_port)

    def guard_variables(run_id: str) -> Mapping[str, str]:
        session = client_environment.step_session(run_id)
        password = client_environment.guard_password(service.issuer, session)
        proxy = f"http://{session}:{password}@{service.host}:{guard_port}"
        return dict.fromkeys(client_environment.PROXY_VARIABLES, proxy)

    snapshots = service.part("snapshots", lambda: SnapshotStore(home.snapshots))
    environments = Environments(
        home.environments, default=default_mode(), locate=lambda url: run_environments.stored_wheel(service, url)
    )
    service.parts["environments"] = environments
    host = EngineHost(service, snapshots, plain, guard_variables)
    # The libraries read some of these when they are imported.
    pool = LauncherPool(launcher=launcher, import_env=plain, step_memory=_step_memory(), folder=home.launch)
    traced = os.environ.get(TRACE) == "1"
    service.parts[TRACED] = traced
    if traced:
        stand_ins.attach(service, os.environ.get(stand_ins.PERMISSIVE, ""))
    scheduler = Scheduler(service.records, host, pool, home.work, traced=traced)
    service.parts["scheduler"] = scheduler
    service.parts["cancel_run"] = scheduler.cancel
    programs = own_programs.OwnPrograms(scheduler, pool, host.python, host.base_environment)
    service.parts[own_programs.PART] = programs
    service.parts[RUN_DEFINITION] = step_definitions.definition

    def start() -> None:
        scheduler.start()
        resumed = scheduler.recover()
        if resumed:
            log.info("going on with the pipeline runs %s", ", ".join(resumed))
        if launcher == "auto" and not traced and os.environ.get(PREWARM, "1") != "0":
            scheduler.call_in_loop(lambda: asyncio.ensure_future(pool.prewarm(host.python, host.base_environment)))

    starts: list[Callable[[], None]] = service.part("on_start", list)
    stops: list[Callable[[], None]] = service.part("on_stop", list)
    watched = local_watch.of(service)
    starts.extend((start, watched.start))
    stops.append(watched.stop)
    # Called in reverse: a build ends when its step is no longer the scheduler's.
    stops.extend((environments.close, scheduler.stop))
    return scheduler


def _step_memory() -> int | None:
    """The most memory of one step in bytes. Raises :class:`StateError` when the variable holds no amount."""
    try:
        return memory.parse_limit(os.environ.get(memory.VARIABLE), memory.total_memory())
    except ValueError as error:
        raise StateError(f"{memory.VARIABLE}: {error}") from error
