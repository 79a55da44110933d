"""Data caches (``DatacacheStore``, ``FileDataset.as_cache``): copies of data near a remote cluster (preview)."""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

routes = Routes("data caches", "/datacache/v1.0/WS")

_LOCAL = (
    "Data caches copy data to the storage of a remote cluster, and here the data is on this machine already: use "
    "dataset.as_mount() or as_download() instead of as_cache()."
)


def _refused(call: Call) -> Reply:
    """Makes, finds or changes data caches and their stores."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    routes.operation(_method, "/{path*}", refused=_LOCAL)(_refused)
