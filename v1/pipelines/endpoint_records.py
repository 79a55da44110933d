"""Pipeline endpoints as they are kept: a name, published pipelines by version, and which of them is the default.

The client sends the whole of a changed endpoint back and computes the next version itself; so two that add at once mean
the same number, and the later one is refused (:mod:`revisions`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.graph_reading import Fields, checked_json, malformed
from amlbridge.v1.pipelines import published, revisions
from amlbridge.v1.pipelines.entities import ACTIVE, status_of
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, conflict, not_found

#: Endpoints by id, and the id by name: names are unique in a workspace.
KIND, NAME_KIND = "pipeline_endpoint", "pipeline_endpoint_name"
FIRST_VERSION = "0"
_LONGEST_NAME = 255


def find(service: Service, workspace: Workspace, endpoint_id: str) -> Resource | None:
    """The endpoint of this id, or None."""
    return service.records.resources.find(workspace.id, KIND, endpoint_id.lower())


def find_by_name(service: Service, workspace: Workspace, name: str) -> Resource | None:
    """The endpoint of this name, or None."""
    held = service.records.resources.find(workspace.id, NAME_KIND, name)
    return find(service, workspace, held.body["id"]) if held is not None else None


def versions(endpoint: Resource) -> dict[str, str]:
    """The ids of the published pipelines by version, in the order in which they were added."""
    return {item["Version"]: item["PipelineId"] for item in endpoint.body["PipelineVersionList"]}


def create(service: Service, workspace: Workspace, body: Fields) -> Resource:
    """Makes an endpoint whose version 0 is a published pipeline. Raises a 400 :class:`ServiceError`, 409 for a name
    that is taken."""
    name = _name(body)
    pipeline_id = _pipeline(service, workspace, body.required("PipelineId"))
    document = {
        "Name": name,
        "Description": body.text("Description"),
        "EntityStatus": ACTIVE,
        "DefaultVersion": FIRST_VERSION,
        "PipelineVersionList": [{"Version": FIRST_VERSION, "PipelineId": pipeline_id}],
        "Properties": _free(body, "Properties"),
        "tags": _free(body, "tags"),
        "revision": 1,
    }
    with service.records.database.write():
        endpoint = service.records.resources.add(workspace.id, KIND, str(uuid.uuid4()), document)
        _take_name(service, workspace, endpoint.name, name)
    return endpoint


def update(service: Service, workspace: Workspace, endpoint_id: str, body: Fields) -> Resource:
    """Changes an endpoint to what the body says; a field that it lacks stays. Raises a 400 :class:`ServiceError`, 404
    for an endpoint and 409 for a state that are not there any more."""
    given = body.text("Id")
    if given is not None and given.lower() != endpoint_id:
        raise bad_request(f"the body is the endpoint {given}, the path names {endpoint_id}")
    resources = service.records.resources
    with service.records.database.write():
        endpoint = resources.get(workspace.id, KIND, endpoint_id)
        revisions.check(endpoint, body, f"the pipeline endpoint {endpoint.body['Name']!r}")
        changed = {**endpoint.body, **_changes(service, workspace, endpoint, body)}
        if changed == endpoint.body:
            return endpoint
        if changed["Name"] != endpoint.body["Name"]:
            resources.delete(workspace.id, NAME_KIND, endpoint.body["Name"])
            _take_name(service, workspace, endpoint_id, changed["Name"])
        return resources.put(workspace.id, KIND, endpoint_id, {**changed, "revision": endpoint.body["revision"] + 1})


def _changes(service: Service, workspace: Workspace, endpoint: Resource, body: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if body.text("Name") is not None:
        found["Name"] = _name(body)
    if (description := body.text("Description")) is not None:
        found["Description"] = description
    if body.label("EntityStatus"):
        found["EntityStatus"] = status_of(body)
    for field in ("Properties", "tags"):
        if body.content.get(field) is not None:
            found[field] = _free(body, field)
    pipelines = versions(endpoint)
    if body.content.get("PipelineVersionList") is not None:
        pipelines = _extended(service, workspace, endpoint, body)
        found["PipelineVersionList"] = [{"Version": key, "PipelineId": value} for key, value in pipelines.items()]
    default = body.label("DefaultVersion")
    if default is not None:
        if default not in pipelines:
            raise bad_request(_no_version(endpoint, default, pipelines), "PipelineVersionNotFound")
        found["DefaultVersion"] = default
    return found


def _extended(service: Service, workspace: Workspace, endpoint: Resource, body: Fields) -> dict[str, str]:
    """The versions with those that the body adds. What is there stays: callers name versions by number."""
    known, label = versions(endpoint), f"the pipeline endpoint {endpoint.body['Name']!r}"
    found = dict(known)
    sent: set[str] = set()
    for item in body.objects("PipelineVersionList"):
        version, pipeline_id = item.label("Version") or "", item.required("PipelineId")
        if version in sent:
            raise malformed(item.spot, f"names the version {version} again")
        sent.add(version)
        if version in known and known[version] != pipeline_id.lower():
            raise conflict(
                f"{label} has a version {version} already, with another pipeline: get it again and repeat the change",
                "PipelineVersionExists",
            )
        if version in known:
            continue
        if version != str(len(found)):
            raise malformed(item.spot, f"adds the version {version!r}: the next one is {str(len(found))!r}")
        pipeline_id = _pipeline(service, workspace, pipeline_id)
        if pipeline_id in found.values():
            raise malformed(item.spot, f"adds the pipeline {pipeline_id}, which the endpoint has already")
        found[version] = pipeline_id
    if lost := known.keys() - sent:
        raise conflict(
            f"{label} has the version {', '.join(sorted(lost, key=int))}, which the change leaves out: versions stay; "
            "get it again and repeat the change, or disable the published pipeline",
            "PipelineVersionMissing",
        )
    return found


def choose(endpoint: Resource, version: str | None) -> tuple[str, str]:
    """A version (the default one for None) and the id of its published pipeline. Raises a 404 :class:`ServiceError`
    that names those that there are."""
    known = versions(endpoint)
    chosen = endpoint.body["DefaultVersion"] if version is None else version
    if chosen not in known:
        raise not_found(_no_version(endpoint, chosen, known), "PipelineVersionNotFound")
    return chosen, known[chosen]


def _no_version(endpoint: Resource, version: str, known: Iterable[str]) -> str:
    return f"the pipeline endpoint {endpoint.body['Name']!r} has no version {version!r}; it has: {', '.join(known)}"


def _name(body: Fields) -> str:
    name = body.required("Name")
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise malformed(body.at("Name"), f"must hold 1 to {_LONGEST_NAME} characters, and not only blanks")
    return name


def _free(body: Fields, field: str) -> dict[str, Any]:
    content: dict[str, Any] = checked_json(dict(body.object(field).content), body.at(field))
    return content


def _pipeline(service: Service, workspace: Workspace, pipeline_id: str) -> str:
    """The id as it is recorded."""
    pipeline = published.find(service, workspace, pipeline_id)
    if pipeline is None:
        raise bad_request(f"there is no published pipeline {pipeline_id} in this workspace", "PipelineNotFound")
    return pipeline.name


def _take_name(service: Service, workspace: Workspace, endpoint_id: str, name: str) -> None:
    held = service.records.resources.find(workspace.id, NAME_KIND, name)
    if held is not None:
        raise conflict(
            f"there is a pipeline endpoint {name!r} already (id {held.body['id']}): choose another name, or add the "
            "pipeline to it as a new version",
            "PipelineEndpointExists",
        )
    service.records.resources.add(workspace.id, NAME_KIND, name, {"id": endpoint_id})
