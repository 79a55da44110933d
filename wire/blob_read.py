"""Operations that read a blob."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping

from starlette.responses import Response

from amlbridge.engine.blobs import Blob
from amlbridge.engine.errors import NotFoundError
from amlbridge.wire import blob_xml
from amlbridge.wire.blob_accounts import has_container
from amlbridge.wire.blob_conditions import http_date, readable, wanted_range
from amlbridge.wire.blob_request import BlobCall
from amlbridge.wire.blob_stream import PIECE, Body, FileRange
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.log_reads import log_reads

#: The largest range whose MD5 the service computes, in bytes; Azure's limit.
_LARGEST_MD5_RANGE = 4 << 20


def missing(call: BlobCall) -> ServiceError:
    """404 for a blob or its container."""
    if not has_container(call):
        return ServiceError(404, "ContainerNotFound", f"The specified container does not exist: {call.container}")
    return ServiceError(404, "BlobNotFound", f"The specified blob does not exist: {call.container}/{call.name}")


def check_readable_name(call: BlobCall) -> None:
    """404 for a name like ``folder/``, which clients ask for and no file can have."""
    if "" in call.name.split("/"):
        raise missing(call)


def version_headers(blob: Blob) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"etag": blob.etag, "last-modified": http_date(blob.modified)}


def blob_headers(call: BlobCall, blob: Blob) -> dict[str, str]:
    """The headers that Get Blob and Get Blob Properties have in common, without length and MD5."""
    properties = blob.properties
    headers = {
        **version_headers(blob),
        "accept-ranges": "bytes",
        "content-type": properties.content_type or blob_xml.DEFAULT_TYPE,
        "x-ms-blob-type": "AppendBlob" if properties.kind == "append" else "BlockBlob",
        "x-ms-creation-time": http_date(blob.modified),
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-server-encrypted": "true",
    }
    for name in ("content_encoding", "content_language", "content_disposition", "cache_control"):
        if value := getattr(properties, name):
            headers[name.replace("_", "-")] = value
    if properties.kind == "append":
        headers["x-ms-blob-committed-block-count"] = str(properties.appended)
    if properties.copy:
        headers["x-ms-copy-id"] = properties.copy["id"]
        headers["x-ms-copy-source"] = properties.copy["source"]
        headers["x-ms-copy-completion-time"] = properties.copy["completed"]
        headers["x-ms-copy-status"] = "success"
        headers["x-ms-copy-progress"] = f"{blob.size}/{blob.size}"
    headers |= metadata_headers(properties.metadata)
    return headers | dict(call.grant.overrides)


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """The user's metadata as headers."""
    return {f"x-ms-meta-{name}": value for name, value in metadata.items()}


def get_blob(call: BlobCall, _body: Body) -> Response:
    """Get Blob: the content, or a range of it, of one version."""
    check_readable_name(call)
    descriptor, blob = call.store.open(*call.key)
    log_reads(call.service).note_blob(call.name)
    try:
        readable(call, blob)
        part = wanted_range(call, blob)
        headers = blob_headers(call, blob)
        first, last = part or (0, blob.size - 1)
        size, status = last - first + 1, 200
        if part is not None:
            status, headers["content-range"] = 206, f"bytes {first}-{last}/{blob.size}"
            _range_md5(call, blob, descriptor, first, size, headers)
        elif blob.properties.content_md5:
            headers["content-md5"] = blob.properties.content_md5
        if size > PIECE:
            response: Response = FileRange(status, headers, descriptor, first, size)
            descriptor = -1
            return response
        content = os.pread(descriptor, size, first)
        if len(content) < size:
            # A step truncated the file since we opened it.
            raise ServiceError(409, "BlobModified", f"{call.name} became shorter while it was read: read it again")
        return Response(content, status, headers)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _range_md5(call: BlobCall, blob: Blob, descriptor: int, first: int, size: int, headers: dict[str, str]) -> None:
    if blob.properties.content_md5:
        headers["x-ms-blob-content-md5"] = blob.properties.content_md5
    if (call.header("x-ms-range-get-content-crc64") or "").lower() == "true":
        raise ServiceError(501, "NotImplemented", "amlbridge does not compute CRC64: use MD5 (validate_content=True)")
    if (call.header("x-ms-range-get-content-md5") or "").lower() != "true":
        return
    if size > _LARGEST_MD5_RANGE:
        raise ServiceError(400, "OutOfRangeQueryParameterValue", "the MD5 of a range over 4 MiB is not computed")
    digest = hashlib.md5(os.pread(descriptor, size, first), usedforsecurity=False).digest()
    headers["content-md5"] = base64.b64encode(digest).decode()


def get_blob_properties(call: BlobCall, _body: Body) -> Response:
    """Get Blob Properties: everything but the content."""
    check_readable_name(call)
    blob = call.store.stat(*call.key)
    readable(call, blob)
    headers = {**blob_headers(call, blob), "content-length": str(blob.size)}
    if blob.properties.content_md5:
        headers["content-md5"] = blob.properties.content_md5
    if blob.properties.kind == "block":
        headers |= {"x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"}
    return Response(None, 200, headers)


def get_blob_metadata(call: BlobCall, _body: Body) -> Response:
    """Get Blob Metadata: what the user noted on the blob."""
    check_readable_name(call)
    blob = call.store.stat(*call.key)
    readable(call, blob)
    return Response(None, 200, version_headers(blob) | metadata_headers(blob.properties.metadata))


def get_block_list(call: BlobCall, _body: Body) -> Response:
    """Get Block List: the blocks that the blob is made of, and those uploaded and not put together yet."""
    check_readable_name(call)
    asked = call.query.get("blocklisttype", "committed").lower()
    if asked not in ("committed", "uncommitted", "all"):
        raise ServiceError(400, "InvalidQueryParameterValue", f"blocklisttype cannot be {asked!r}")
    waiting = call.store.blocks.of(*call.key, call.owner)
    committed: tuple[tuple[str, int], ...] | None = ()
    headers = {"x-ms-blob-content-length": "0"}
    try:
        blob = call.store.stat(*call.key)
    except NotFoundError:
        # A blob of which there are only blocks yet has a list, too.
        if not waiting:
            raise
    else:
        readable(call, blob)
        committed = blob.properties.blocks
        headers = {**version_headers(blob), "x-ms-blob-content-length": str(blob.size)}
    if asked == "uncommitted":
        committed = None
    uncommitted = sorted((name, block.size) for name, block in waiting.items()) if asked != "committed" else None
    return Response(blob_xml.block_list(committed, uncommitted), 200, headers, "application/xml")
