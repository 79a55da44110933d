"""Environments, shared with SDK v1: one record per version, in the form of v1 with what only v2 says beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import environment_forms as forms
from amlbridge.v2.assets import paths
from amlbridge.v2.assets.asset import LATEST, Asset, Kind
from amlbridge.wire import blob_sas, curated_environments
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, conflict
from amlbridge.wire.registry_scope import is_microsofts, is_registry

#: The records of SDK v1: ``{"definition": …, "labels": [...]}``; ours have "v2" besides.
_RECORDS = "environment"
#: Inline environments, which SDK v1 does not list.
_ANONYMOUS = "environment-anonymous"


class EnvironmentKind(Kind):
    """Environments."""

    plural = "environments"
    label = "environment"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Image, conda file or build context."""
        if curated_environments.is_curated(name):
            raise bad_request(f"{name!r}: names that start with AzureML- or AutoML- are curated; choose another name")
        found = forms.check(given)
        if found["build"] is not None:
            found["build"]["contextUri"] = paths.normal_uri(service, workspace, found["build"]["contextUri"])
        return found

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """The definition of a version stays: 409, upon which the client takes the next version."""
        if not forms.same(old.properties, new):
            raise conflict(
                f"The environment {old.name} version {old.version} is registered with another definition: leave the "
                "version out to register the next one"
            )

    def list(self, service: Service, workspace: Workspace, name: str | None = None) -> list[Asset]:
        """Registered, inline and curated environments."""
        found = [
            _asset(service, workspace, item)
            for kind in (_RECORDS, _ANONYMOUS)
            for item in service.records.resources.list(workspace.id, kind, name)
        ]
        if name is not None:
            curated = _curated(workspace, name, LATEST) if not found else None
            return [curated] if curated is not None else found
        if is_registry(workspace):
            return found
        shown = [_curated(workspace, item, LATEST) for item in curated_environments.NAMES]
        return [*(item for item in shown if item is not None), *found]

    def find(self, service: Service, workspace: Workspace, name: str, version: str) -> Asset | None:
        """One version."""
        for kind in (_RECORDS, _ANONYMOUS):
            found = service.records.resources.find(workspace.id, kind, name, version)
            if found is not None:
                return _asset(service, workspace, found)
        return _curated(workspace, name, version)

    def write(
        self, service: Service, workspace: Workspace, name: str, version: str, properties: Mapping[str, Any]
    ) -> Asset:
        """Records a version. What SDK v1 said of it (variables, Spark settings, labels) stays."""
        kind = _ANONYMOUS if properties.get("isAnonymous") else _RECORDS
        resources = service.records.resources
        old = resources.find(workspace.id, kind, name, version)
        body = old.body if old is not None else {"definition": forms.to_v1(properties), "labels": []}
        put = resources.put(workspace.id, kind, name, {**body, "v2": dict(properties)}, version)
        return _asset(service, workspace, put)

    def delete(self, service: Service, workspace: Workspace, name: str, version: str) -> bool:
        """Forgets a version."""
        resources = service.records.resources
        return sum(resources.delete(workspace.id, kind, name, version) for kind in (_RECORDS, _ANONYMOUS)) > 0

    def extra_labels(self, service: Service, workspace: Workspace, name: str) -> dict[str, Asset]:
        """The labels that SDK v1 set."""
        return {
            label: _asset(service, workspace, item)
            for item in service.records.resources.list(workspace.id, _RECORDS, name)
            for label in item.body["labels"]
        }


ENVIRONMENTS = EnvironmentKind()


def _asset(service: Service, workspace: Workspace, item: Resource) -> Asset:
    own = item.body.get("v2")
    if own is None:
        own = forms.to_v2(item.body["definition"], _docker_context(service, workspace, item))
    return Asset(item.name, item.version, dict(own), item.created, item.modified)


def _docker_context(service: Service, workspace: Workspace, item: Resource) -> str | None:
    """The folder of a Dockerfile that SDK v1 keeps as a text; it is written there when it is first asked for."""
    text = (item.body["definition"].get("docker") or {}).get("baseDockerfile")
    if not text:
        return None
    account, folder = workspace.storage_account, f"environments/{item.name}/{item.version}"
    if not service.blobs.path(account, "azureml", f"{folder}/Dockerfile").is_file():
        service.blobs.put(account, "azureml", f"{folder}/Dockerfile", text.encode())
    return blob_sas.plain_url(account, "azureml", f"{folder}/")


def _curated(workspace: Workspace, name: str, version: str) -> Asset | None:
    """A curated environment: any name of that form, and any name in Microsoft's registry."""
    microsoft = is_microsofts(workspace)
    if not microsoft and not curated_environments.is_curated(name):
        return None
    full = name if curated_environments.is_curated(name) else f"AzureML-{name}"
    definition = curated_environments.definition(full, version)
    properties = forms.to_v2(definition) | {"environmentType": "Curated"}
    return Asset(name, definition["version"], properties, workspace.created, workspace.created)
