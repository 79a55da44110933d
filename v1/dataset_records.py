"""Saved and registered datasets as records.

A *saved* dataset is a definition under an id that is a hash of it, so that equal definitions have equal ids. A
*registered* one is a name with versions 1, 2, …, each with a saved dataset of its own: where two registrations have
equal definitions, the later one's id is salted with its name and version, because the client finds name and version by
the saved id (``datasets/query/savedDatasetId=``).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, conflict, not_found

SAVED, NAMED, VERSION, BINDING = "saved_dataset", "dataset", "dataset_version", "dataset_of_saved"
TYPES = ("tabular", "file")
STATES = ("active", "deprecated", "archived")
_ACTIVE: Mapping[str, Any] = {"state": "active", "deprecatedBy": None}


@dataclass(frozen=True)
class Definition:
    """What a dataset is: its type (tabular or file), the JSON that the client stores, its properties (time stamp
    columns and the like), and what else a client may say of it (notes, file type, data path, partition format)."""

    dataset_type: str
    dataflow_json: str
    properties: Mapping[str, Any]
    more: Mapping[str, Any]

    @property
    def yaml(self) -> str:
        """The dataset engine's YAML."""
        return dataflow.of_json(self.dataflow_json)

    @property
    def normal_form(self) -> str:
        """Equal for equal definitions."""
        return json.dumps([self.dataset_type, dataflow.normal_form(self.yaml), dict(self.properties)], sort_keys=True)


@dataclass(frozen=True)
class Registered:
    """One version of a registered dataset: the record of its name and the record of the version."""

    named: Resource
    version: Resource

    @property
    def saved_id(self) -> str:
        """The id of its definition."""
        return str(self.version.body["savedDatasetId"])


def definition(
    dataset_type: str | None, dataflow_json: str, properties: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> Definition:
    """A definition, checked. Without a type it is tabular when it reads rows. Raises a 400 ServiceError."""
    content = dataflow.load(dataflow.of_json(dataflow_json))
    kind = dataset_type or ("tabular" if dataflow.is_tabular(content) else "file")
    if kind not in TYPES:
        raise bad_request(f"the type of a dataset is tabular or file, not {kind!r}")
    return Definition(kind, dataflow_json, properties, more or {})


def of_yaml(dataset_type: str, yaml_text: str) -> Definition:
    """A definition that the service itself made."""
    return definition(dataset_type, dataflow.to_json(yaml_text), {})


def _guid(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return str(uuid.UUID(digest[:32]))


def save(service: Service, workspace: Workspace, made: Definition, *salt: str) -> str:
    """Keeps a definition. Returns its id: the same for equal definitions (and equal ``salt``)."""
    saved_id = _guid(made.normal_form, *salt)
    with service.records.database.write():
        if service.records.resources.find(workspace.id, SAVED, saved_id) is None:
            body = {
                "datasetType": made.dataset_type,
                "dataflowJson": made.dataflow_json,
                "properties": dict(made.properties),
            }
            service.records.resources.put(workspace.id, SAVED, saved_id, body)
    return saved_id


def saved(service: Service, workspace: Workspace, saved_id: str) -> Definition:
    """The definition of this id. Raises a 404 ServiceError."""
    record = service.records.resources.find(workspace.id, SAVED, saved_id.lower())
    if record is None:
        raise not_found(f"Cannot find a saved dataset with the id {saved_id}", "UserError")
    body = record.body
    return Definition(body["datasetType"], body["dataflowJson"], body["properties"], {})


def find(service: Service, workspace: Workspace, name: str, version: str | None = None) -> Registered | None:
    """A version (the latest without one) of a registered dataset, or None."""
    resources = service.records.resources
    named = resources.find(workspace.id, NAMED, name)
    if named is None:
        return None
    if version is None:
        found = resources.latest(workspace.id, VERSION, name)
    else:
        found = resources.find(workspace.id, VERSION, name, version)
    return Registered(named, found) if found is not None else None


def get(service: Service, workspace: Workspace, name: str, version: str | None = None) -> Registered:
    """Like :func:`find`. Raises a 404 ServiceError."""
    found = find(service, workspace, name, version)
    if found is None:
        label = f'"{name}"' if version is None else f'"{name}" (version: {version})'
        raise not_found(f"Cannot find dataset registered with name {label}", "UserError")
    return found


def by_id(service: Service, workspace: Workspace, dataset_id: str, version: str | None = None) -> Registered:
    """A version of the dataset that was registered under this id. Raises a 404 ServiceError."""
    for named in service.records.resources.list(workspace.id, NAMED):
        if named.body["datasetId"] == dataset_id.lower():
            return get(service, workspace, named.name, version)
    raise not_found(f"Cannot find a registered dataset with the id {dataset_id}", "UserError")


def of_saved(service: Service, workspace: Workspace, saved_id: str) -> Registered | None:
    """The registration whose definition has this id, or None."""
    bound = service.records.resources.find(workspace.id, BINDING, saved_id.lower())
    return find(service, workspace, bound.body["name"], bound.body["version"]) if bound is not None else None


def register(
    service: Service,
    workspace: Workspace,
    name: str,
    made: Definition,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    visible: bool = True,
    exist_ok: bool = True,
    new_version: bool = True,
    saved_id: str | None = None,
) -> Registered:
    """Registers a definition under a name. ``exist_ok``: the name may be taken; ``new_version``: a different definition
    becomes its next version. A definition equal to the latest version's makes none, as in Azure; description and tags
    are then replaced when they are given. ``saved_id``: the id under which the caller knows the definition.

    Raises a 409 ServiceError when the name is taken, a 400 one when ``saved_id`` is another registration's.
    """
    check_name(name)
    with service.records.database.write():
        current = find(service, workspace, name)
        if current is not None and not exist_ok:
            raise conflict(f'There is already a dataset registered under name "{name}"', "UserError")
        if current is not None and (not new_version or _definition(service, workspace, current) == made.normal_form):
            return update(service, workspace, current, description=description, tags=tags)
        bound = of_saved(service, workspace, saved_id) if saved_id else None
        if bound is not None:
            label = f"{bound.named.name}:{bound.version.version}"
            raise bad_request(
                f"The dataset {saved_id} has been registered as {label} (name:version). Get it by that name, or "
                "register it with create_new_version=True."
            )
        if current is None:
            body = {"datasetId": str(uuid.uuid4()), "state": dict(_ACTIVE), "isVisible": visible}
            service.records.resources.put(workspace.id, NAMED, name, body)
        return _add_version(service, workspace, name, made, description, tags)


def _definition(service: Service, workspace: Workspace, registered: Registered) -> str:
    return saved(service, workspace, registered.saved_id).normal_form


def _add_version(
    service: Service,
    workspace: Workspace,
    name: str,
    made: Definition,
    description: str | None,
    tags: Mapping[str, str] | None,
) -> Registered:
    resources = service.records.resources

    def body(number: int) -> dict[str, Any]:
        saved_id = save(service, workspace, made)
        if of_saved(service, workspace, saved_id) is not None:
            saved_id = save(service, workspace, made, name, str(number))
        resources.put(workspace.id, BINDING, saved_id, {"name": name, "version": str(number)})
        return {
            "savedDatasetId": saved_id,
            "description": description,
            "tags": dict(tags or {}),
            "state": dict(_ACTIVE),
            "more": dict(made.more),
        }

    version = resources.add_version(workspace.id, VERSION, name, body)
    return Registered(resources.get(workspace.id, NAMED, name), version)


def update(
    service: Service,
    workspace: Workspace,
    registered: Registered,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    visible: bool | None = None,
) -> Registered:
    """Replaces what is not None."""
    resources, name = service.records.resources, registered.named.name

    def change_version(body: dict[str, Any]) -> None:
        if description is not None:
            body["description"] = description
        if tags is not None:
            body["tags"] = dict(tags)

    def change_name(body: dict[str, Any]) -> None:
        body["isVisible"] = visible

    with service.records.database.write():
        if description is not None or tags is not None:
            resources.change(workspace.id, VERSION, name, change_version, registered.version.version)
        if visible is not None:
            resources.change(workspace.id, NAMED, name, change_name)
        return get(service, workspace, name, registered.version.version)


def set_state(service: Service, workspace: Workspace, registered: Registered, state: Mapping[str, Any]) -> None:
    """Marks a dataset active, deprecated or archived. Raises a 400 ServiceError."""
    if state.get("state") not in STATES:
        raise bad_request(f"the state of a dataset is one of {', '.join(STATES)}, not {state.get('state')!r}")
    kept = {"state": state["state"], "deprecatedBy": state.get("deprecatedBy")}

    def change(body: dict[str, Any]) -> None:
        body["state"] = kept

    service.records.resources.change(workspace.id, NAMED, registered.named.name, change)


def unregister(service: Service, workspace: Workspace, name: str) -> None:
    """Forgets a name and all its versions. Definitions stay: runs refer to them. Raises a 404 ServiceError."""
    with service.records.database.write():
        resources = service.records.resources
        get(service, workspace, name)
        for version in resources.list(workspace.id, VERSION, name):
            resources.delete(workspace.id, BINDING, version.body["savedDatasetId"])
        resources.delete(workspace.id, VERSION, name, None)
        resources.delete(workspace.id, NAMED, name)


def check_name(name: str) -> None:
    """Raises a 400 ServiceError for what cannot be the name of a dataset: it is a part of a URL's path."""
    if not name.strip() or len(name) > 255 or any(ord(letter) < 32 or letter in "/\\?#%" for letter in name):
        raise bad_request(f"{name!r} cannot be the name of a dataset: at most 255 characters, none of / \\ ? # %")
