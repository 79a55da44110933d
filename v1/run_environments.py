"""The environments of runs: registered ones that a run only names, how they are provided, and what differs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.plan import Node, Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import environments, graph_runconfig, script_run
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.run_environments import PROPERTY, columns, join, mode, mode_of_run, properties, provider

__all__ = [
    "PROPERTY",
    "columns",
    "join",
    "mode",
    "mode_of_run",
    "properties",
    "provider",
    "resolved",
    "stored_wheel",
]

#: What the SDK calls an environment that a script does not name.
_UNNAMED = ("default-environment", "project_environment")


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
