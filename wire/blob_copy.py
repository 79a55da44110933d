"""Operations that write a blob from another blob of this service. They are done when they answer."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

from amlbridge.engine.blob_blocks import append_range
from amlbridge.engine.blobs import Blob
from amlbridge.engine.errors import EngineError
from amlbridge.wire.blob_auth import authenticate
from amlbridge.wire.blob_conditions import http_date, parse_range, writable
from amlbridge.wire.blob_read import version_headers
from amlbridge.wire.blob_request import BlobCall, Grant, locate
from amlbridge.wire.blob_stream import Body
from amlbridge.wire.blob_write import add_block, append_block, prepare_blob, prepare_block, properties_of
from amlbridge.wire.errors import ServiceError


def _source(call: BlobCall) -> BlobCall:
    """The request to read the source. Raises a :class:`ServiceError`: 501 for a source that is not ours."""
    url = urlsplit(call.headers["x-ms-copy-source"])
    userinfo, _, host = url.netloc.rpartition("@")
    ours = {f"{call.service.host}:{port}" for port in (call.service.http_port, call.service.https_port)}
    if host not in ours:
        raise ServiceError(
            501,
            "NotImplemented",
            f"amlbridge copies only blobs of its own: {url.netloc!r} is not reached. Download the file and upload it",
        )
    proof = call.header("x-ms-copy-source-authorization")
    headers = Headers({"authorization": proof} if proof else {})
    source = BlobCall(call.service, "GET", url.scheme, url.path, url.query, headers, call.client)
    locate(source)
    if not source.name:
        raise ServiceError(400, "InvalidHeaderValue", "the copy source names no blob")
    if proof or "sig" in source.query:
        source.grant = authenticate(source)
        allowed = source.grant.permissions is None or "r" in source.grant.permissions
    else:
        # As in Azure, the key of an account reads all its blobs.
        source.grant = Grant(userinfo.partition(".blob.")[0] or call.account)
        allowed = source.account == call.account and call.grant.permissions is None
    if not allowed:
        raise ServiceError(403, "CannotVerifyCopySource", "the request may not read the source: sign its URL (SAS)")
    return source


@contextmanager
def _opened(call: BlobCall) -> Iterator[tuple[int, Blob]]:
    source = _source(call)
    try:
        descriptor, blob = source.store.open(*source.key)
    except EngineError as error:
        raise ServiceError(404, "CannotVerifyCopySource", f"The source cannot be read: {error}") from error
    try:
        yield descriptor, blob
    finally:
        os.close(descriptor)


def _copy(call: BlobCall) -> Blob:
    prepare_blob(call)
    aside = call.store.staging()
    try:
        with _opened(call) as (descriptor, blob), aside.open("xb", buffering=0) as target:
            append_range(target.fileno(), descriptor, 0, blob.size)
        changes = {
            name: value
            for name, value in vars(properties_of(call)).items()
            if value and name not in ("kind", "blocks", "appended", "copy")
        }
        url = call.headers["x-ms-copy-source"].partition("?")[0]
        origin = {"id": str(uuid.uuid4()), "source": url, "completed": http_date(call.service.clock())}
        properties = replace(blob.properties, **changes, copy=origin)
        return call.store.commit(*call.key, aside, properties, writable(call))
    finally:
        aside.unlink(missing_ok=True)


def copy_blob(call: BlobCall, _body: Body) -> Response:
    """Copy Blob: content, properties and metadata of another blob of this service."""
    blob = _copy(call)
    headers = {"x-ms-copy-id": blob.properties.copy["id"], "x-ms-copy-status": "success"}
    return Response(None, 202, version_headers(blob) | headers)


def put_blob_from_url(call: BlobCall, _body: Body) -> Response:
    """Put Blob From URL: as Copy Blob."""
    return Response(None, 201, version_headers(_copy(call)))


def _range(call: BlobCall) -> Body:
    """The range of the source that the request names, as a body."""
    aside = call.store.staging()
    with _opened(call) as (descriptor, blob):
        text = call.header("x-ms-source-range")
        first, last = parse_range(text, blob.size) if text else (0, blob.size - 1)
        body = Body(last - first + 1, None, path=aside)
        try:
            with aside.open("xb", buffering=0) as target:
                append_range(target.fileno(), descriptor, first, body.size)
        except BaseException:
            body.discard()
            raise
    return body


def put_block_from_url(call: BlobCall, _body: Body) -> Response:
    """Put Block From URL: a block from another blob of this service."""
    prepare_block(call)
    body = _range(call)
    try:
        add_block(call, body)
    finally:
        body.discard()
    return Response(None, 201, {"x-ms-request-server-encrypted": "true"})


def append_block_from_url(call: BlobCall, _body: Body) -> Response:
    """Append Block From URL: adds from another blob of this service."""
    prepare_block(call)
    body = _range(call)
    try:
        return append_block(call, body)
    finally:
        body.discard()
