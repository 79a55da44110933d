"""Everything about online endpoints, for the server to mount."""

from __future__ import annotations

from amlbridge.v2.online import deployments, endpoints, packaging
from amlbridge.wire.routing import Routes

ONLINE: tuple[Routes, ...] = (endpoints.routes, deployments.routes, packaging.routes)
