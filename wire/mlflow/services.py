"""Everything below a workspace's MLflow tracking URI, for the server to mount."""

from __future__ import annotations

from amlbridge.wire.mlflow import (
    artifacts,
    experiments,
    logged_models,
    metrics,
    model_versions,
    refused,
    registered_models,
    run_logging,
    runs,
)
from amlbridge.wire.routing import Routes

SERVICES: tuple[Routes, ...] = (
    # First what is asked for most: operations are tried in their order.
    run_logging.routes,
    runs.routes,
    metrics.routes,
    artifacts.routes,
    experiments.routes,
    registered_models.routes,
    model_versions.routes,
    logged_models.routes,
    refused.routes,
)
