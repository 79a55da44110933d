"""What a mapped URL answers: the file, as a web server and as a blob of Azure would give it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from amlbridge.engine.blobs import Blob
from amlbridge.wire import blob_xml
from amlbridge.wire.blob_conditions import http_date

_VERSION = "2021-08-06"


def answer(request: Request, url: str, place: Path) -> Response:
    """The answer to a request for ``url``, which is mapped to ``place``."""
    if request.method not in ("GET", "HEAD"):
        return _problem(405, "MethodNotAllowed", f"{url} is mapped to {place}: it can be read, not changed")
    if not place.is_file():
        what = "which is a folder" if place.is_dir() else "which is not there"
        return _problem(404, "BlobNotFound", f"{url} is mapped to {place}, {what}")
    if not os.access(place, os.R_OK):
        return _problem(403, "AuthorizationFailure", f"{url} is mapped to {place}, which you may not read")
    _take_range(request)
    headers = {
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": request.headers.get("x-ms-version", _VERSION),
        "x-ms-server-encrypted": "true",
    }
    return FileResponse(place, headers=headers)


def _take_range(request: Request) -> None:
    """Storage clients send their range under a name of its own."""
    wanted = request.headers.get("x-ms-range")
    if wanted is not None and "range" not in request.headers:
        request.scope["headers"].append((b"range", wanted.encode("latin-1")))


def container(request: Request, host: str, files: Mapping[str, Path]) -> Response:
    """The answer to what storage clients ask of a container: whether it is there, and which blobs it has."""
    query = request.query_params
    headers = {"x-ms-version": _VERSION}
    if request.method not in ("GET", "HEAD"):
        return _problem(405, "MethodNotAllowed", "URLs of this container are mapped to files: they can only be read")
    if query.get("comp") != "list":
        state = {"etag": '"0x1"', "last-modified": http_date(0), "x-ms-lease-state": "available"}
        return Response(None, 200, headers | state)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    items: dict[str, Blob | str] = {}
    for name, path in files.items():
        if not name.startswith(prefix):
            continue
        head, deeper, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
        if deeper:
            items[prefix + head + delimiter] = prefix + head + delimiter
        else:
            state_of = path.stat()
            etag = f'"0x{state_of.st_mtime_ns:X}{state_of.st_size:X}"'
            items[name] = Blob(name, state_of.st_size, state_of.st_mtime, etag)
    asked = {"Prefix": prefix, "Delimiter": delimiter}
    name = unquote(request.scope["path"].strip("/"))
    content = blob_xml.blob_list(f"https://{host}/", name, asked, items.values(), "", metadata=False)
    return Response(content, 200, headers, "application/xml")


def _problem(status: int, code: str, text: str) -> Response:
    return PlainTextResponse(f"amlbridge: {text}\n", status, {"x-ms-error-code": code})
