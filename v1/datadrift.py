"""Data drift (``azureml.datadrift.DataDriftDetector``): monitors that compare datasets by schedule, on a cluster."""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

routes = Routes("data drift", "/datadrift/v1.0/WS")

_ELSEWHERE = (
    "Azure monitors data drift with a pipeline of its own, which amlbridge does not have: schedule a pipeline that "
    "compares the data itself, or leave the monitor out here."
)


def _refused(call: Call) -> Reply:
    """Makes, finds, changes or runs monitors of data drift."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    routes.operation(_method, "/{path*}", refused=_ELSEWHERE)(_refused)
