"""Assets: which artifacts a v1 model consists of."""

from __future__ import annotations

import uuid
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.v1.model_queries import matches_pairs, optional_string_map, page, string_map
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.routing import REST, Reply, Routes

routes = Routes("model assets", "/modelmanagement/v1.0/WS")

#: The kind of the records; their name is the asset's id.
KIND = "asset"
#: What a client may change afterwards.
_CHANGEABLE = ("name", "type", "description", "artifacts", "kvTags", "properties", "meta")


@routes.post("/assets")
def create(call: Call) -> Reply:
    """Creates an asset from artifacts, each an id or a prefix (``ExperimentRun/dcid.<run>/outputs/model.pkl``)."""
    content = call.object
    body = {
        "name": typed(content, "name", str),
        "type": typed(content, "type", str, None),
        "description": typed(content, "description", str, None),
        "artifacts": _artifacts(typed(content, "artifacts", list, [])),
        "kvTags": string_map(content, "kvTags"),
        "properties": optional_string_map(content, "properties"),
        "runid": typed(content, "runid", str, None),
        "meta": string_map(content, "meta"),
    }
    return _dto(call.records.resources.add(call.workspace.id, KIND, str(uuid.uuid4()), body))


@routes.get("/assets", others=REST)
def list_assets(call: Call) -> Reply:
    """Assets by runId, name, type, tags and properties, newest first unless orderby says otherwise."""
    query = call.query
    found = [
        item
        for item in call.records.resources.list(call.workspace.id, KIND)
        if query.get("runid") in (None, item.body["runid"])
        and query.get("name") in (None, item.body["name"])
        and query.get("type") in (None, item.body["type"])
        and matches_pairs(item.body["kvTags"], query.get("tag"), query.get("tags"))
        and matches_pairs(item.body["properties"], query.get("properties"))
    ]
    return page(call, found, _dto, order=query.get("orderby"))


@routes.get("/assets/{id}")
def get(call: Call) -> Reply:
    """One asset."""
    return _dto(_find(call))


def _find(call: Call) -> Resource:
    found = call.records.resources.find(call.workspace.id, KIND, call.params["id"])
    if found is None:
        raise not_found(f"there is no asset {call.params['id']} in this workspace", "AssetNotFound")
    return found


def _artifacts(items: list[Any]) -> list[dict[str, str]]:
    found = []
    for item in items:
        if not isinstance(item, dict) or not (item.get("id") or item.get("prefix")):
            raise bad_request("each of the artifacts must be an object with an id or a prefix")
        where = {key: typed(item, key, str) for key in ("id", "prefix") if item.get(key) is not None}
        for path in where.values():
            # Origin, container and path: the client splits it so, and fails on less with an IndexError.
            if path.count("/") < 2:
                raise bad_request(f"{path!r} is not the place of an artifact: origin/container/path")
        found.append(where)
    return found


def _dto(item: Resource) -> dict[str, Any]:
    given = {key: value for key, value in item.body.items() if value is not None}
    return {**given, "id": item.name, "createdTime": iso(item.created), "modifiedTime": iso(item.modified)}
