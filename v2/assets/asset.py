"""What every kind of asset has in common: versions of a name, with properties that a client may set and change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.identity import USER_NAME

_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]{0,254}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_][\w.\-+]{0,254}", re.ASCII)
#: The kind of the records of container settings.
_CONTAINERS = "v2-container"
LATEST = "latest"


@dataclass(frozen=True)
class Asset:
    """One version. ``properties`` are as a client reads them; times are seconds since the epoch."""

    name: str
    version: str
    properties: dict[str, Any]
    created: float
    modified: float

    @property
    def anonymous(self) -> bool:
        """Whether it was made inline, without a name that a user gave: lists leave it out."""
        return bool(self.properties.get("isAnonymous"))

    @property
    def archived(self) -> bool:
        """Whether lists leave it out unless they are asked."""
        return bool(self.properties.get("isArchived"))


class Kind:
    """One kind of asset. The methods are the defaults: records of its own, any properties, nothing immutable.

    ``plural`` is the word in the addresses, ``label`` what messages call one asset.
    """

    plural = ""
    label = ""

    @property
    def records(self) -> str:
        """The kind of the records."""
        return f"v2-{self.plural}"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of a request that are special to the kind, checked. Raises a 400 ServiceError."""
        return {}

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """Raises a 400 or 409 ServiceError when a client changes what cannot change."""

    def first(self, service: Service, workspace: Workspace, name: str, new: Mapping[str, Any]) -> None:
        """Called before a new version is recorded. Raises a 400 ServiceError when the name cannot have it."""

    def list(self, service: Service, workspace: Workspace, name: str | None = None) -> list[Asset]:
        """All versions (of a name), in the order of their creation."""
        return [_asset(item) for item in service.records.resources.list(workspace.id, self.records, name)]

    def find(self, service: Service, workspace: Workspace, name: str, version: str) -> Asset | None:
        """One version, or None."""
        found = service.records.resources.find(workspace.id, self.records, name, version)
        return _asset(found) if found is not None else None

    def write(
        self, service: Service, workspace: Workspace, name: str, version: str, properties: Mapping[str, Any]
    ) -> Asset:
        """Records a version, new or changed."""
        return _asset(service.records.resources.put(workspace.id, self.records, name, properties, version))

    def delete(self, service: Service, workspace: Workspace, name: str, version: str) -> bool:
        """Forgets a version. Returns whether it was there."""
        return service.records.resources.delete(workspace.id, self.records, name, version) > 0

    def next_number(self, service: Service, workspace: Workspace, name: str, versions: Sequence[Asset]) -> int:
        """The next whole-number version."""
        return max((int(item.version) for item in versions if item.version.isdecimal()), default=0) + 1

    def in_container(self, versions: Sequence[Asset]) -> dict[str, Any]:
        """What a container says besides names and versions."""
        return {}

    def extra_labels(self, service: Service, workspace: Workspace, name: str) -> dict[str, Asset]:
        """The versions that have a label other than latest."""
        return {}


def _asset(item: Resource) -> Asset:
    return Asset(item.name, item.version, dict(item.body), item.created, item.modified)


def common(given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that every kind has, checked for their types. Raises a 400 ServiceError."""
    found: dict[str, Any] = {"description": typed(given, "description", str, None)}
    for key in ("tags", "properties"):
        values: dict[str, Any] = typed(given, key, dict, {})
        # The v2 client sends tags and properties as its user wrote them: numbers and booleans become text.
        found[key] = {name: _text(key, name, value) for name, value in values.items() if value is not None}
    for key in ("isAnonymous", "isArchived"):
        found[key] = typed(given, key, bool, False)
    return found


def _text(key: str, name: str, value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str):
        raise bad_request(f"{key}[{name!r}] must be a string")
    return value


def check_names(kind: Kind, name: str, version: str | None = None) -> None:
    """Raises a 400 ServiceError for what cannot be a name or a version."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            f"{name!r} cannot be the name of a {kind.label}: up to 255 letters, digits, '_', '-' and '.', not '-' or "
            "'.' first",
            "InvalidName",
        )
    if version is not None and not _VERSION.fullmatch(version):
        raise bad_request(
            f"{version!r} cannot be the version of a {kind.label}: up to 255 letters, digits, '_', '-', '+' and '.'",
            "InvalidVersion",
        )


def newest(versions: Sequence[Asset]) -> Asset | None:
    """The version that was created last and is not archived; when all are, the last one of all."""
    active = [item for item in versions if not item.archived]
    return (active or list(versions))[-1] if versions else None


def container_settings(service: Service, workspace: Workspace, kind: Kind, name: str) -> Resource | None:
    """What a client set on the container of a name, or None when it set nothing."""
    return service.records.resources.find(workspace.id, _CONTAINERS, f"{kind.plural}/{name}")


def containers_with_settings(service: Service, workspace: Workspace, kind: Kind) -> dict[str, Resource]:
    """The settings of all containers of a kind, by name."""
    found = service.records.resources.list(workspace.id, _CONTAINERS)
    prefix = f"{kind.plural}/"
    return {item.name.removeprefix(prefix): item for item in found if item.name.startswith(prefix)}


def write_container(service: Service, workspace: Workspace, kind: Kind, name: str, body: Mapping[str, Any]) -> Resource:
    """Records the settings of a container."""
    return service.records.resources.put(workspace.id, _CONTAINERS, f"{kind.plural}/{name}", body)


def delete_container(service: Service, workspace: Workspace, kind: Kind, name: str) -> bool:
    """Forgets the settings of a container. Returns whether there were any."""
    return service.records.resources.delete(workspace.id, _CONTAINERS, f"{kind.plural}/{name}") > 0


def system_data(created: float, modified: float) -> dict[str, Any]:
    """Who made a resource and when, as ARM says it."""
    return {
        "createdAt": iso(created),
        "createdBy": USER_NAME,
        "createdByType": "User",
        "lastModifiedAt": iso(modified),
        "lastModifiedBy": USER_NAME,
        "lastModifiedByType": "User",
    }


def path_changed(kind: Kind, asset: Asset, path: Any) -> ServiceError:
    """400: a version cannot be moved to other files. In the words of Azure."""
    return bad_request(
        f"A {kind.label} with the name {asset.name} and version {asset.version} already exists. To create a new one, "
        f"use a different name or version. The path of an existing one ({path}) cannot be changed: only tags, "
        "description and isArchived can be updated."
    )


def missing(kind: Kind, reference: str) -> ServiceError:
    """404: there is no such asset."""
    return ServiceError(404, "NotFound", f"Could not find {kind.label} {reference}")
