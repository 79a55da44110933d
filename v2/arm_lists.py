"""Lists as ARM answers them: ordered, filtered, a page at a time.

``$orderBy`` (createdtime | modifiedtime | name | version, asc | desc), ``$top`` (the size of a page), ``$skip`` (the
token that ``nextLink`` carries), ``listViewType`` (ActiveOnly | ArchivedOnly | All), ``tags`` and ``properties``
(``key`` or ``key=value``, comma-separated).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request
from amlbridge.wire.paging import page_size, state, token

T = TypeVar("T")
#: The size of a page for a client that names none.
PAGE = 100
VIEWS = ("activeonly", "archivedonly", "all")
#: Query names as Azure spells them, for nextLink; Call.query has them in lower case without the ``$``.
_SPELLED = {"orderby": "$orderBy", "top": "$top", "listviewtype": "listViewType", "tags": "$tags"}
_ORDERS = {
    "createdtime": "created",
    "createdat": "created",
    "modifiedtime": "modified",
    "updatedtime": "modified",
    "updatedat": "modified",
    "name": "name",
    "version": "version",
}


def in_view(call: Call, archived: bool) -> bool:
    """Whether a list shows an item. Raises a 400 ServiceError for an unknown listViewType."""
    given = call.query.get("listviewtype", "") or "ActiveOnly"
    # For registries the client writes the name of its constant: ListViewType.ACTIVE_ONLY.
    view = given.lower().removeprefix("listviewtype.").replace("_", "")
    if view not in VIEWS:
        raise bad_request(f"listViewType must be ActiveOnly, ArchivedOnly or All, not {given!r}")
    return view == "all" or (view == "archivedonly") == archived


def ordered(call: Call, items: Sequence[T]) -> list[T]:
    """``items`` (which come in the order of their creation) as $orderBy says; without it the newest first.

    Their attributes ``created``, ``modified``, ``name`` and ``version`` are what they are ordered by.
    """
    words = (call.query.get("orderby") or "").replace("/", " ").split() or ["createdtime", "desc"]
    field = _ORDERS.get(words[-2].lower() if len(words) > 1 else words[0].lower())
    direction = words[-1].lower() if len(words) > 1 else "asc"
    if field is None or direction not in ("asc", "desc"):
        raise bad_request(
            f"$orderBy: {call.query.get('orderby')!r} is not understood; write createdtime, modifiedtime, name or "
            "version, and asc or desc"
        )
    ranked = sorted(enumerate(items), key=lambda pair: (_value(pair[1], field), pair[0]), reverse=direction == "desc")
    return [item for _, item in ranked]


def _value(item: Any, field: str) -> Any:
    value = getattr(item, field)
    if field == "version":
        return (0, int(value), "") if value.isdecimal() else (1, 0, value)
    return value


def has_pairs(found: Mapping[str, str] | None, query: str | None) -> bool:
    """Whether tags or properties fulfil ``key1,key2=value2``."""
    has = found or {}
    for pair in (query or "").split(","):
        key, equals, value = pair.partition("=")
        if key.strip() and (key.strip() not in has or (equals and has[key.strip()] != value.strip())):
            return False
    return True


def page(call: Call, items: Sequence[T], dto: Callable[[T], dict[str, Any]], default: int = PAGE) -> dict[str, Any]:
    """One page, with the link to the next. Raises a 400 ServiceError for a token or a size that is none."""
    size = page_size(call.query.get("top") or call.query.get("count"), default)
    start = _start(call)
    answer: dict[str, Any] = {"value": [dto(item) for item in items[start : start + size]]}
    if start + size < len(items):
        kept = {_SPELLED.get(name, name): value for name, value in call.query.items() if name != "skip"}
        link = urlencode({**kept, "$skip": token({"start": start + size})})
        answer["nextLink"] = f"{call.service.https_url}{call.path}?{link}"
    return answer


def _start(call: Call) -> int:
    given = call.query.get("skip", "")
    if given.isdecimal() and len(given) < 10:
        return int(given)
    known = state(given, start=int)
    return max(int(known["start"]), 0) if known is not None else 0
