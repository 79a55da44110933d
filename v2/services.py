"""What SDK v2 alone speaks of assets: the operations in the order of the coverage table."""

from __future__ import annotations

from amlbridge.v2 import datastores, refusals, registries
from amlbridge.v2.assets import routes as assets
from amlbridge.wire.routing import Routes

ASSETS: list[Routes] = [
    datastores.routes,
    *assets.services[:-1],
    *registries.services,
    assets.services[-1],
    refusals.routes,
]
