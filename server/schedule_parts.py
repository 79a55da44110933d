"""The schedules as a part of the service: their thread starts after the engine and ends before it."""

from __future__ import annotations

from collections.abc import Callable

from amlbridge.v1.pipelines import schedule_firing as pipelines
from amlbridge.v2.schedules import firing as jobs
from amlbridge.wire.context import Service
from amlbridge.wire.schedules import runner as schedule_runner


def attach(service: Service) -> None:
    """Registers the start and the stop of the schedules' thread. To be called after the engine was attached: what is
    started last is stopped first."""
    runner = schedule_runner.of(service)
    runner.add(pipelines.SCHEDULES)
    runner.add(jobs.SCHEDULES)
    starts: list[Callable[[], None]] = service.part("on_start", list)
    stops: list[Callable[[], None]] = service.part("on_stop", list)
    starts.append(runner.start)
    stops.append(runner.stop)
