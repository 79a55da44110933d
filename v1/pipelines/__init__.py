"""The pipelines service of SDK v1, one module per resource."""

from __future__ import annotations

from amlbridge.v1.pipelines import (
    azure_ml_modules,
    data_sources,
    data_types,
    draft_graphs,
    drafts,
    endpoints,
    graphs,
    logs,
    modules,
    node_status,
    outputs,
    published,
    runs,
    schedules,
    submissions,
)
from amlbridge.wire.routing import Routes

#: The operations of the service. Fixed paths (``PipelineRuns/Submit/…``) come before those with an id in their place.
services: list[Routes] = [
    data_types.routes,
    modules.routes,
    azure_ml_modules.routes,
    data_sources.routes,
    graphs.routes,
    submissions.routes,
    endpoints.routes,
    published.routes,
    schedules.routes,
    draft_graphs.routes,
    drafts.routes,
    runs.routes,
    node_status.routes,
    outputs.routes,
    logs.routes,
]
