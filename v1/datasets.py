"""The dataset service: what ``Dataset``, ``TabularDataset`` and ``FileDataset`` of azureml-core ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.v1 import dataflow, dataset_records
from amlbridge.v1.dataset_records import Definition, Registered
from amlbridge.wire import storage
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("datasets", "/dataset/v1.0/WS")

_LARGEST_PAGE = 1000
#: What a definition may say besides its dataflow; kept and given back.
_MORE = ("dataPath", "partitionFormatInPath", "notes", "fileType")


@routes.post("/saveddatasets")
def save_dataset(call: Call) -> Reply:
    """Keeps the definition of a dataset that has no name; equal definitions get equal ids."""
    _flag(call, "withdatahash", False)
    made = dataset_records.definition(
        call.field("datasetType", str, None) or None,
        call.field("dataflowJson", str),
        call.field("properties", dict, {}),
    )
    saved_id = dataset_records.save(call.service, call.workspace, made)
    return _saved_dto(saved_id, made)


@routes.post("/saveddatasets/from-data-path", others=REST)
def save_dataset_of_path(call: Call) -> Reply:
    """Keeps a file dataset of one path of a datastore."""
    store = storage.datastore(call.service, call.workspace, call.field("datastoreName", str))
    path = storage.normal(call.field("relativePath", str, ""))
    location = dataflow.uri(call.workspace, store.name, path)
    is_file = storage.resolve(call.service, call.workspace, store, path).is_file()
    made = dataset_records.of_yaml("file", dataflow.compose([], [], location, is_file=is_file))
    return _saved_dto(dataset_records.save(call.service, call.workspace, made), made)


@routes.get("/saveddatasets/{id}")
def get_saved_dataset(call: Call) -> Reply:
    """One definition; with ``resolveLegacyId`` the id may also be that of a registered dataset."""
    _flag(call, "checkdatahash", False)
    saved_id = call.params["id"].lower()
    try:
        made = dataset_records.saved(call.service, call.workspace, saved_id)
    except ServiceError:
        if not _flag(call, "resolvelegacyid", False):
            raise
        saved_id = dataset_records.by_id(call.service, call.workspace, saved_id).saved_id
        made = dataset_records.saved(call.service, call.workspace, saved_id)
    return _saved_dto(saved_id, made)


def _saved_dto(saved_id: str, made: Definition) -> dict[str, Any]:
    return {
        "id": saved_id,
        "datasetType": made.dataset_type,
        "dataflowJson": made.dataflow_json,
        "properties": dict(made.properties),
        "dataChanged": None,
    }


@routes.post("/datasets")
def register_dataset(call: Call) -> Reply:
    """Registers a definition under a name, as its first or (``updateDefinitionIfExists``) next version."""
    _flag(call, "withdatahash", False)
    if _flag(call, "registeraspending", False):
        raise ServiceError(501, "NotSupported", "pending datasets are not supported: register the complete definition")
    latest = call.field("latest", dict)
    made = _definition(call, call.field("datasetType", str, None) or None, latest)
    registered = dataset_records.register(
        call.service,
        call.workspace,
        call.field("name", str),
        made,
        description=call.field("description", str, None),
        tags=_tags(call),
        visible=call.field("isVisible", bool, True),
        exist_ok=_flag(call, "ifexistsok", False),
        new_version=_flag(call, "updatedefinitionifexists", False),
        saved_id=typed(latest, "savedDatasetId", str, None),
    )
    return dataset_dto(call, registered)


def _definition(call: Call, dataset_type: str | None, latest: Mapping[str, Any]) -> Definition:
    flow = typed(latest, "dataflow", str, "")
    if not flow:
        path = typed(latest, "dataPath", dict, None)
        if path is None:
            raise bad_request("the definition of a dataset needs its `dataflow` or a `dataPath`")
        store = storage.datastore(call.service, call.workspace, typed(path, "datastoreName", str))
        location = dataflow.uri(call.workspace, store.name, storage.normal(typed(path, "relativePath", str, "")))
        flow = dataflow.to_json(dataflow.compose([], [], location))
    more = {key: latest[key] for key in _MORE if latest.get(key) is not None}
    return dataset_records.definition(dataset_type, flow, typed(latest, "properties", dict, {}), more)


def _tags(call: Call) -> dict[str, str] | None:
    tags: dict[str, str] | None = call.field("tags", dict, None)
    if tags is not None and not all(isinstance(value, str) for value in tags.values()):
        raise bad_request("the tags of a dataset must be strings")
    return tags


@routes.get("/datasets")
def list_datasets(call: Call) -> Reply:
    """The registered datasets in pages, filtered by names, text, state and visibility."""
    found = [
        dataset_records.get(call.service, call.workspace, named.name)
        for named in call.records.resources.list(call.workspace.id, dataset_records.NAMED)
    ]
    names = {name for name in call.query.get("datasetnames", "").split(",") if name}
    text, status = call.query.get("searchtext", "").lower(), call.query.get("status", "").lower()
    invisible = _flag(call, "includeinvisible", False)
    chosen = [
        item
        for item in found
        if (not names or item.named.name in names)
        and (not text or text in f"{item.named.name} {item.version.body['description'] or ''}".lower())
        and (not status or item.named.body["state"]["state"] == status)
        and (invisible or item.named.body["isVisible"])
    ]
    with_definition = _flag(call, "includelatestdefinition", True)
    return _paged(call, chosen, lambda item: dataset_dto(call, item, with_definition))


def _paged(call: Call, items: list[Registered], dto: Any) -> dict[str, Any]:
    token, size = call.query.get("continuationtoken") or "0", call.query.get("pagesize") or "100"
    if not token.isdecimal():
        raise bad_request(f"continuationToken {token!r} was not issued by this service")
    if not size.isdecimal() or not 0 < int(size) <= _LARGEST_PAGE:
        raise bad_request(f"pageSize must be a number from 1 to {_LARGEST_PAGE}, not {size!r}")
    end = int(token) + int(size)
    page = items[int(token) : end]
    return {"value": [dto(item) for item in page], "continuationToken": str(end) if end < len(items) else None}


def _flag(call: Call, name: str, default: bool) -> bool:
    value = call.query.get(name, "").lower()
    if value not in ("", "true", "false"):
        raise bad_request(f"{name} must be true or false, not {value!r}")
    return value == "true" if value else default


@routes.delete("/datasets", others=REST)
def unregister_all_datasets(call: Call) -> Reply:
    """Forgets every registered dataset. Data and definitions stay."""
    with call.records.database.write():
        for named in call.records.resources.list(call.workspace.id, dataset_records.NAMED):
            dataset_records.unregister(call.service, call.workspace, named.name)
    return None


@routes.get("/datasets/query/name={name*}")
def get_dataset_by_name(call: Call) -> Reply:
    """A version (the latest without ``versionId``) of a registered dataset."""
    version = call.query.get("versionid") or None
    found = dataset_records.get(call.service, call.workspace, call.params["name"], version)
    return dataset_dto(call, found, _flag(call, "includelatestdefinition", True))


@routes.get("/datasets/query/savedDatasetId={id}")
def query_datasets_by_saved_id(call: Call) -> Reply:
    """The registration whose definition has this id: one or none."""
    found = dataset_records.of_saved(call.service, call.workspace, call.params["id"])
    return _paged(call, [found] if found is not None else [], lambda item: dataset_dto(call, item))


@routes.put("/datasets/{id}")
def update_dataset(call: Call) -> Reply:
    """Replaces description, tags and visibility. The definition in the body only says which version is meant."""
    _flag(call, "forceupdate", False)
    latest = call.field("latest", dict, {})
    found = dataset_records.by_id(
        call.service, call.workspace, call.params["id"], typed(latest, "versionId", str, None)
    )
    if call.field("name", str, found.named.name) != found.named.name:
        raise bad_request(f"the dataset {found.named.name} cannot be renamed: register it under the other name")
    changed = dataset_records.update(
        call.service,
        call.workspace,
        found,
        description=call.field("description", str, None),
        tags=_tags(call),
        visible=call.field("isVisible", bool, None),
    )
    return dataset_dto(call, changed)


@routes.delete("/datasets/{name}")
def unregister_dataset(call: Call) -> Reply:
    """Forgets a name and all its versions. Data and definitions stay."""
    dataset_records.unregister(call.service, call.workspace, call.params["name"])
    return None


@routes.put("/datasets/{id}/state", others=REST)
def set_dataset_state(call: Call) -> Reply:
    """Archives, deprecates or reactivates a dataset."""
    found = dataset_records.by_id(call.service, call.workspace, call.params["id"])
    dataset_records.set_state(call.service, call.workspace, found, call.object)
    return None


@routes.get("/datasets/{id}/definitions", others=REST)
def list_definitions(call: Call) -> Reply:
    """All versions of a dataset, oldest first, in pages."""
    latest = dataset_records.by_id(call.service, call.workspace, call.params["id"])
    versions = call.records.resources.list(call.workspace.id, dataset_records.VERSION, latest.named.name)
    return _paged(call, [Registered(latest.named, version) for version in versions], lambda item: _latest(call, item))


@routes.post("/datasets/{id}/definitions", others=REST)
def add_definition(call: Call) -> Reply:
    """Adds a version to a dataset; none when the definition is the latest version's."""
    found = dataset_records.by_id(call.service, call.workspace, call.params["id"])
    previous = dataset_records.saved(call.service, call.workspace, found.saved_id)
    made = _definition(call, previous.dataset_type, call.object)
    return dataset_dto(call, dataset_records.register(call.service, call.workspace, found.named.name, made))


@routes.get("/datasets/{id}/definitions/{version}", others=REST)
def get_definition(call: Call) -> Reply:
    """One version of a dataset."""
    found = dataset_records.by_id(call.service, call.workspace, call.params["id"], call.params["version"])
    return _latest(call, found)


def dataset_dto(call: Call, registered: Registered, with_definition: bool = True) -> dict[str, Any]:
    """A version of a registered dataset, as the client reads it."""
    named, version = registered.named, registered.version
    made = dataset_records.saved(call.service, call.workspace, registered.saved_id)
    return {
        "datasetId": named.body["datasetId"],
        "datasetState": {**named.body["state"], "etag": None},
        "name": named.name,
        "description": version.body["description"],
        "tags": version.body["tags"],
        "isVisible": named.body["isVisible"],
        "createdTime": iso(named.created),
        "modifiedTime": iso(max(named.modified, version.modified)),
        "etag": f'"{version.modified}"',
        "datasetType": made.dataset_type,
        "defaultCompute": None,
        "latest": _latest(call, registered) if with_definition else None,
    }


def _latest(call: Call, registered: Registered) -> dict[str, Any]:
    version = registered.version
    made = dataset_records.saved(call.service, call.workspace, registered.saved_id)
    return {
        "datasetId": registered.named.body["datasetId"],
        "versionId": version.version,
        "datasetDefinitionState": {**version.body["state"], "etag": None},
        "dataflow": made.dataflow_json,
        "properties": dict(made.properties),
        "savedDatasetId": registered.saved_id,
        "createdTime": iso(version.created),
        "modifiedTime": iso(version.modified),
        "etag": f'"{version.modified}"',
        **{key: version.body["more"].get(key) for key in _MORE},
    }


_PROFILES = (
    "dataset profiles are computed by a job of the Azure service: use dataset.to_pandas_dataframe().describe() instead"
)
_PREVIEWS = "dataset previews are computed by the Azure service: use dataset.take(n).to_pandas_dataframe() instead"


def _refuse(method: str, path: str, name: str, summary: str, reason: str) -> None:
    def handler(call: Call) -> Reply:
        raise AssertionError(f"{call.path} is refused before it is called")

    handler.__name__, handler.__doc__ = name, summary
    routes.operation(method, path, refused=reason)(handler)


_refuse("POST", "/saveddatasets/{id}/profilewithpreview", "submit_profile_run", "A profile of a dataset.", _PROFILES)
_refuse("POST", "/datasets/{id}/actions/result", "get_action_result", "The result of a profile.", _PROFILES)
_refuse("POST", "/datasets/{id}/actions/listactionsfromrequest", "list_actions", "The profile runs.", _PROFILES)
_refuse("GET", "/datasets/{id}/actions/{action}", "get_action", "One profile run.", _PROFILES)
_refuse("POST", "/datasets/quickprofile/dataflow", "quick_profile", "A quick profile of a dataflow.", _PROFILES)
_refuse("GET", "/datasets/{id}/quickprofile", "quick_profile_by_id", "A quick profile of a dataset.", _PROFILES)
_refuse("POST", "/datasets/dataflow/preview", "preview_dataflow", "A preview of a dataflow.", _PREVIEWS)
_refuse("GET", "/datasets/{id}/preview", "preview_dataset", "A preview of a dataset.", _PREVIEWS)
_refuse(
    "POST",
    "/datasets/{id}/datasetSnapshots",
    "create_snapshot",
    "A snapshot of a dataset.",
    "dataset snapshots were withdrawn by Azure: write the rows to files and register those",
)
