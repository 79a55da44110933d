"""The file endpoint: what ``AzureFileDatastore`` and azure-storage-file-share speak of Azure Files' REST protocol.

A share is a folder like a container, in an account of its own (:data:`amlbridge.wire.storage.FILE_ACCOUNT`), because
a share and a container of one account may have the same name. The host that tells files from blobs does not reach us
(:mod:`amlbridge.wire.blob`), so requests are told by the client's user agent and by what only files have; those of the
native dataset engine, which have neither, by the share: one that no container of the account is called like. Unlike a
blob, a file is there from its creation on and filled in place: Azure Files has no commit.

Source: "File service REST API" in Microsoft's reference; what the client sends was measured with azureml-core 1.61 and
azureml-dataprep-rslex 2.22.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from amlbridge.engine.errors import ConflictError, EngineError, InvalidNameError, NotFoundError
from amlbridge.wire import blob_read, blob_xml
from amlbridge.wire.blob_auth import authenticate, denied
from amlbridge.wire.blob_conditions import http_date
from amlbridge.wire.blob_request import BlobCall, blob_call, locate
from amlbridge.wire.blob_stream import Body
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.storage import FILE_ACCOUNT

log = logging.getLogger(__name__)

#: What other requests go to.
Others = Callable[[Request], Awaitable[Response | None]]

#: Where the ASGI scope's ``state`` says whether the host that a request called is one of file shares.
CALLED_SHARE = "called_share"
_CLIENT = "storage-file-share"
#: The largest range of one request and the largest page of a list; Azure's limits.
_LARGEST_RANGE, _LARGEST_PAGE = 4 << 20, 5000
_VERSION = "2021-06-08"
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_EMPTY = Body(0, None, b"")


class FileShareEndpoint:
    """Answers the requests of file clients, and passes all others on."""

    def __init__(self, service: Service, others: Others) -> None:
        self._service = service
        self._others = others

    async def __call__(self, request: Request) -> Response | None:
        call = blob_call(self._service, request)
        if not (is_file_request(request) or _names_share(call)):
            return await self._others(request)
        try:
            content = await _read(request)
            response = await anyio.to_thread.run_sync(_answer, call, content)
        except ServiceError as error:
            response = _failure(call, error)
        except EngineError as error:
            response = _failure(call, _from_engine(call, error))
        except OSError as error:
            log.exception("%s %s failed", call.method, call.raw_path)
            status = 409 if error.errno in (errno.ENOSPC, errno.EDQUOT) else 500
            response = _failure(call, ServiceError(status, "InsufficientStorage", f"the state folder failed: {error}"))
        response.headers["x-ms-request-id"] = str(uuid.uuid4())
        response.headers["x-ms-version"] = call.headers.get("x-ms-version", _VERSION)
        return response


def is_file_request(request: Request) -> bool:
    """Whether a client of Azure Files sent this."""
    headers, query = request.headers, request.query_params
    if (called := request.scope.get("state", {}).get(CALLED_SHARE)) is not None:
        return bool(called)
    return (
        _CLIENT in headers.get("user-agent", "")
        or headers.get("x-ms-type", "").lower() == "file"
        or ("x-ms-version" in headers and query.get("restype") in ("directory", "share"))
    )


def _names_share(call: BlobCall) -> bool:
    """Whether only a share of the account that has signed a request is called what the path begins with."""
    scheme, _, signed = (call.header("authorization") or "").partition(" ")
    account, container = signed.partition(":")[0], unquote(call.raw_path.lstrip("/").partition("/")[0])
    if scheme.lower() != "sharedkey" or not account or not container:
        return False
    try:
        share = call.store.container(account + FILE_ACCOUNT, container)
        return share.is_dir() and not call.store.container(account, container).is_dir()
    except InvalidNameError:
        return False


async def _read(request: Request) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _LARGEST_RANGE:
            raise ServiceError(413, "RequestBodyTooLarge", f"a range has at most {_LARGEST_RANGE} bytes")
    return bytes(content)


def _answer(call: BlobCall, content: bytes) -> Response:
    locate(call)
    grant = authenticate(call)
    if grant.permissions is not None:
        raise denied("the file endpoint takes the account key, no shared access signature")
    call.grant = replace(grant, account=grant.account + FILE_ACCOUNT)
    call.name = call.name.strip("/")
    kind = call.query.get("restype", "file").lower()
    handler = OPERATIONS.get((call.method, kind, call.comp))
    if handler is None:
        raise ServiceError(
            501,
            "NotImplemented",
            f"amlbridge does not serve {call.method} of a {kind} with comp={call.comp!r} on file shares",
        )
    if not call.container:
        raise ServiceError(400, "InvalidUri", "the request names no file share")
    if kind != "share" and not call.store.container(call.account, call.container).is_dir():
        raise ServiceError(404, "ShareNotFound", f"The specified share does not exist: {call.container}")
    return handler(call, content)


def _failure(call: BlobCall, error: ServiceError) -> Response:
    body = "" if call.method == "HEAD" else blob_xml.error(error)
    return Response(body, error.status, {"x-ms-error-code": error.code}, media_type="application/xml")


def _from_engine(call: BlobCall, error: EngineError) -> ServiceError:
    if isinstance(error, NotFoundError):
        return ServiceError(404, "ResourceNotFound", f"The specified resource does not exist: {call.name}")
    if isinstance(error, InvalidNameError):
        return ServiceError(400, "InvalidResourceName", str(error))
    if isinstance(error, ConflictError):
        return ServiceError(409, "ResourceTypeMismatch", str(error))
    return ServiceError(500, "InternalError", str(error))


def _path(call: BlobCall) -> Path:
    base = call.store.container(call.account, call.container)
    return call.store.path(*call.key) if call.name else base


def _headers(path: Path) -> dict[str, str]:
    status = path.stat()
    return {
        "etag": f'"0x{status.st_mtime_ns:X}{status.st_size:X}"',
        "last-modified": http_date(status.st_mtime),
        "x-ms-server-encrypted": "true",
        "x-ms-file-attributes": "Directory" if path.is_dir() else "Archive",
    }


# --- shares and directories


def create_share(call: BlobCall, _content: bytes) -> Response:
    """Create Share."""
    if not call.store.create_container(call.account, call.container):
        raise ServiceError(409, "ShareAlreadyExists", f"The specified share already exists: {call.container}")
    return Response(status_code=201, headers=_headers(_path(call)))


def get_share(call: BlobCall, _content: bytes) -> Response:
    """Get Share Properties."""
    path = call.store.container(call.account, call.container)
    if not path.is_dir():
        raise ServiceError(404, "ShareNotFound", f"The specified share does not exist: {call.container}")
    return Response(status_code=200, headers={**_headers(path), "x-ms-share-quota": "5120"})


def get_directory(call: BlobCall, _content: bytes) -> Response:
    """Get Directory Properties."""
    path = _path(call)
    if not path.is_dir():
        raise NotFoundError(call.name)
    return Response(status_code=200, headers=_headers(path))


def create_directory(call: BlobCall, _content: bytes) -> Response:
    """Create Directory. Its parent must be there."""
    path = _path(call)
    try:
        path.mkdir()
    except FileExistsError:
        code = "ResourceAlreadyExists" if path.is_dir() else "ResourceTypeMismatch"
        raise ServiceError(409, code, f"The specified resource already exists: {call.name}") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ServiceError(404, "ParentNotFound", "The specified parent path does not exist.") from None
    return Response(status_code=201, headers=_headers(path))


def delete_directory(call: BlobCall, _content: bytes) -> Response:
    """Delete Directory. It must be empty."""
    path = _path(call)
    if not path.is_dir():
        raise NotFoundError(call.name)
    if not call.name or any(path.iterdir()):
        raise ServiceError(409, "DirectoryNotEmpty", "The specified directory is not empty.")
    path.rmdir()
    return Response(status_code=202)


def list_directory(call: BlobCall, _content: bytes) -> Response:
    """List Directories and Files: one level, in pages, in the order of the names."""
    path = _path(call)
    if not path.is_dir():
        raise NotFoundError(call.name)
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    wanted = call.query.get("maxresults", str(_LARGEST_PAGE))
    if not wanted.isdecimal() or int(wanted) == 0:
        raise ServiceError(400, "InvalidQueryParameterValue", f"maxresults must be a positive number, not {wanted!r}")
    size = min(int(wanted), _LARGEST_PAGE)
    entries = sorted(entry.name for entry in os.scandir(path) if entry.name.startswith(prefix) and entry.name >= marker)
    following = entries[size] if len(entries) > size else ""
    share, folder = blob_xml.text(call.container), blob_xml.text(call.name)
    body = "".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<EnumerationResults ServiceEndpoint="https://{call.account}" ShareName="{share}" ',
            f'DirectoryPath="{folder}"><Prefix>{blob_xml.text(prefix)}</Prefix>',
            f"<Marker>{blob_xml.text(marker)}</Marker><MaxResults>{size}</MaxResults><Entries>",
            *_entries(path, entries[:size]),
            f"</Entries><NextMarker>{blob_xml.text(following)}</NextMarker></EnumerationResults>",
        )
    )
    return Response(body, media_type="application/xml")


def _entries(folder: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        path = folder / name
        if path.is_dir():
            yield f"<Directory>{blob_xml.name_element(name)}<Properties /></Directory>"
        elif path.is_file():
            size = path.stat().st_size
            properties = f"<Properties><Content-Length>{size}</Content-Length></Properties>"
            yield f"<File>{blob_xml.name_element(name)}{properties}</File>"


# --- files


def create_file(call: BlobCall, _content: bytes) -> Response:
    """Create File: of the given size, filled with zeros. Its directory must be there."""
    size = call.number("x-ms-content-length")
    if (call.header("x-ms-type") or "").lower() != "file" or size is None or not call.name:
        raise ServiceError(400, "MissingRequiredHeader", "a file needs a name, x-ms-type: file and x-ms-content-length")
    path = _path(call)
    if not path.parent.is_dir():
        raise ServiceError(404, "ParentNotFound", "The specified parent path does not exist.")
    aside = call.store.staging()
    try:
        with aside.open("xb") as file:
            file.truncate(size)
        call.store.commit(*call.key, aside)
    finally:
        aside.unlink(missing_ok=True)
    return Response(status_code=201, headers=_headers(path))


def put_range(call: BlobCall, content: bytes) -> Response:
    """Put Range: fills or clears a part of a file in place."""
    match = _RANGE.fullmatch(call.header("x-ms-range") or call.header("range") or "")
    write = (call.header("x-ms-write") or "").lower()
    if match is None or write not in ("update", "clear"):
        raise ServiceError(400, "InvalidHeaderValue", "a range needs x-ms-range: bytes=A-B and x-ms-write")
    first, last = int(match[1]), int(match[2])
    path = _path(call)
    if not path.is_file():
        raise NotFoundError(call.name)
    if write == "update" and len(content) != last - first + 1:
        raise ServiceError(400, "InvalidHeaderValue", "the body is not as long as x-ms-range says")
    with path.open("r+b") as file:
        if first > last or last >= os.fstat(file.fileno()).st_size:
            raise ServiceError(416, "InvalidRange", "The range specified is invalid for the current size of the file.")
        os.pwrite(file.fileno(), content if write == "update" else bytes(last - first + 1), first)
    return Response(status_code=201, headers=_headers(path))


def set_file_properties(call: BlobCall, _content: bytes) -> Response:
    """Set File Properties: the size; what grows is filled with zeros."""
    path, size = _path(call), call.number("x-ms-content-length")
    if not path.is_file():
        raise NotFoundError(call.name)
    if size is not None:
        os.truncate(path, size)
    return Response(status_code=200, headers=_headers(path))


def get_file(call: BlobCall, _content: bytes) -> Response:
    """Get File: the content, or a range of it."""
    return _as_file(blob_read.get_blob(call, _EMPTY))


def get_file_properties(call: BlobCall, _content: bytes) -> Response:
    """Get File Properties."""
    return _as_file(blob_read.get_blob_properties(call, _EMPTY))


def _as_file(response: Response) -> Response:
    del response.headers["x-ms-blob-type"]
    response.headers["x-ms-type"] = "File"
    return response


def delete_file(call: BlobCall, _content: bytes) -> Response:
    """Delete File."""
    path = _path(call)
    if not path.is_file():
        raise NotFoundError(call.name)
    # The directory stays, even an empty one: unlike a blob's, it is a thing of its own.
    path.unlink()
    return Response(status_code=202)


OPERATIONS: dict[tuple[str, str, str], Callable[[BlobCall, bytes], Response]] = {
    ("PUT", "share", ""): create_share,
    ("GET", "share", ""): get_share,
    ("HEAD", "share", ""): get_share,
    ("GET", "directory", ""): get_directory,
    ("HEAD", "directory", ""): get_directory,
    ("PUT", "directory", ""): create_directory,
    ("DELETE", "directory", ""): delete_directory,
    ("GET", "directory", "list"): list_directory,
    ("PUT", "file", ""): create_file,
    ("PUT", "file", "properties"): set_file_properties,
    ("PUT", "file", "range"): put_range,
    ("GET", "file", ""): get_file,
    ("HEAD", "file", ""): get_file_properties,
    ("DELETE", "file", ""): delete_file,
}
