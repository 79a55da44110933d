"""What models and assets have in common on the wire: filters, pages, JSON patches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from amlbridge.engine.records.resources import Resource
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import bad_request

_LARGEST_PAGE = 255
#: ``orderBy``: which time, and whether the newest comes first. Without it the newest does: Model(ws, name) takes the
#: first answer for the latest version.
_ORDERS = {
    None: ("created", True),
    "createdatdesc": ("created", True),
    "createdatasc": ("created", False),
    "updatedatdesc": ("modified", True),
    "updatedatasc": ("modified", False),
}


def matches_pairs(found: Mapping[str, str] | None, *queries: str | None) -> bool:
    """Whether tags or properties fulfil ``key1,key2=value2``, as `Model.list` writes its filters."""
    has = found or {}
    for query in queries:
        for pair in (query or "").split(","):
            key, equals, value = pair.partition("=")
            if pair and (key not in has or (equals and has[key] != value)):
                return False
    return True


def page(
    call: Call,
    items: Sequence[Resource],
    dto: Callable[[Resource], dict[str, Any]],
    *,
    order: str | None,
) -> dict[str, Any]:
    """One page of ``items`` (which come in the order of their creation), by count, offset and $skipToken.

    The client takes the next page's $skipToken from ``nextLink`` and repeats its own query with it.
    """
    if order is not None and order.lower() not in _ORDERS:
        raise bad_request(f"orderBy must be CreatedAtDesc, CreatedAtAsc, UpdatedAtDesc or UpdatedAtAsc, not {order!r}")
    when, descending = _ORDERS[order.lower() if order else None]
    ranked = sorted(enumerate(items), key=lambda pair: (getattr(pair[1], when), pair[0]), reverse=descending)
    start = _number(call, "skiptoken", _number(call, "offset", 0))
    count = _number(call, "count", _LARGEST_PAGE)
    if count < 1:
        raise bad_request(f"count must be at least 1, not {count}")
    stop = start + min(count, _LARGEST_PAGE)
    link = None
    if stop < len(ranked):
        link = f"{call.service.http_url}{call.path}?{urlencode({'$skipToken': str(stop)})}"
    return {"value": [dto(item) for _, item in ranked[start:stop]], "nextLink": link, "continuationToken": None}


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None or text == "":
        return default
    if not text.isdecimal() or len(text) > 9:
        raise bad_request(f"{name} must be a whole number, not {text!r}")
    return int(text)


def string_map(content: Mapping[str, Any], name: str) -> dict[str, str] | None:
    """A field that maps strings to strings; other scalars become text, as the service writes them."""
    value: dict[str, Any] | None = typed(content, name, dict, None)
    return None if value is None else {key: _text(item, f"{name}[{key!r}]") for key, item in value.items()}


def optional_string_map(content: Mapping[str, Any], name: str) -> dict[str, str | None] | None:
    """The same where a string may be null, as in what clients of explanations send."""
    value: dict[str, Any] | None = typed(content, name, dict, None)
    if value is None:
        return None
    return {key: None if item is None else _text(item, f"{name}[{key!r}]") for key, item in value.items()}


def _text(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise bad_request(f"{where} must be a string")


def patch(body: Mapping[str, Any], operations: Any, changeable: Sequence[str]) -> dict[str, Any]:
    """A copy of ``body`` with a JSON patch (RFC 6902) applied: all of it or nothing.

    Paths have one segment, or two for an entry of an object. Adding to a list appends what is not in it:
    `Model.add_dataset_references` sends only the new references. Raises a 400 ServiceError.
    """
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise bad_request("a JSON patch must be an array of objects")
    changed = copy.deepcopy(dict(body))
    for operation in operations:
        _apply(changed, operation, changeable)
    return changed


def _apply(body: dict[str, Any], operation: Mapping[str, Any], changeable: Sequence[str]) -> None:
    action, path = typed(operation, "op", str), typed(operation, "path", str)
    segments = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    if len(segments) not in (1, 2) or segments[0] not in changeable:
        raise bad_request(f"{path!r} cannot be changed; what can: {', '.join(changeable)}")
    holder, field = body, segments[0]
    if len(segments) == 2:
        holder, field = _holder(body, segments, path)
    if action in ("add", "replace"):
        if "value" not in operation:
            raise bad_request(f"the patch of {path!r} has no value")
        new, old = operation["value"], holder.get(field)
        if action == "add" and isinstance(old, list) and isinstance(new, list):
            new = old + [item for item in new if item not in old]
        holder[field] = new
    elif action == "remove":
        if len(segments) == 1:
            holder[field] = None
        elif holder.pop(field, None) is None:
            raise bad_request(f"there is nothing to remove at {path!r}")
    elif action == "test":
        if holder.get(field) != operation.get("value"):
            raise bad_request(f"the value at {path!r} is another one than the patch expects")
    else:
        raise bad_request(f"a JSON patch of kind {action!r} is not served: add, replace, remove or test")


def _holder(body: dict[str, Any], segments: list[str], path: str) -> tuple[dict[str, Any], str]:
    holder = body.get(segments[0])
    if holder is None:
        holder = body[segments[0]] = {}
    if not isinstance(holder, dict):
        raise bad_request(f"{path!r}: {segments[0]} has no named entries")
    return holder, segments[1]
