"""Conditional headers and ranges, as the blob service reads them."""

from __future__ import annotations

import re
from datetime import timezone
from email.utils import formatdate, parsedate_to_datetime

from amlbridge.engine.blobs import Blob, Check, Container
from amlbridge.wire.blob_request import BlobCall
from amlbridge.wire.errors import ServiceError

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


def http_date(timestamp: float) -> str:
    """``Fri, 20 Nov 2026 10:59:10 GMT`` for seconds since the epoch."""
    return formatdate(timestamp, usegmt=True)


def _date(call: BlobCall, name: str) -> float | None:
    text = call.header(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError) as error:
        raise ServiceError(400, "InvalidHeaderValue", f"the header {name} is no HTTP date: {text!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _etags(text: str) -> set[str]:
    return {part.strip().removeprefix("W/").strip('"') for part in text.split(",")}


def _met(call: BlobCall, item: Blob | Container | None) -> tuple[bool, bool]:
    """Whether the conditions on what must be (If-Match, If-Unmodified-Since) and on what must not be (If-None-Match,
    If-Modified-Since) hold. An etag condition makes the time condition of its kind void."""
    matches, differs = call.header("if-match"), call.header("if-none-match")
    since, before = _date(call, "if-modified-since"), _date(call, "if-unmodified-since")
    etag = None if item is None else item.etag.strip('"')
    must = must_not = True
    if matches is not None:
        must = etag is not None and (matches == "*" or etag in _etags(matches))
    elif before is not None:
        must = item is None or int(item.modified) <= before
    if differs is not None:
        must_not = etag is None or (differs != "*" and etag not in _etags(differs))
    elif since is not None:
        must_not = item is None or int(item.modified) > since
    return must, must_not


def not_met() -> ServiceError:
    """412."""
    return ServiceError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def writable(call: BlobCall) -> Check:
    """A check that raises 409 BlobAlreadyExists (the blob is there and must not be) or 412 ConditionNotMet."""

    def check(blob: Blob | None) -> None:
        if call.grant.issued:
            # Who issued the URL has settled whether the blob may be written; a step's own file lies there already when
            # the v1 client uploads it from the artifact folder to itself.
            return
        must, must_not = _met(call, blob)
        if not must_not and call.header("if-none-match") == "*":
            raise ServiceError(409, "BlobAlreadyExists", f"The specified blob already exists: {call.name}")
        if not (must and must_not):
            raise not_met()
        if blob is not None and call.grant.permissions is not None and "w" not in call.grant.permissions:
            raise ServiceError(403, "UnauthorizedBlobOverwrite", "the signature lets create a blob, not change one")

    return check


def changeable(call: BlobCall) -> Check:
    """As :func:`writable`, for operations on a blob that must exist."""

    def check(blob: Blob | None) -> None:
        if not all(_met(call, blob)):
            raise not_met()

    return check


def readable(call: BlobCall, item: Blob | Container) -> None:
    """Raises 412 ConditionNotMet, or 304 when the client has the current version."""
    must, must_not = _met(call, item)
    if not must:
        raise not_met()
    if not must_not:
        raise ServiceError(304, "ConditionNotMet", "The blob has not changed.")


def parse_range(text: str, size: int) -> tuple[int, int]:
    """First and last byte (inclusive) that ``bytes=a-b``, ``bytes=a-`` or ``bytes=-n`` selects of ``size`` bytes.

    Raises a 400 :class:`ServiceError` for any other text and 416 InvalidRange when there is no such byte: always so for
    an empty blob, and the Python clients count on it.
    """
    match = _RANGE.fullmatch(text.replace(" ", "").lower())
    if match is None or not (match[1] or match[2]):
        raise ServiceError(400, "InvalidHeaderValue", f"{text!r} is no range of bytes (one of bytes=0-9, bytes=10-)")
    if not match[1]:
        first, last = max(size - int(match[2]), 0), size - 1
        if match[2].strip("0") == "":
            first = size
    else:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
        if match[2] and int(match[2]) < first:
            raise ServiceError(400, "InvalidHeaderValue", f"the range {text!r} ends before it begins")
    if first >= size:
        raise ServiceError(416, "InvalidRange", f"The range specified is invalid for the blob's size of {size} bytes.")
    return first, last


def wanted_range(call: BlobCall, blob: Blob) -> tuple[int, int] | None:
    """The range that the client asks for; None for the whole blob."""
    text = call.header("x-ms-range") or call.header("range")
    if text is None:
        return None
    only_if = call.header("if-range")
    if only_if is not None and only_if.strip('"') != blob.etag.strip('"'):
        return None
    return parse_range(text, blob.size)
