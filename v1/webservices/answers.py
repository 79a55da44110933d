"""What several operations of web services answer and check alike."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from starlette.responses import Response

from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, conflict
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.serving.records import Deployment, new_key

#: How the names of operations begin that are done at once.
DONE = "done-"
#: Between the generations of the deployments that one operation makes.
AND = "."


def accepted(call: Call, deployments: Sequence[Deployment] = ()) -> Response:
    """202 with the operation that makes these deployments; without any, one that is done."""
    operation = AND.join(item.generation for item in deployments) or f"{DONE}{uuid.uuid4().hex}"
    place = call.path.partition("/services")[0]
    url = f"{call.service.http_url}{place}/operations/{operation}"
    return JsonResponse({"operationId": operation}, 202, {"Operation-Location": url})


def taken(name: str) -> ServiceError:
    """The 409 for a name that another web service has."""
    message = f"there is a web service {name}: choose another name, or deploy with overwrite=True"
    return conflict(message, "ServiceAlreadyExists")


def key(given: str | None) -> str:
    """A key as given, or a new one. Raises a 400 ServiceError for one that cannot be."""
    if given is None:
        return new_key()
    if not 8 <= len(given) <= 256 or not given.isascii() or any(mark.isspace() for mark in given):
        raise bad_request("a key must have 8 to 256 characters without spaces", "InvalidKey")
    return given


def keys(content: dict[str, object]) -> tuple[str, str]:
    """The two keys of a request to create a service, which are taken out of it. Raises a 400 ServiceError."""
    given: dict[str, object] = typed(content, "keys", dict, {})
    content.pop("keys", None)
    return key(typed(given, "primaryKey", str, None)), key(typed(given, "secondaryKey", str, None))
