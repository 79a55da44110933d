"""Content on its way in and out: in pieces, so that a large blob needs no more memory than a small one."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from amlbridge.engine.blobs import BlobStore
from amlbridge.wire.errors import ServiceError

#: Bodies up to this size in bytes stay in memory; larger ones are written to a file in pieces of this size.
PIECE = 1 << 20
#: The largest XML body (50,000 block ids are 6 MB) in bytes.
_LARGEST_XML = 16 << 20


@dataclass
class Body:
    """What a client sent. Exactly one of ``content`` and ``path`` (a file in staging) is set."""

    size: int
    md5: bytes | None
    content: bytes | None = None
    path: Path | None = None

    @property
    def content_md5(self) -> str | None:
        """The MD5 in base64, if it was asked for."""
        return None if self.md5 is None else base64.b64encode(self.md5).decode()

    def discard(self) -> None:
        """Removes the file, if it has not become a blob."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


async def receive(request: Request, store: BlobStore, *, md5: bool) -> Body:
    """Reads a body. A client that goes away leaves nothing (:class:`starlette.requests.ClientDisconnect`)."""
    body = Body(0, None)
    digest = hashlib.md5(usedforsecurity=False) if md5 else None
    pieces: list[bytes] = []
    held, file = 0, -1

    def spill(final: bool) -> None:
        nonlocal file
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if digest is not None:
            digest.update(content)
        if file < 0 and final:
            body.content = content
            return
        if file < 0:
            body.path = store.staging()
            file = os.open(body.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        _write(file, content)

    try:
        async for piece in request.stream():
            pieces.append(piece)
            held += len(piece)
            body.size += len(piece)
            if held >= PIECE:
                await anyio.to_thread.run_sync(spill, False)
                held = 0
        # A small body costs no thread.
        if file < 0:
            spill(True)
        else:
            await anyio.to_thread.run_sync(spill, True)
    except BaseException:
        body.discard()
        raise
    finally:
        if file >= 0:
            os.close(file)
    body.md5 = None if digest is None else digest.digest()
    return body


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


async def receive_xml(request: Request) -> bytes:
    """A body that must fit into memory. Raises a 413 :class:`ServiceError`."""
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _LARGEST_XML:
            raise ServiceError(413, "RequestBodyTooLarge", f"the body is larger than {_LARGEST_XML} bytes")
    return bytes(content)


class FileRange(Response):
    """A response whose body is a range of an open file, which it closes. The file must not become shorter."""

    def __init__(self, status: int, headers: Mapping[str, str], descriptor: int, first: int, size: int) -> None:
        super().__init__(None, status, {**headers, "content-length": str(size)})
        self.descriptor = descriptor
        self.first = first
        self.size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            start: dict[str, Any] = {"type": "http.response.start", "status": self.status_code}
            await send({**start, "headers": self.raw_headers})
            offset, left = self.first, self.size
            while left > 0:
                piece = await anyio.to_thread.run_sync(os.pread, self.descriptor, min(PIECE, left), offset)
                if not piece:
                    # A step truncates the file under us: ending the connection tells the client.
                    raise ConnectionAbortedError(f"{left} bytes are missing: the blob was truncated while it was read")
                offset, left = offset + len(piece), left - len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        finally:
            os.close(self.descriptor)
