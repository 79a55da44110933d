"""The two clusters that Azure's own articles take for granted: ``cpu-cluster`` and ``gpu-cluster``.

A script that names one of them and makes no compute runs unchanged in the workspace of its author. ``amlbridge run``
says so to the script's process by a variable, and here the cluster is made the moment that this process looks for it.
No other name is ever taken for granted: a compute that is not there is an error, which is what a slip of the pen needs.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import compute_bodies as bodies
from amlbridge.wire.assumed_names import NAMES, VARIABLE
from amlbridge.wire.caller import caller
from amlbridge.wire.context import Call, Service

_KEY = "assumed_computes"
_MOST = 200


@dataclass(frozen=True)
class Made:
    """A cluster that was made because a script took it for granted."""

    workspace: Workspace
    name: str
    when: float


class _Notes:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: list[Made] = []


def ensure(call: Call, *wanted: str) -> None:
    """Makes those of these computes that the calling process takes for granted and its workspace lacks."""
    resources, workspace = call.records.resources, call.workspace
    keys = {name.lower() for name in wanted}
    missing = [name for name in NAMES if name in keys and resources.find(workspace.id, bodies.KIND, name) is None]
    process = caller(call) if missing else None
    assumed = process.environment.get(VARIABLE, "").split(",") if process is not None else []
    for name in missing:
        if name not in assumed:
            continue
        location = workspace.properties.get("location", "local")
        body = bodies.create(name, {"properties": {"computeType": bodies.CLUSTER}}, location=location)
        with call.records.database.write():
            if resources.find(workspace.id, bodies.KIND, name) is not None:
                continue  # by another request, meanwhile
            resources.put(workspace.id, bodies.KIND, name, body)
        notes = call.service.part(_KEY, _Notes)
        with notes.lock:
            notes.made = [*notes.made[-_MOST:], Made(workspace, name, call.service.clock())]


def ensure_in(call: Call, document: Any) -> None:
    """The same for those that a document (a job, a deployment, a schedule) names as a compute: SDK v2 submits a name
    without looking for it."""
    text = json.dumps(document)
    ensure(call, *(name for name in NAMES if re.search(rf'["/:]{name}"', text, re.IGNORECASE)))


def since(service: Service, moment: float) -> list[Made]:
    """What was made since then (seconds since the epoch)."""
    notes = service.part(_KEY, _Notes)
    with notes.lock:
        return [item for item in notes.made if item.when >= moment]
