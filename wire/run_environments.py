"""How the environments of runs are provided: what both SDKs share of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine import distribution
from amlbridge.engine.environments import mismatch
from amlbridge.engine.environments.modes import Mode, mode_of
from amlbridge.engine.environments.provider import Environments
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service
from amlbridge.wire.identity import Identity

#: The property of a run whose steps get environments of their own: ``uv``. Without it: the current interpreter.
PROPERTY = "amlbridge.environments"


def provider(service: Service) -> Environments:
    """The environments of the service."""
    found: Environments = service.parts["environments"]
    return found


def mode(service: Service, workspace: Workspace, identity: Identity | None) -> Mode:
    """How the runs that somebody submits get their environments: as their session says (``amlbridge run
    --environments``), for a step that submits runs as that step, else as the service was started."""
    if identity is not None and identity.environments is not None:
        return mode_of(identity.environments)
    if identity is not None and identity.run_id is not None:
        run = service.records.runs.find(workspace.id, identity.run_id)
        if run is not None:
            return mode_of_run(run)
    return provider(service).default


def mode_of_run(run: Run) -> Mode:
    """How a run that was submitted gets its environment; a restart of the service does not change it."""
    try:
        return mode_of(run.properties.get(PROPERTY, "current"))
    except EngineError:
        # A user may set any property on a run.
        return "current"


def properties(chosen: Mode) -> dict[str, str]:
    """The properties of a run that say how environments are provided."""
    return {PROPERTY: chosen} if chosen != "current" else {}


def columns(service: Service, workspace: Workspace, identity: Identity | None, node: Node) -> dict[str, Any]:
    """Columns of a new run of this node, to be joined with its others by :func:`join`: the mode among its properties,
    and warnings for what the interpreter will not have and the machine is not."""
    chosen = mode(service, workspace, identity)
    found: dict[str, Any] = {"properties": properties(chosen)}
    differences = provider(service).findings(node, chosen)
    messages = []
    if differences:
        messages.append(mismatch.message(differences) if chosen == "current" else "; ".join(differences))
    machine = distribution.one_machine(node)
    if machine is not None:
        messages.append(machine)
    if messages:
        found["extra"] = {"warnings": [{"source": "amlbridge", "message": message} for message in messages]}
    return found


def join(columns_of_run: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a run with those of :func:`columns` added to their properties and warnings."""
    found = {**columns_of_run, "properties": {**columns_of_run.get("properties", {}), **ours["properties"]}}
    extra = dict(found.get("extra", {}))
    warnings = [*(extra.get("warnings") or []), *ours.get("extra", {}).get("warnings", [])]
    return {**found, "extra": {**extra, "warnings": warnings}} if warnings else found
