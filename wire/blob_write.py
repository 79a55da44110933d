"""Operations that write a blob from what the client sends."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from starlette.responses import Response

from amlbridge.engine.blob_blocks import Block, append_range, canonical_id
from amlbridge.engine.blobs import Blob, BlobProperties, Check
from amlbridge.engine.errors import InvalidNameError, NotFoundError
from amlbridge.wire.blob_accounts import has_container
from amlbridge.wire.blob_conditions import changeable, writable
from amlbridge.wire.blob_read import missing, version_headers
from amlbridge.wire.blob_request import BlobCall
from amlbridge.wire.blob_stream import Body
from amlbridge.wire.blob_xml import parse_block_list
from amlbridge.wire.errors import ServiceError

_MOST_BLOCKS = 50_000
_ENCRYPTED = {"x-ms-request-server-encrypted": "true"}


def prepare_blob(call: BlobCall) -> None:
    """Refuses a write that cannot succeed before its body is read."""
    prepare_block(call)
    try:
        found: Blob | None = call.store.stat(*call.key)
    except NotFoundError:
        found = None
    writable(call)(found)


def prepare_block(call: BlobCall) -> None:
    """The container must be there. Raises a 404 :class:`ServiceError`."""
    call.store.path(*call.key)
    if not has_container(call):
        raise missing(call)


def check_md5(call: BlobCall, body: Body) -> None:
    """Compares the body with Content-MD5. Raises a 400 :class:`ServiceError`."""
    sent = call.header("content-md5")
    if sent is None:
        return
    if _md5(sent) != body.md5:
        message = "The MD5 value specified in the request did not match with the MD5 value calculated by the server."
        raise ServiceError(400, "Md5Mismatch", message)


def _md5(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != 16:
        raise ServiceError(400, "InvalidMd5", f"{text!r} is no MD5 in base64")
    return value


def properties_of(call: BlobCall, kind: str = "block", *, content_headers: bool = False) -> BlobProperties:
    """The properties that the headers set. ``content_headers``: the plain Content-* headers describe the blob, too."""

    def header(name: str) -> str | None:
        plain = call.header(name) if content_headers else None
        return call.header(f"x-ms-blob-{name}") or plain

    content_md5 = call.header("x-ms-blob-content-md5")
    if content_md5 is not None:
        _md5(content_md5)
    return BlobProperties(
        kind="append" if kind == "append" else "block",
        content_type=header("content-type"),
        content_encoding=header("content-encoding"),
        content_language=header("content-language"),
        content_disposition=call.header("x-ms-blob-content-disposition"),
        cache_control=header("cache-control"),
        content_md5=content_md5,
        metadata=call.metadata,
    )


def store_body(call: BlobCall, body: Body, properties: BlobProperties, check: Check) -> Blob:
    """Makes the body the blob's content."""
    if body.path is None:
        assert body.content is not None
        return call.store.put(*call.key, body.content, properties, check)
    return call.store.commit(*call.key, body.path, properties, check)


def put_blob(call: BlobCall, body: Body) -> Response:
    """Put Blob: a block blob from one request; the old blob stays whole until the new one is."""
    check_md5(call, body)
    properties = properties_of(call, content_headers=True)
    if properties.content_md5 is not None and _md5(properties.content_md5) != body.md5:
        raise ServiceError(400, "Md5Mismatch", "x-ms-blob-content-md5 does not fit the content")
    blob = store_body(call, body, replace(properties, content_md5=body.content_md5), writable(call))
    call.store.blocks.finish(*call.key, call.owner, [])
    headers = {**version_headers(blob), **_ENCRYPTED, "content-md5": body.content_md5 or ""}
    return Response(None, 201, headers)


def put_append_blob(call: BlobCall, body: Body) -> Response:
    """Put Blob: an empty append blob."""
    if body.size:
        raise ServiceError(
            400, "InvalidHeaderValue", "an append blob is created empty: send its content by Append Block"
        )
    blob = store_body(call, body, properties_of(call, "append", content_headers=True), writable(call))
    return Response(None, 201, {**version_headers(blob), **_ENCRYPTED})


def put_block(call: BlobCall, body: Body) -> Response:
    """Put Block: a block that Put Block List can make part of the blob."""
    check_md5(call, body)
    add_block(call, body)
    headers = {"content-md5": body.content_md5} if body.content_md5 else {}
    return Response(None, 201, {**headers, **_ENCRYPTED})


def add_block(call: BlobCall, body: Body) -> None:
    """Keeps the body as the block that the query names. Raises a 400 :class:`ServiceError`."""
    block = call.query.get("blockid", "")
    if body.size == 0:
        raise ServiceError(400, "InvalidHeaderValue", "a block cannot be empty")
    if body.path is None:
        assert body.content is not None
        body.path = call.store.staging()
        body.path.write_bytes(body.content)
    try:
        call.store.blocks.add(*call.key, block, call.owner, body.path)
    except InvalidNameError as error:
        raise ServiceError(400, "InvalidQueryParameterValue", str(error)) from error


def put_block_list(call: BlobCall, body: Body) -> Response:
    """Put Block List: the blob becomes these blocks, in this order."""
    check_md5(call, body)
    assert body.content is not None
    wanted = list(parse_block_list(body.content))
    if len(wanted) > _MOST_BLOCKS:
        raise ServiceError(400, "BlockListTooLong", f"a blob can have {_MOST_BLOCKS} blocks")
    aside = call.store.staging()
    try:
        used, blocks = _assemble(call, wanted, aside)
        properties = replace(properties_of(call), blocks=tuple(blocks))
        blob = call.store.commit(*call.key, aside, properties, writable(call))
    finally:
        aside.unlink(missing_ok=True)
    call.store.blocks.finish(*call.key, call.owner, used)
    return Response(None, 201, {**version_headers(blob), **_ENCRYPTED})


def _assemble(call: BlobCall, wanted: list[tuple[str, str]], aside: Path) -> tuple[list[Path], list[tuple[str, int]]]:
    """Writes the blocks to ``aside``. Returns the files of uncommitted blocks, and every block's id and size."""
    waiting = call.store.blocks.of(*call.key, call.owner)
    used: list[Path] = []
    blocks: list[tuple[str, int]] = []
    with aside.open("xb", buffering=0) as target, _Committed(call) as committed:
        for kind, text in wanted:
            try:
                name = canonical_id(text)
            except InvalidNameError as error:
                raise ServiceError(400, "InvalidBlockList", str(error)) from error
            block = waiting.get(name) if kind != "Committed" else None
            if block is not None and _append(target.fileno(), block):
                used.append(block.path)
                blocks.append((name, block.size))
            elif kind != "Uncommitted" and name in committed.places:
                offset, size = committed.places[name]
                append_range(target.fileno(), committed.descriptor, offset, size)
                blocks.append((name, size))
            else:
                raise ServiceError(400, "InvalidBlockList", f"there is no {kind.lower()} block {text!r}")
    return used, blocks


def _append(target: int, block: Block) -> bool:
    """False when the block is gone: it was another uploader's, who has put their blob together meanwhile."""
    try:
        source = os.open(block.path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        append_range(target, source, 0, block.size)
    finally:
        os.close(source)
    return True


class _Committed:
    """The blob as it is, and where its blocks are in it."""

    def __init__(self, call: BlobCall) -> None:
        self.call = call
        self.places: dict[str, tuple[int, int]] = {}
        self.descriptor = -1

    def __enter__(self) -> _Committed:
        try:
            self.descriptor, blob = self.call.store.open(*self.call.key)
        except NotFoundError:
            return self
        offset = 0
        for name, size in blob.properties.blocks:
            self.places[name] = (offset, size)
            offset += size
        return self

    def __exit__(self, *_error: object) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


def append_block(call: BlobCall, body: Body) -> Response:
    """Append Block: adds to the end of an append blob."""
    check_md5(call, body)
    if body.size == 0:
        raise ServiceError(400, "InvalidHeaderValue", "a block cannot be empty")
    content = body.path if body.path is not None else body.content
    assert content is not None
    blob, offset = call.store.append(*call.key, content, _appendable(call, body.size))
    headers = {
        **version_headers(blob),
        **_ENCRYPTED,
        "x-ms-blob-append-offset": str(offset),
        "x-ms-blob-committed-block-count": str(blob.properties.appended),
    }
    if body.content_md5:
        headers["content-md5"] = body.content_md5
    return Response(None, 201, headers)


def _appendable(call: BlobCall, size: int) -> Check:
    conditions = changeable(call)
    position, largest = call.number("x-ms-blob-condition-appendpos"), call.number("x-ms-blob-condition-maxsize")

    def check(blob: Blob | None) -> None:
        conditions(blob)
        assert blob is not None
        if blob.properties.kind != "append":
            message = f"The blob type is invalid for this operation: {call.name} is no append blob."
            raise ServiceError(409, "InvalidBlobType", message)
        if position is not None and position != blob.size:
            raise ServiceError(412, "AppendPositionConditionNotMet", f"the blob ends at {blob.size}, not at {position}")
        if largest is not None and blob.size + size > largest:
            raise ServiceError(412, "MaxBlobSizeConditionNotMet", f"the blob would be larger than {largest} bytes")

    return check


def set_blob_metadata(call: BlobCall, _body: Body) -> Response:
    """Set Blob Metadata: replaces what the user noted on the blob."""
    metadata = call.metadata
    return _change(call, lambda properties: replace(properties, metadata=metadata))


def set_blob_properties(call: BlobCall, _body: Body) -> Response:
    """Set Blob Properties: replaces content type, encoding, language, disposition, MD5 and cache control."""
    for name in ("x-ms-blob-content-length", "x-ms-sequence-number-action"):
        if call.header(name):
            raise ServiceError(501, "NotImplemented", f"amlbridge does not serve page blobs ({name})")
    fresh = properties_of(call)

    def change(properties: BlobProperties) -> BlobProperties:
        kept = {name: getattr(properties, name) for name in ("kind", "metadata", "blocks", "appended", "copy")}
        return replace(fresh, **kept)

    return _change(call, change)


def _change(call: BlobCall, change: Callable[[BlobProperties], BlobProperties]) -> Response:
    blob = call.store.change_properties(*call.key, change, changeable(call))
    return Response(None, 200, {**version_headers(blob), **_ENCRYPTED})


def delete_blob(call: BlobCall, _body: Body) -> Response:
    """Delete Blob."""
    if (call.header("x-ms-delete-snapshots") or "include").lower() != "include":
        raise ServiceError(501, "NotImplemented", "amlbridge keeps no snapshots, so there are none to delete alone")
    if "" in call.name.split("/"):
        raise missing(call)
    call.store.delete(*call.key, changeable(call))
    call.store.blocks.drop(*call.key)
    return Response(None, 202, {"x-ms-delete-type-permanent": "true"})
