"""The data service, as far as SDK v1 reads it: the engine's YAML of a dataset, and data assets that v2 registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataset_records
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import not_found
from amlbridge.wire.routing import Reply, Routes

routes = Routes("data versions", "/data/v1.0/WS")

#: The name of the shared part (``service.parts``) that finds a data asset of SDK v2: a function of service, workspace,
#: name and version (None: the latest) that returns {"dataUri", "dataType" (UriFile | UriFolder | MLTable), "version",
#: "created", "modified", "tags", "description"} or None. SDK v1 looks there for a name that no dataset has.
ASSETS = "data_assets"
AssetFinder = Callable[[Service, Workspace, str, str | None], Mapping[str, Any] | None]

_UNREGISTERED = "unregistered-"


@routes.get("/dataversion/{name}/versions/{version}")
def get_data_version(call: Call) -> Reply:
    """The definition of a saved dataset (``unregistered-{id}``), or a data asset that SDK v2 registered."""
    name, version = call.params["name"], call.params["version"]
    if name.startswith(_UNREGISTERED):
        return _saved(call, name.removeprefix(_UNREGISTERED))
    wanted = None if version in ("None", "latest") else version
    registered = dataset_records.find(call.service, call.workspace, name, wanted)
    if registered is not None:
        return _saved(call, registered.saved_id)
    finder: AssetFinder | None = call.service.parts.get(ASSETS)
    asset = finder(call.service, call.workspace, name, wanted) if finder is not None else None
    if asset is None:
        raise not_found(f"there is no data asset {name} (version: {version})", "UserError")
    return _asset(call, name, asset)


def _saved(call: Call, saved_id: str) -> dict[str, Any]:
    made = dataset_records.saved(call.service, call.workspace, saved_id)
    record = call.records.resources.get(call.workspace.id, dataset_records.SAVED, saved_id.lower())
    registered = dataset_records.of_saved(call.service, call.workspace, saved_id)
    name = f"{_UNREGISTERED}{saved_id}"
    answer = _frame(call, name, "1", "MLTable", "", record.created, record.modified)
    return answer | {
        "legacyDatasetId": registered.named.body["datasetId"] if registered else saved_id,
        "legacyDatasetType": made.dataset_type,
        "legacyDataflowType": None,
        "legacyDataflow": made.yaml,
        "legacySavedDatasetId": saved_id,
        "isV2": False,
    }


def _asset(call: Call, name: str, asset: Mapping[str, Any]) -> dict[str, Any]:
    version, uri, kind = str(asset["version"]), str(asset["dataUri"]), str(asset["dataType"])
    answer = _frame(call, name, version, kind, uri, asset.get("created"), asset.get("modified"))
    answer["dataVersion"] |= {
        "isV2": True,
        "mutableProps": {"isArchived": False, "tags": asset.get("tags"), "description": asset.get("description")},
    }
    return answer | {"legacyDataflow": None, "legacySavedDatasetId": None, "isV2": True}


def _frame(
    call: Call, name: str, version: str, kind: str, uri: str, created: float | None, modified: float | None
) -> dict[str, Any]:
    return {
        "dataVersion": {
            "assetId": f"azureml://locations/local/workspaces/{call.workspace.id}/data/{name}/versions/{version}",
            "dataContainerName": name,
            "dataType": kind,
            "dataUri": uri,
            "versionId": version,
            "mutableProps": {"isArchived": False},
            "referencedDataUris": None,
            "properties": None,
            "isV2": False,
        },
        "entityMetadata": {"etag": version, "createdTime": iso(created), "modifiedTime": iso(modified)},
    }
