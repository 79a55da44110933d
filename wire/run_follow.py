"""Holds the question for a job's details until there is something new (protocol notes, section 7).

``ml_client.jobs.stream`` asks again and again; answered at once it would ask thousands of times, or sleep and hear of
the end late. So an answer that would say the same as the last one waits for a change, for a second at most.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from amlbridge.engine.host import RANK_SCRIPT_LOG, SCRIPT_LOG
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire import execution_log
from amlbridge.wire.artifact_files import RUN_ORIGIN
from amlbridge.wire.context import Service
from amlbridge.wire.run_dto import data_container

#: The entry of ``Run.extra`` that holds the body of a job of SDK v2.
JOB = "job"
#: The longest that an answer waits, and how often it is looked whether there is something new (seconds).
LONGEST, EVERY = 1.0, 0.02
_MOST = 1000


def wait(service: Service, workspace: Workspace, run: Run) -> Run:
    """The run as it is once something is new since the last call for it. Writes the log of a pipeline."""
    told: OrderedDict[str, Any] = service.part("run_follow", OrderedDict)
    deadline = time.monotonic() + LONGEST
    scheduler = service.parts.get("scheduler")
    while True:
        seen = _signature(service, workspace, run)
        if run.finished or told.get(run.id) != seen or scheduler is None or time.monotonic() >= deadline:
            break
        if scheduler.wait(workspace.id, run.id, EVERY):
            # It has ended, or is none of the scheduler's.
            time.sleep(EVERY / 4)
        run = service.records.runs.get(workspace.id, run.id)
    told[run.id] = seen
    told.move_to_end(run.id)
    while len(told) > _MOST:
        told.popitem(last=False)
    if run.kind == "pipeline":
        execution_log.write(service, workspace, run)
    return run


def _signature(service: Service, workspace: Workspace, run: Run) -> Any:
    if run.kind == "pipeline":
        children = service.records.runs.steps(workspace.id, run.id)
        return run.status, [(child.status, child.started) for child in children]
    folder = service.blobs.path(workspace.storage_account, "azureml", f"{RUN_ORIGIN}/{data_container(run)}")
    sizes = []
    for name in (SCRIPT_LOG, RANK_SCRIPT_LOG.format(0)):
        path = folder / name
        sizes.append(path.stat().st_size if path.is_file() else None)
    return run.status, sizes
