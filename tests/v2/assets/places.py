"""A service without a process, for tests of what lies behind the routes."""

from __future__ import annotations

from pathlib import Path

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.wire.context import Service


def service_and_workspace(folder: Path) -> tuple[Service, Workspace]:
    """A service on its own state folder, and a workspace of it."""
    service = build_service(Home(folder / ".amlbridge"))
    return service, service.records.workspaces.ensure("s", "g", "w")
