"""Everything about experiments, runs, their metrics and their files, for the server to mount."""

from __future__ import annotations

from amlbridge.wire import artifacts, experiments, history, metrics, metrics_v1, run_artifacts, run_data
from amlbridge.wire.routing import Routes

SERVICES: tuple[Routes, ...] = (
    experiments.routes,
    history.routes,
    run_data.routes,
    metrics.routes,
    metrics_v1.routes,
    artifacts.routes,
    run_artifacts.routes,
)
