"""Pages and the tokens that lead from one to the next."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from amlbridge.wire.errors import bad_request

#: The most that one page holds; the v1 client asks for 500.
LARGEST_PAGE = 1000


def page_size(value: Any, default: int = 500) -> int:
    """The size of a page from ``top``: a number or its text. Raises a 400 for anything else and for less than 1."""
    if value is None or value == "":
        return default
    try:
        size = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except ValueError:
        size = 0
    if size < 1:
        raise bad_request(f"top must be a whole number from 1 on, not {value!r}", "InvalidTop")
    return min(size, LARGEST_PAGE)


def token(state: Mapping[str, Any]) -> str:
    """A continuation token that holds ``state``, safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps(state, separators=(",", ":")).encode()).decode().rstrip("=")


def state(text: Any, **kinds: type) -> dict[str, Any] | None:
    """What :func:`token` was given; None when there is no token. Raises a 400 for one that is not ours."""
    if text is None or text == "":
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        content = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, AttributeError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.keys() != kinds.keys():
        raise bad_request(f"{str(text)[:80]!r} is no continuation token of this service", "InvalidContinuationToken")
    for name, kind in kinds.items():
        if not isinstance(content[name], kind) or isinstance(content[name], bool):
            raise bad_request("the continuation token is damaged: start again", "InvalidContinuationToken")
    return content
