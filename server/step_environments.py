"""The interpreter of a step that runs, and what in its environment follows from it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.environments.modes import Mode
from amlbridge.engine.environments.provider import Step
from amlbridge.engine.host import StepContext
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.server import client_environment
from amlbridge.v1 import run_environments
from amlbridge.wire.context import Service

#: Modes of pipeline runs are kept, so that a step need not read its pipeline's record.
_MOST_KNOWN = 1000


def mode(service: Service, context: StepContext) -> Mode:
    """How the environments of the step's pipeline run are provided: as recorded when it was submitted."""
    known: dict[tuple[str, str], Mode] = service.part("environment_modes", dict)
    key = (context.workspace.id, context.pipeline_run_id)
    found = known.get(key)
    if found is None:
        if len(known) >= _MOST_KNOWN:
            known.clear()
        found = known[key] = run_environments.mode_of_run(service.records.runs.get(*key))
    return found


def interpreter(service: Service, context: StepContext, log: Path, proxies: Mapping[str, str]) -> str:
    """The step's interpreter. While it is built, the run is in the status Preparing and ``log`` gets what uv says; uv
    speaks to others through the network guard (``proxies``). Raises :class:`amlbridge.engine.errors.EngineError`."""

    def waiting_for_it(run: Run) -> dict[str, Any]:
        return {"status": status.PREPARING} if run.status in (status.NOT_STARTED, status.QUEUED) else {}

    def preparing() -> None:
        service.records.runs.change(context.workspace.id, context.run_id, waiting_for_it)

    step = Step(log, lambda: context.canceled(), proxies, preparing)
    environment = context.node.environment
    return run_environments.provider(service).interpreter(environment, mode(service, context), step)


def variables(service: Service, context: StepContext, path: str) -> dict[str, str]:
    """``python`` and the programs beside it are those of the step's interpreter; runs that the step submits get their
    environments as the step does."""
    python = Path(context.python or sys.executable)
    found = {"PATH": f"{python.parent}:{path}"}
    if context.python != sys.executable and (python.parent.parent / "pyvenv.cfg").exists():
        found["VIRTUAL_ENV"] = str(python.parent.parent)
    chosen = mode(service, context)
    if chosen != run_environments.provider(service).default:
        token = client_environment.token_url(service.http_url, service.issuer, chosen)
        found |= {"MSI_ENDPOINT": token, "IDENTITY_ENDPOINT": token}
    return found
