"""Data assets: a file, a folder or a table under a name, and the datasets that SDK v1 registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import paths
from amlbridge.v2.assets.asset import Asset, Kind, path_changed
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request

#: What a data asset can be.
TYPES = ("uri_file", "uri_folder", "mltable")
#: The name of the shared part that lists the datasets that SDK v1 registered: a function of service, workspace and name
#: (None: all) that returns a list of {"name", "version", "dataType", "dataUri", "tags", "description", "isArchived",
#: "created", "modified"}, oldest first.
V1_DATASETS = "v1_datasets"
DatasetLister = Callable[[Service, Workspace, str | None], Sequence[Mapping[str, Any]]]
#: The name of the shared part by which SDK v1 finds ours, and its words for the types.
V1_VIEW = "data_assets"
_V1_TYPES = {"uri_file": "UriFile", "uri_folder": "UriFolder", "mltable": "MLTable"}


class DataKind(Kind):
    """Data assets."""

    plural = "data"
    label = "data asset"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Type, path and the paths that an mltable refers to."""
        kind = typed(given, "dataType", str)
        if kind.lower() not in TYPES:
            raise bad_request(f"dataType must be one of {', '.join(TYPES)}, not {kind!r}")
        uri = typed(given, "dataUri", str).strip()
        if not uri:
            raise bad_request("dataUri must not be empty")
        found: dict[str, Any] = {
            "dataType": kind.lower(),
            "dataUri": paths.normal_uri(service, workspace, uri),
        }
        referenced: list[Any] | None = typed(given, "referencedUris", list, None)
        if referenced is not None:
            if not all(isinstance(item, str) for item in referenced):
                raise bad_request("referencedUris must be strings")
            found["referencedUris"] = referenced
        return found

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """The path and the type of a version stay."""
        same_uri = str(old.properties["dataUri"]).rstrip("/") == str(new["dataUri"]).rstrip("/")
        if not same_uri or old.properties["dataType"] != new["dataType"]:
            raise path_changed(self, old, old.properties["dataUri"])

    def first(self, service: Service, workspace: Workspace, name: str, new: Mapping[str, Any]) -> None:
        """All versions of a name have one type."""
        earlier = self.list(service, workspace, name)
        if earlier and earlier[-1].properties["dataType"] != new["dataType"]:
            raise bad_request(
                f"{name} is of the type {earlier[-1].properties['dataType']}: a new version cannot be "
                f"{new['dataType']}, choose another name"
            )

    def list(self, service: Service, workspace: Workspace, name: str | None = None) -> list[Asset]:
        """Ours and the datasets of SDK v1, where no asset of ours has that name and version."""
        own = super().list(service, workspace, name)
        taken = {(item.name, item.version) for item in own}
        v1 = [item for item in _of_v1(service, workspace, name) if (item.name, item.version) not in taken]
        return sorted([*own, *v1], key=lambda item: item.created) if v1 else own

    def find(self, service: Service, workspace: Workspace, name: str, version: str) -> Asset | None:
        """One version, of ours or of SDK v1."""
        found = super().find(service, workspace, name, version)
        if found is None:
            found = next((item for item in _of_v1(service, workspace, name) if item.version == version), None)
        return found

    def in_container(self, versions: Sequence[Asset]) -> dict[str, Any]:
        """The type."""
        return {"dataType": versions[-1].properties["dataType"]} if versions else {}


DATA = DataKind()


def _of_v1(service: Service, workspace: Workspace, name: str | None) -> list[Asset]:
    lister: DatasetLister | None = service.parts.get(V1_DATASETS)
    return [_dataset(item) for item in lister(service, workspace, name)] if lister is not None else []


def _dataset(item: Mapping[str, Any]) -> Asset:
    properties = {
        "dataType": item["dataType"],
        "dataUri": item["dataUri"],
        "description": item["description"],
        "tags": dict(item["tags"] or {}),
        "properties": {},
        "isAnonymous": False,
        "isArchived": item["isArchived"],
    }
    return Asset(item["name"], item["version"], properties, item["created"], item["modified"])


def v1_view(service: Service, workspace: Workspace, name: str, version: str | None) -> dict[str, Any] | None:
    """A data asset as ``Dataset.get_by_name`` of SDK v1 finds it; None when there is none of ours."""
    own = [item for item in Kind.list(DATA, service, workspace, name) if version in (None, item.version)]
    if not own:
        return None
    found = own[-1]
    return {
        "dataUri": found.properties["dataUri"],
        "dataType": _V1_TYPES[found.properties["dataType"]],
        "version": found.version,
        "created": found.created,
        "modified": found.modified,
        "tags": found.properties.get("tags"),
        "description": found.properties.get("description"),
    }
