"""Where assets are: in a workspace, or in a registry, which here is a shelf of its own on this machine.

The records and files of a registry are kept as those of a workspace of a reserved subscription.
"""

from __future__ import annotations

from amlbridge.engine.errors import InvalidNameError, NotFoundError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets.asset import Kind, missing
from amlbridge.v2.assets.references import Reference
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.registry_scope import GROUP, SUBSCRIPTION, is_registry


def registry(service: Service, name: str) -> Workspace:
    """The registry of this name, made on first use. Raises a 400 ServiceError."""
    try:
        return service.records.workspaces.ensure(SUBSCRIPTION, GROUP, name)
    except InvalidNameError as error:
        raise bad_request(f"{name!r} cannot be the name of a registry", "InvalidName") from error


def of(service: Service, workspace: Workspace, kind: Kind, reference: Reference) -> Workspace:
    """The place that a reference names; ``workspace`` where it names none. Raises a 404 ServiceError."""
    if reference.registry is not None:
        return registry(service, reference.registry)
    if reference.scope is not None:
        subscription, group, name = reference.scope
        if f"{subscription}/{group}/{name}".lower() == _key(workspace):
            return workspace
        for item in service.records.workspaces.list():
            if _key(item) == f"{subscription}/{group}/{name}".lower():
                return item
        raise missing(kind, reference.text)
    if reference.workspace_id not in (None, workspace.id):
        try:
            return service.records.workspaces.get(str(reference.workspace_id))
        except NotFoundError:
            raise missing(kind, reference.text) from None
    return workspace


def _key(workspace: Workspace) -> str:
    return f"{workspace.subscription_id}/{workspace.resource_group}/{workspace.name}".lower()


def address(place: Workspace, kind: Kind, name: str, version: str | None = None) -> str:
    """The id of a container or a version."""
    base = f"azureml://registries/{place.name}" if is_registry(place) else place.scope
    tail = f"/versions/{version}" if version is not None else ""
    return f"{base}/{kind.plural}/{name}{tail}"
