"""The blob endpoint: Azure Blob Storage over the plain folders of :mod:`amlbridge.engine.blobs`.

It serves what no other service claims (protocol notes, section 2). URLs have the form
``https://{account}.blob.x@127.0.0.1:{port}/{container}/{blob}``: the clients connect to what stands behind the ``@``.
Who may do what is in :mod:`amlbridge.wire.blob_auth`, the operations are in :mod:`amlbridge.wire.blob_operations`.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import uuid

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from amlbridge.engine.errors import ConflictError, EngineError, InvalidNameError, NotFoundError
from amlbridge.wire import blob_xml, unfound
from amlbridge.wire.blob_auth import authenticate
from amlbridge.wire.blob_operations import BlobOperation, find_operation
from amlbridge.wire.blob_read import missing
from amlbridge.wire.blob_request import CALLED_ACCOUNT, BlobCall, blob_call, locate
from amlbridge.wire.blob_stream import PIECE, Body, receive, receive_xml
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

log = logging.getLogger(__name__)

_VERSION = "2021-08-06"
_NOTHING = Body(0, None, b"")


class BlobEndpoint:
    """Answers blob requests; None for a request that is none (it has no mark of a storage client)."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, request: Request) -> Response | None:
        if not is_blob_request(request):
            return None
        call = blob_call(self.service, request)
        response = await self._answered(call, request)
        if response.status_code == 404 and call.method in ("GET", "HEAD") and call.account and call.name:
            unfound.note(self.service, call.account, call.container, call.name)
            client = call.headers.get("user-agent", "")
            if unfound.made(self.service, call.account, call.container, call.name, client):
                response = await self._answered(call, request)
        response.headers["x-ms-request-id"] = str(uuid.uuid4())
        response.headers["x-ms-version"] = call.headers.get("x-ms-version", _VERSION)
        if "x-ms-client-request-id" in call.headers:
            response.headers["x-ms-client-request-id"] = call.headers["x-ms-client-request-id"]
        return response

    async def _answered(self, call: BlobCall, request: Request) -> Response:
        try:
            return await _answer(call, request)
        except ClientDisconnect:
            raise
        except ServiceError as error:
            return _failure(call, error)
        except EngineError as error:
            return _failure(call, _from_engine(call, error))
        except OSError as error:
            return _failure(call, _from_system(call, error))
        except Exception as error:
            log.exception("%s %s failed", call.method, call.raw_path)
            message = f"the blob endpoint failed: {type(error).__name__}: {error}"
            return _failure(call, ServiceError(500, "InternalError", message))


def is_blob_request(request: Request) -> bool:
    """Whether a storage client sent this: such requests have a version header, a SharedKey signature or a SAS."""
    headers = request.headers
    if CALLED_ACCOUNT in request.scope.get("state", {}):
        return True
    if "x-ms-version" in headers or "x-ms-blob-type" in headers:
        return True
    if any(value.lower().startswith("sharedkey") for value in headers.getlist("authorization")):
        return True
    return any(part.startswith(b"sig=") for part in request.scope["query_string"].split(b"&"))


async def _answer(call: BlobCall, request: Request) -> Response:
    locate(call)
    call.grant = authenticate(call)
    operation = find_operation(call)
    operation.authorize(call)
    if operation.body == "none":
        return await anyio.to_thread.run_sync(operation.handler, call, _NOTHING)
    small = operation.body == "xml" or int(request.headers.get("content-length", PIECE + 1)) <= PIECE
    if not small:
        await anyio.to_thread.run_sync(_prepare, operation, call)
    if operation.body == "xml":
        content = await receive_xml(request)
        digest = hashlib.md5(content, usedforsecurity=False).digest() if "content-md5" in call.headers else None
        body = Body(len(content), digest, content)
    else:
        md5 = operation.md5 or "content-md5" in call.headers
        body = await receive(request, call.store, md5=md5)
    return await anyio.to_thread.run_sync(_perform, operation, call, body, small)


def _prepare(operation: BlobOperation, call: BlobCall) -> None:
    if operation.prepare is not None:
        operation.prepare(call)


def _perform(operation: BlobOperation, call: BlobCall, body: Body, prepare: bool) -> Response:
    try:
        if prepare:
            _prepare(operation, call)
        return operation.handler(call, body)
    finally:
        body.discard()


def _failure(call: BlobCall, error: ServiceError) -> Response:
    log.info("%s %s %s: %s", error.status, call.method, call.raw_path, error.message)
    headers = {"x-ms-error-code": error.code}
    if error.status == 304:
        return Response(None, 304, headers)
    return Response(blob_xml.error(error), error.status, headers, "application/xml")


def _from_engine(call: BlobCall, error: EngineError) -> ServiceError:
    if isinstance(error, NotFoundError):
        return missing(call)
    if isinstance(error, ConflictError):
        return ServiceError(409, "PathConflict", str(error))
    if isinstance(error, InvalidNameError):
        return ServiceError(400, "InvalidUri", str(error))
    return ServiceError(500, "InternalError", str(error))


def _from_system(call: BlobCall, error: OSError) -> ServiceError:
    """4xx where the client must not try again."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ServiceError(409, "InsufficientStorage", f"the disk of the state folder is full ({error.strerror})")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ServiceError(403, "InsufficientAccountPermissions", f"the state folder forbids this: {error.strerror}")
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        return ServiceError(400, "InvalidUri", f"the name cannot be a file here: {error.strerror}")
    log.exception("%s %s failed", call.method, call.raw_path)
    return ServiceError(500, "InternalError", f"the state folder failed: {error.strerror}")
