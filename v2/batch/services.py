"""Everything about batch endpoints, for the server to mount."""

from __future__ import annotations

from amlbridge.v2.batch import deployments, endpoints, invocation
from amlbridge.wire.routing import Routes

BATCH: tuple[Routes, ...] = (endpoints.routes, deployments.routes, invocation.routes)
