"""Registries: shelves of assets that every workspace of this machine can use.

A registry is there when it is named. ``azureml``, Microsoft's own, has every environment that is asked for: each stands
for the interpreter behind the client, since images cannot be had offline.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import places, routes, versions
from amlbridge.v2.assets.asset import missing, system_data
from amlbridge.v2.assets.codes import start_upload
from amlbridge.v2.assets.model_files import place_files
from amlbridge.v2.assets.paths import blob, local
from amlbridge.v2.assets.references import parse
from amlbridge.wire import blob_sas
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.registry_scope import GROUP, SUBSCRIPTION, is_registry
from amlbridge.wire.routing import Reply, Routes

_discovery = Routes("v2 registries")
_ARM = routes.REGISTRY_BASES[1]
_BASE = routes.REGISTRY_BASES[0]
_TEMPORARY = "TemporaryBlobReference"


@_discovery.get("/registrymanagement/v1.0/registries/{registry}/discovery")
def discover(call: Call) -> Reply:
    """Where a registry is: here."""
    place = places.registry(call.service, call.params["registry"])
    return {
        "registryName": place.name,
        "primaryRegionResourceProviderUri": f"{call.service.https_url}/",
        "primaryRegion": "local",
        "resourceGroup": GROUP,
        "subscriptionId": SUBSCRIPTION,
        "registryFqdns": {"local": {"uri": call.service.https_url, "registryFqdn": call.service.https_url}},
    }


@_discovery.get(_ARM)
@_discovery.get(_BASE)
def get_registry(call: Call) -> Reply:
    """One registry; any name is one."""
    return _dto(places.registry(call.service, call.params["registry"]))


@_discovery.put(_ARM)
def create_registry(call: Call) -> Reply:
    """Creates a registry; it exists by being named, and its regions and replication have no effect here."""
    call.field("location", str)
    return JSONResponse(_dto(places.registry(call.service, call.params["registry"])), 201)


_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/registries"


@_discovery.get(_GROUP)
@_discovery.get("/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/registries")
def list_registries(call: Call) -> Reply:
    """The registries that were named so far."""
    found = [item for item in call.records.workspaces.list() if is_registry(item)]
    return {"value": [_dto(item) for item in found]}


@_discovery.put(f"{_BASE}/tempdatarefs/{{name}}/versions/{{version}}")
def start_registry_upload(call: Call) -> Reply:
    """A place for the files of a new asset, and a signature; 409 when the asset exists, and has its files."""
    place = places.registry(call.service, call.params["registry"])
    reference = parse(call.field("assetId", str))
    kind = next((item for item in routes.KINDS if item.plural.lower() == reference.kind), None)
    if kind is None:
        raise bad_request(f"{reference.text!r} is no asset of a registry")
    if kind.find(call.service, place, call.params["name"], call.params["version"]) is not None:
        raise conflict(f"the {kind.label} {call.params['name']}:{call.params['version']} exists in {place.name}")
    started = start_upload(call.service, place)
    return {
        "blobReferenceForConsumption": started["blobReferenceForConsumption"],
        "temporaryDataReferenceId": started["pendingUploadId"],
        "temporaryDataReferenceType": _TEMPORARY,
    }


@_discovery.post(f"{_BASE}/datarefs/{{name}}/versions/{{version}}")
def read_registry_files(call: Call) -> Reply:
    """A signature to read the files of an asset with."""
    uri = call.field("blobUri", str)
    found = blob(call.service, uri)
    place = places.registry(call.service, call.params["registry"])
    if found is None or found[0] != place.storage_account:
        raise not_found(f"{uri} is no file of the registry {place.name}")
    account, container, name = found
    url = blob_sas.container_url(call.service, account, container)
    sas = blob_sas.container_sas(call.service, account, container)
    return {
        "blobReferenceForConsumption": {
            "blobUri": blob_sas.plain_url(account, container, name),
            "storageAccountArmId": None,
            "credential": {"credentialType": "SAS", "sasUri": f"{url}?{sas}"},
        }
    }


@_discovery.post(f"{_BASE}/import")
def import_asset(call: Call) -> Reply:
    """Shares a workspace's asset with the registry: its record and its files get a second place there."""
    place = places.registry(call.service, call.params["registry"])
    given: dict[str, Any] = call.field("properties", dict, call.object)
    reference = parse(typed(given, "sourceAssetId", str))
    kind = next((item for item in routes.KINDS if item.plural.lower().rstrip("s") == reference.kind.rstrip("s")), None)
    if kind is None or reference.version is None:
        raise bad_request(f"{reference.text!r} is no asset that can be shared")
    home = places.of(call.service, place, kind, reference)
    source = kind.find(call.service, home, reference.name, reference.version)
    if source is None:
        raise missing(kind, reference.text)
    name = typed(given, "destinationName", str, reference.name)
    version = typed(given, "destinationVersion", str, reference.version)
    if kind.find(call.service, place, name, version) is not None:
        raise conflict(f"the {kind.label} {name}:{version} exists in {place.name}")
    properties = _with_files(call.service, home, place, source.properties)
    versions.put(call.service, place, kind, name, version, {"properties": properties})
    # With a body the client would go on and try to upload files; without one it asks for what it has now.
    return None


def _with_files(service: Service, home: Workspace, place: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an asset whose files lie in the registry, too; files elsewhere stay there."""
    found = dict(given)
    for key in ("dataUri", "modelUri"):
        source = local(service, home, str(given[key])) if key in given else None
        if source is None or not source.exists():
            continue
        account, container = place.storage_account, f"import-{uuid.uuid4().hex}"
        service.blobs.create_container(account, container)
        place_files(source, service.blobs.path(account, container, source.name))
        found[key] = blob_sas.plain_url(account, container, source.name) + ("/" if source.is_dir() else "")
    return found


_DELETE = "A registry goes with its state folder: delete single assets, or use `amlbridge reset`."


@_discovery.operation("DELETE", _ARM, refused=_DELETE)
def delete_registry(call: Call) -> Reply:
    """Deletes a registry with everything in it."""
    raise AssertionError(call.path)


def _dto(place: Workspace) -> dict[str, Any]:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    return {
        "id": f"{group}/providers/Microsoft.MachineLearningServices/registries/{place.name}",
        "name": place.name,
        "type": "Microsoft.MachineLearningServices/registries",
        "location": "local",
        "tags": {},
        "sku": {"name": "Basic", "tier": "Basic"},
        "systemData": system_data(place.created, place.created),
        "properties": {
            "description": None,
            "discoveryUrl": None,
            "publicNetworkAccess": "Enabled",
            "intellectualPropertyPublisher": None,
            "managedResourceGroup": {"resourceId": group},
            "mlFlowRegistryUri": None,
            "regionDetails": [{"location": "local", "acrDetails": [], "storageAccountDetails": []}],
        },
    }


#: What this module serves: before the assets of registries.
services: list[Routes] = [_discovery]
