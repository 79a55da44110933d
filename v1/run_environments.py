"""The environments of runs: registered ones that a run only names, how they are provided, and what differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amlbridge.engine.environments import mismatch
from amlbridge.engine.environments.modes import Mode, mode_of
from amlbridge.engine.environments.provider import Environments
from amlbridge.engine.errors import EngineError, InvalidNameError
from amlbridge.engine.plan import Node, Plan
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import environments, graph_runconfig, mlflow_use, script_run
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.identity import Identity

#: The property of a run whose steps get environments of their own: ``uv``. Without it: the current interpreter.
PROPERTY = "amlbridge.environments"
#: What the SDK calls an environment that a script does not name.
_UNNAMED = ("default-environment", "project_environment")


def provider(service: Service) -> Environments:
    """The environments of the service."""
    found: Environments = service.parts["environments"]
    return found


def resolved(service: Service, workspace: Workspace, plan: Plan) -> Plan:
    """The Plan with the definitions of registered environments that its nodes only name. Raises a 400
    :class:`ServiceError` when one is not registered."""
    return dataclasses.replace(plan, nodes=tuple(_resolved(service, workspace, node) for node in plan.nodes))


def _resolved(service: Service, workspace: Workspace, node: Node) -> Node:
    named = node.environment
    defined = named.conda is not None or named.image is not None or named.user_managed
    if defined or not named.name or named.name in _UNNAMED:
        return node
    content = environments.find(service, workspace, named.name, named.version)
    if content is None:
        version = f" version {named.version}" if named.version else ""
        raise bad_request(
            f"{script_run.spot_of(node)}: the environment {named.name}{version} is not registered in the workspace "
            f"{workspace.name}: register it, or give the step its definition",
            "EnvironmentNotFound",
        )
    config = Fields({"environment": content}, f"environment {named.name}")
    return dataclasses.replace(
        node,
        environment=graph_runconfig.environment(config),
        variables={**graph_runconfig.variables(config), **node.variables},
        options={**graph_runconfig.details(config), **node.options},
    )


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


def columns(service: Service, workspace: Workspace, identity: Identity | None, node: Node) -> dict[str, Any]:
    """Columns of a new run of this node, to be joined with its others by :func:`join`: the mode among its properties,
    and warnings for what the interpreter will not have, and for what MLflow will not keep."""
    chosen = mode(service, workspace, identity)
    found: dict[str, Any] = {"properties": properties(chosen)}
    texts = []
    differences = provider(service).findings(node, chosen)
    if differences:
        texts.append(mismatch.message(differences) if chosen == "current" else "; ".join(differences))
    if (unkept := mlflow_use.warning(service, workspace, node)) is not None:
        texts.append(unkept)
    if texts:
        found["extra"] = {"warnings": [{"source": "amlbridge", "message": text} for text in texts]}
    return found


def properties(chosen: Mode) -> dict[str, str]:
    """The properties of a run that say how environments are provided."""
    return {PROPERTY: chosen} if chosen != "current" else {}


def join(columns_of_run: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a run with those of :func:`columns` added to their properties and warnings."""
    found = {**columns_of_run, "properties": {**columns_of_run.get("properties", {}), **ours["properties"]}}
    extra = dict(found.get("extra", {}))
    warnings = [*(extra.get("warnings") or []), *ours.get("extra", {}).get("warnings", [])]
    return {**found, "extra": {**extra, "warnings": warnings}} if warnings else found


def stored_wheel(service: Service, url: str) -> Path | None:
    """The file behind a URL of this service's own storage (``Environment.add_private_pip_wheel`` makes such ones);
    None for any other text."""
    try:
        parts = urlsplit(url)
        # The port may be that of an earlier start of the service.
        own = parts.hostname == service.host and parts.port is not None
    except ValueError:
        return None
    account, _, kind = (parts.username or "").partition(".")
    container, _, name = unquote(parts.path).lstrip("/").partition("/")
    if not own or not kind.startswith("blob") or not name:
        return None
    try:
        path = service.blobs.path(account, container, name)
    except InvalidNameError:
        return None
    return path if path.is_file() else None
