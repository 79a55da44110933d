"""Models, shared with SDK v1 and MLflow: one record per version, in the form of v1 with what only v2 says beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import model_files, paths
from amlbridge.v2.assets.asset import Asset, Kind, path_changed
from amlbridge.wire import model_registry as registry
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request
from amlbridge.wire.registry_scope import is_registry

#: What a model can be.
TYPES = ("custom_model", "mlflow_model", "triton_model")
#: Versions that SDK v1, which knows whole numbers, cannot have; and inline models.
_OTHERS = "v2-models"
_STAGES = ("development", "production", "archived", "none")
_JOB_OF = "azureml://jobs/"


class ModelKind(Kind):
    """Models."""

    plural = "models"
    label = "model"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Type and path; the files must be there."""
        kind = typed(given, "modelType", str, "custom_model")
        if kind.lower() not in TYPES:
            raise bad_request(f"modelType must be one of {', '.join(TYPES)}, not {kind!r}")
        uri = typed(given, "modelUri", str).strip()
        found: dict[str, Any] = {
            "modelType": kind.lower(),
            "modelUri": paths.normal_uri(service, workspace, uri),
            "jobName": _job(given, uri),
        }
        source = paths.local(service, workspace, uri)
        if source is not None and not source.exists():
            raise bad_request(f"there are no files at {uri}, so no model can be made of them", "ModelNotFound")
        if source is not None:
            found["flavors"] = model_files.flavors(source)
        stage = typed(given, "stage", str, None)
        if stage is not None and stage.lower() not in _STAGES:
            raise bad_request(f"the stage of a model is one of {', '.join(_STAGES)}, not {stage!r}")
        return found

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """The path and the type of a version stay."""
        if str(old.properties["modelUri"]).rstrip("/") != str(new["modelUri"]).rstrip("/"):
            raise path_changed(self, old, old.properties["modelUri"])
        if old.properties["modelType"] != new["modelType"]:
            raise bad_request(f"the model {old.name}:{old.version} is a {old.properties['modelType']} and stays so")

    def list(self, service: Service, workspace: Workspace, name: str | None = None) -> list[Asset]:
        """Models of all clients, in the order of their registration."""
        shared = registry.versions(service, workspace, name)
        others = service.records.resources.list(workspace.id, _OTHERS, name)
        found = [_asset(service, workspace, item) for item in (*shared, *others)]
        return sorted(found, key=lambda item: item.created) if others else found

    def find(self, service: Service, workspace: Workspace, name: str, version: str) -> Asset | None:
        """One version."""
        for kind in (registry.KIND, _OTHERS):
            found = service.records.resources.find(workspace.id, kind, name, version)
            if found is not None:
                return _asset(service, workspace, found)
        return None

    def write(
        self, service: Service, workspace: Workspace, name: str, version: str, properties: Mapping[str, Any]
    ) -> Asset:
        """Records a version; one with a whole number is a model of SDK v1, too."""
        number = version.isdecimal() and str(int(version)) == version
        if properties.get("isAnonymous") or not number or is_registry(workspace):
            put = service.records.resources.put(workspace.id, _OTHERS, name, {"v2": dict(properties)}, version)
            return _asset(service, workspace, put)
        old = service.records.resources.find(workspace.id, registry.KIND, name, version)
        body = dict(old.body) if old is not None else _new_body(service, workspace, name, properties)
        body |= {
            "kvTags": properties["tags"],
            "properties": properties["properties"],
            "description": properties.get("description"),
            "v2": {key: value for key, value in properties.items() if key not in ("tags", "properties", "description")},
        }
        return _asset(service, workspace, registry.put(service, workspace, name, version, body))

    def delete(self, service: Service, workspace: Workspace, name: str, version: str) -> bool:
        """Forgets a version; its files stay."""
        if registry.delete(service, workspace, f"{name}:{version}"):
            return True
        return service.records.resources.delete(workspace.id, _OTHERS, name, version) > 0

    def next_number(self, service: Service, workspace: Workspace, name: str, versions: Sequence[Asset]) -> int:
        """The next number, which no version of this name has had."""
        if is_registry(workspace):
            return super().next_number(service, workspace, name, versions)
        return registry.next_number(service, workspace, name)


MODELS = ModelKind()


def _asset(service: Service, workspace: Workspace, item: Resource) -> Asset:
    body = item.body
    own: dict[str, Any] = dict(body.get("v2") or {})
    if "modelUri" not in own:
        own = {
            "modelType": "custom_model",
            "modelUri": model_files.uri_of_v1(service, workspace, body.get("url") or ""),
            "jobName": body.get("runId"),
            "isAnonymous": False,
            "isArchived": False,
            **own,
        }
        # One that v1 or MLflow has registered: v2 says what MLflow says of it.
        own["flavors"] = model_files.flavors_at(service, workspace, own["modelUri"])
    if "kvTags" in body:
        own |= {
            "tags": body["kvTags"] or {},
            "properties": body.get("properties") or {},
            "description": body.get("description"),
        }
    # The client iterates them.
    own["flavors"] = own.get("flavors") or {}
    return Asset(item.name, item.version, own, item.created, item.modified)


def _new_body(service: Service, workspace: Workspace, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The record of SDK v1 for a model of v2."""
    uri = str(properties["modelUri"])
    source = paths.local(service, workspace, uri)
    return {
        "url": model_files.url_for_v1(service, workspace, name, uri, source) if source is not None else uri,
        "mimeType": "application/json",
        "framework": "Custom",
        "frameworkVersion": None,
        "runId": properties.get("jobName"),
        "unpack": False,
        "derivedModelIds": [],
        "datasets": None,
        "resourceRequirements": None,
    }


def _job(given: Mapping[str, Any], uri: str) -> str | None:
    """The job that made a model: said by the client, or by the path."""
    named: str | None = typed(given, "jobName", str, None)
    if named is None and uri.lower().startswith((_JOB_OF, "runs:/")):
        return uri.removeprefix("runs:/").split("/")[0] if uri.startswith("runs:/") else uri.split("/")[3]
    return named
