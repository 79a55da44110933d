"""Versions and containers of assets: written, found, described, for every kind in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import places
from amlbridge.v2.assets.asset import (
    LATEST,
    Asset,
    Kind,
    check_names,
    common,
    container_settings,
    containers_with_settings,
    delete_container,
    missing,
    newest,
    system_data,
    write_container,
)
from amlbridge.v2.assets.references import Reference, parse
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.registry_scope import is_registry

#: The version by which the client asks for the default version of a component.
DEFAULT_VERSION = "azureml_default"
_TYPE = "Microsoft.MachineLearningServices"


def resolve(service: Service, workspace: Workspace, kind: Kind, reference: str) -> tuple[Workspace, Asset]:
    """The place and the version that a reference names; without version and label, the latest. Raises a 404 or 400
    ServiceError."""
    parsed = parse(reference)
    if parsed.kind and parsed.kind != kind.plural.lower():
        raise bad_request(f"{reference!r} names one of the {parsed.kind}, not a {kind.label}", "InvalidReference")
    place = places.of(service, workspace, kind, parsed)
    return place, _find(service, place, kind, parsed)


def resolve_dto(service: Service, workspace: Workspace, kind: Kind, reference: str) -> dict[str, Any]:
    """Like :func:`resolve`, as GET answers it."""
    place, asset = resolve(service, workspace, kind, reference)
    return dto(place, kind, asset)


def _find(service: Service, place: Workspace, kind: Kind, reference: Reference) -> Asset:
    label = (reference.label or LATEST).lower()
    if reference.version is not None:
        found = version(service, place, kind, reference.name, reference.version)
    elif label in (LATEST, "default"):
        found = latest(service, place, kind, reference.name)
    else:
        labelled = kind.extra_labels(service, place, reference.name)
        found = next((item for key, item in labelled.items() if key.lower() == label), None)
    if found is None:
        raise missing(kind, reference.text)
    return found


def latest(service: Service, place: Workspace, kind: Kind, name: str) -> Asset | None:
    """The latest version of a name: the one created last that is not archived."""
    return newest(kind.list(service, place, name)) or kind.find(service, place, name, LATEST)


def version(service: Service, place: Workspace, kind: Kind, name: str, wanted: str) -> Asset | None:
    """One version, or None. ``azureml_default`` is the latest."""
    if wanted.lower() == DEFAULT_VERSION:
        return latest(service, place, kind, name)
    return kind.find(service, place, name, wanted)


def put(
    service: Service, place: Workspace, kind: Kind, name: str, wanted: str, body: Mapping[str, Any]
) -> tuple[Asset, bool]:
    """Creates a version or changes what can change of one. Returns it and whether it is new.

    Absent and null fields of an existing version stay; its properties can be added to. Raises a 400 or 409
    ServiceError.
    """
    check_names(kind, name, wanted)
    given: dict[str, Any] = typed(body, "properties", dict)
    sent = {key: value for key, value in given.items() if not key.startswith("_")}
    new = {**sent, **common(given), **kind.check(service, place, name, given)}
    with service.records.database.write():
        old = kind.find(service, place, name, wanted)
        if old is None:
            kind.first(service, place, name, new)
            return kind.write(service, place, name, wanted, new), True
        kind.unchanged(old, new)
        merged = {**old.properties, **{key: value for key, value in new.items() if value is not None}}
        for key in ("tags", "isAnonymous", "isArchived"):
            if given.get(key) is None:
                merged[key] = old.properties.get(key)
        merged["properties"] = {**(old.properties.get("properties") or {}), **new["properties"]}
        return kind.write(service, place, name, wanted, merged), False


def dto(place: Workspace, kind: Kind, asset: Asset) -> dict[str, Any]:
    """A version as the clients read it."""
    holder = "registries" if is_registry(place) else "workspaces"
    return {
        "id": places.address(place, kind, asset.name, asset.version),
        "name": asset.version,
        "type": f"{_TYPE}/{holder}/{kind.plural}/versions",
        "systemData": system_data(asset.created, asset.modified),
        "properties": {
            "description": None,
            "tags": {},
            "properties": {},
            "isAnonymous": False,
            "isArchived": False,
            "provisioningState": "Succeeded",
            # What begins with "_" is ours alone.
            **{key: value for key, value in asset.properties.items() if not key.startswith("_")},
        },
    }


def names(service: Service, place: Workspace, kind: Kind) -> dict[str, list[Asset]]:
    """The versions of every name that is not anonymous, the name used last in front."""
    found: dict[str, list[Asset]] = {}
    for item in kind.list(service, place):
        if not item.anonymous:
            found.setdefault(item.name, []).append(item)
    for name in containers_with_settings(service, place, kind):
        found.setdefault(name, [])
    return dict(sorted(found.items(), key=lambda pair: max((x.modified for x in pair[1]), default=0.0), reverse=True))


def container(service: Service, place: Workspace, kind: Kind, name: str) -> dict[str, Any] | None:
    """A container as the clients read it, or None when there is neither a version nor a setting."""
    versions = kind.list(service, place, name)
    settings = container_settings(service, place, kind, name)
    if not versions and settings is None:
        curated = kind.find(service, place, name, LATEST)
        if curated is None:
            return None
        versions = [curated]
    return container_dto(service, place, kind, name, versions)


def container_dto(service: Service, place: Workspace, kind: Kind, name: str, versions: list[Asset]) -> dict[str, Any]:
    """A container of these versions. Its description and tags are its own, or else those of the first version."""
    settings = container_settings(service, place, kind, name)
    own = settings.body if settings is not None else {}
    last, first = newest(versions), versions[0] if versions else None
    times = [item.created for item in versions] + ([settings.created] if settings else [])
    changes = [item.modified for item in versions] + ([settings.modified] if settings else [])
    return {
        "id": places.address(place, kind, name),
        "name": name,
        "type": f"{_TYPE}/{'registries' if is_registry(place) else 'workspaces'}/{kind.plural}",
        "systemData": system_data(min(times), max(changes)),
        "properties": {
            "description": own.get("description", first.properties.get("description") if first else None),
            "tags": own.get("tags", {}),
            "properties": own.get("properties", {}),
            "isArchived": own.get("isArchived", False),
            "latestVersion": last.version if last is not None else None,
            "nextVersion": str(kind.next_number(service, place, name, versions)),
            "provisioningState": "Succeeded",
            **{key: value for key, value in own.items() if key not in _OWN},
            **kind.in_container(versions),
        },
    }


_OWN = ("description", "tags", "properties", "isArchived")
_READ_ONLY = ("latestVersion", "nextVersion", "provisioningState")


def put_container(service: Service, place: Workspace, kind: Kind, name: str, body: Mapping[str, Any]) -> bool:
    """Creates a container or changes it: absent and null fields stay. Returns whether it is new."""
    check_names(kind, name)
    given: dict[str, Any] = typed(body, "properties", dict, {})
    checked = common(given)
    checked.pop("isAnonymous")
    sent = {key: checked[key] for key in _OWN if given.get(key) is not None}
    more = {key: value for key, value in given.items() if key not in (*_OWN, *_READ_ONLY) and value is not None}
    with service.records.database.write():
        known = container(service, place, kind, name)
        settings = container_settings(service, place, kind, name)
        write_container(service, place, kind, name, {**(settings.body if settings else {}), **more, **sent})
    return known is None


def erase_container(service: Service, place: Workspace, kind: Kind, name: str) -> bool:
    """Forgets a name with all of its versions. Returns whether it was there."""
    with service.records.database.write():
        gone = [kind.delete(service, place, name, item.version) for item in kind.list(service, place, name)]
        return delete_container(service, place, kind, name) or any(gone)
