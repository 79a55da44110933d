"""What every document of the pipelines service has in common. Its JSON is PascalCase, its enumerations are strings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.records.resources import Resource
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request
from amlbridge.wire.routing import Routes

#: EntityStatus and UploadState as the service numbers them.
ACTIVE, DISABLED = "0", "2"
UPLOADED = "1"
#: Also by name: the client sends what it was given, or a name.
STATUSES = {"0": "0", "1": "1", "2": "2", "Active": "0", "Deprecated": "1", "Disabled": "2"}


def make_routes() -> Routes:
    """The operations of one resource of the service."""
    return Routes("pipelines", "/pipelines/v1.0/WS")


def stamped(record: Resource, identity: str | None = None) -> dict[str, Any]:
    """The document with what the service adds to each: id, times, a tag that changes with the document."""
    digest = hashlib.sha256(repr((record.name, record.modified)).encode()).hexdigest()[:16]
    return {
        "Etag": f'"{digest}"',
        "CreatedDate": iso(record.created),
        "LastModifiedDate": iso(record.modified),
        "EntityStatus": ACTIVE,
        "Id": identity or record.name,
        **record.body,
    }


def body_of(call: Call) -> Fields:
    """The request's JSON object. Raises a 400 :class:`ServiceError` for anything else, and for an empty body."""
    if not call.object:
        raise bad_request("the request body is empty: a JSON object is needed")
    return Fields(call.object, "the body")


def only(body: Fields, names: Iterable[str]) -> dict[str, Any]:
    """The fields of these names that are there."""
    return {name: body.content[name] for name in names if body.content.get(name) is not None}


def status_of(body: Fields) -> str:
    """The EntityStatus of a changed document. Raises a 400 :class:`ServiceError` for one that does not exist."""
    label = body.label("EntityStatus") or ACTIVE
    if label not in STATUSES:
        raise bad_request(f"the status is one of Active, Deprecated and Disabled, not {label!r}")
    return STATUSES[label]


def node_path(call: Call) -> str:
    """The one node that the body, a JSON array of ids, names. Raises a 400 :class:`ServiceError`."""
    content = call.json
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], str):
        raise bad_request("the body must be an array with the id of one node: there are no nested graphs here")
    return content[0]
