"""Linked services: the Synapse workspaces whose Spark pools SDK v1 attaches. Each is a record; nothing is reached.

Protocol facts: an ARM resource with ``properties.linkedServiceResourceId``; the client reads ``properties.linkType``
and ``identity.principalId`` of each answer without asking whether they are there. SDK v2 has none.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request, not_found
from amlbridge.wire.identity import TENANT
from amlbridge.wire.routing import Reply, Routes

routes = Routes("linked-services", "/WS/linkedServices")

#: The kind of the records; their name is the link's in lower case.
KIND = "linked_service"
_LINK = "Synapse"


@routes.get("")
def list_linked_services(call: Call) -> Reply:
    """The linked services of the workspace."""
    return {"value": [_dto(call, item) for item in call.records.resources.list(call.workspace.id, KIND)]}


@routes.get("/{name}")
def get_linked_service(call: Call) -> Reply:
    """One linked service."""
    return _dto(call, _get(call))


@routes.put("/{name}")
def link_service(call: Call) -> Reply:
    """Links a Synapse workspace, so that its Spark pools can be attached as computes."""
    resource = typed(typed(call.object, "properties", dict), "linkedServiceResourceId", str)
    if "/microsoft.synapse/workspaces/" not in resource.lower():
        raise bad_request(f"{resource!r} is no Synapse workspace: only these can be linked")
    name = call.params["name"]
    with call.records.database.write():
        old = call.records.resources.find(call.workspace.id, KIND, name.lower())
        body = {
            "name": name,
            "location": typed(call.object, "location", str, call.workspace.properties.get("location", "local")),
            "resource": resource,
            "principal": old.body["principal"] if old is not None else str(uuid.uuid4()),
        }
        item = call.records.resources.put(call.workspace.id, KIND, name.lower(), body)
    return _dto(call, item)


@routes.delete("/{name}")
def unlink_service(call: Call) -> Reply:
    """Removes the link; computes that were attached stay."""
    call.records.resources.delete(call.workspace.id, KIND, _get(call).name)
    return Response(status_code=200)


def _get(call: Call) -> Resource:
    found = call.records.resources.find(call.workspace.id, KIND, call.params["name"].lower())
    if found is None:
        raise not_found(f"there is no linked service {call.params['name']}", "LinkedServiceNotFound")
    return found


def _dto(call: Call, item: Resource) -> dict[str, Any]:
    body = item.body
    return {
        "id": f"{call.workspace.scope}/linkedServices/{body['name']}",
        "name": body["name"],
        "type": "Microsoft.MachineLearningServices/workspaces/linkedServices",
        "location": body["location"],
        "identity": {"type": "SystemAssigned", "principalId": body["principal"], "tenantId": TENANT},
        "properties": {
            "linkedServiceResourceId": body["resource"],
            "linkType": _LINK,
            "createdTime": iso(item.created),
            "modifiedTime": iso(item.modified),
        },
    }
