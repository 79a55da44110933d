"""``logs/azureml/executionlogs.txt`` of a pipeline: what SDK v2 prints while it follows a pipeline job.

It is made from the records when somebody asks for it, and only ever grows: the client remembers how many lines it has
printed.
"""

from __future__ import annotations

import threading
from datetime import datetime, timezone

from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.artifact_files import RUN_ORIGIN, Artifacts
from amlbridge.wire.context import Service
from amlbridge.wire.run_dto import data_container

NAME = "logs/azureml/executionlogs.txt"
_lock = threading.Lock()


def write(service: Service, workspace: Workspace, run: Run) -> None:
    """Adds what has happened since the log was last written."""
    artifacts = Artifacts(service, workspace, RUN_ORIGIN, data_container(run))
    path = service.blobs.path(workspace.storage_account, "azureml", artifacts.blob_name(NAME))
    with _lock:
        known = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        there = set(known)
        fresh = [line for line in _lines(run, service.records.runs.steps(workspace.id, run.id)) if line not in there]
        if not fresh:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = service.blobs.staging()
        aside.write_text("\n".join([*known, *fresh, ""]), encoding="utf-8")
        aside.replace(path)


def _lines(run: Run, children: list[Run]) -> list[str]:
    steps = [child for child in children if child.kind == "step"]
    events: list[tuple[float, str]] = [(run.started or run.created, f"The pipeline has {len(steps)} nodes.")]
    for step in steps:
        nested = step.parent_id != run.id
        # One of a sub-pipeline by its path: others of its name may be in other ones.
        name = (step.name if nested else step.display_name) or step.name or step.id
        reused = step.properties.get("azureml.reusedrunid")
        if step.started is not None and not reused:
            events.append((step.started, f"Node {name} has started, run id: {step.id}"))
        if step.finished and step.ended is not None:
            how = f"reuses run {reused}" if reused else _end(step)
            events.append((step.ended, f"Node {name} {how}"))
    if run.finished and run.ended is not None:
        events.append((run.ended, f"The pipeline is {run.status.lower()}."))
    return [f"[{_stamp(time)}] {text}" for time, text in sorted(events, key=lambda event: event[0])]


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")


def _end(step: Run) -> str:
    if step.status == status.COMPLETED:
        return "has completed"
    message = str((step.error or {}).get("message", "")).strip()
    first = " ".join(message.split())
    return f"has {'failed' if step.status == status.FAILED else 'been canceled'}: {first}"
