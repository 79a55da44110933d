"""Everything about jobs, for the server to mount."""

from __future__ import annotations

from amlbridge.v2.jobs import operations, outputs
from amlbridge.wire.routing import Routes

JOBS: tuple[Routes, ...] = (operations.routes, outputs.routes)
