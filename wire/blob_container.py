"""Operations on containers and on the account."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from starlette.responses import Response

from amlbridge.engine.blobs import Blob, Container
from amlbridge.wire import blob_xml, unfound
from amlbridge.wire.blob_accounts import has_container
from amlbridge.wire.blob_conditions import http_date, not_met, readable
from amlbridge.wire.blob_read import metadata_headers
from amlbridge.wire.blob_request import BlobCall, folder_path
from amlbridge.wire.blob_stream import Body
from amlbridge.wire.errors import ServiceError

_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*|\$(root|logs|web)")
_MOST_RESULTS = 5000
#: What List Blobs can include. Of snapshots, versions, deleted blobs, tags and policies there are none to list.
_INCLUDES = {
    "copy",
    "metadata",
    "snapshots",
    "deleted",
    "versions",
    "deletedwithversions",
    "tags",
    "immutabilitypolicy",
    "legalhold",
    "permissions",
    "",
}


def _state(call: BlobCall) -> Container:
    if not has_container(call):
        message = f"The specified container does not exist: {call.container}"
        raise ServiceError(404, "ContainerNotFound", message)
    return call.store.container_state(call.account, call.container)


def _headers(container: Container) -> dict[str, str]:
    return {"etag": container.etag, "last-modified": http_date(container.modified)}


def create_container(call: BlobCall, _body: Body) -> Response:
    """Create Container."""
    if not _NAME.fullmatch(call.container):
        raise ServiceError(
            400,
            "InvalidResourceName",
            f"{call.container!r} cannot name a container: use 3 to 63 small letters, digits and single hyphens",
        )
    if call.header("x-ms-blob-public-access"):
        raise ServiceError(501, "NotImplemented", "amlbridge gives no public access to containers")
    if not call.store.create_container(call.account, call.container, call.metadata):
        raise ServiceError(409, "ContainerAlreadyExists", f"The specified container already exists: {call.container}")
    return Response(None, 201, _headers(_state(call)))


def get_container_properties(call: BlobCall, _body: Body) -> Response:
    """Get Container Properties."""
    container = _state(call)
    readable(call, container)
    fixed = {
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
    }
    return Response(None, 200, _headers(container) | metadata_headers(container.metadata) | fixed)


def get_container_metadata(call: BlobCall, _body: Body) -> Response:
    """Get Container Metadata."""
    container = _state(call)
    return Response(None, 200, _headers(container) | metadata_headers(container.metadata))


def set_container_metadata(call: BlobCall, _body: Body) -> Response:
    """Set Container Metadata."""
    try:
        readable(call, _state(call))
    except ServiceError as error:
        raise not_met() if error.status == 304 else error from error
    return Response(None, 200, _headers(call.store.set_container_metadata(call.account, call.container, call.metadata)))


def delete_container(call: BlobCall, _body: Body) -> Response:
    """Delete Container, with all its blobs."""
    try:
        readable(call, _state(call))
    except ServiceError as error:
        raise not_met() if error.status == 304 else error from error
    call.store.delete_container(call.account, call.container)
    return Response(None, 202)


def list_blobs(call: BlobCall, _body: Body) -> Response:
    """List Blobs: in name order, with prefix, delimiter and pages."""
    query = call.query
    included = {part.strip().lower() for part in query.get("include", "").split(",")}
    if unknown := sorted(included - _INCLUDES):
        raise ServiceError(501, "NotImplemented", f"amlbridge cannot include {unknown[0]} in a list of blobs")
    for name in ("showonly", "startfrom", "endbefore"):
        if query.get(name):
            raise ServiceError(501, "NotImplemented", f"amlbridge does not serve {name} for a list of blobs")
    _state(call)
    count, marker = _most(call), query.get("marker", "")
    start = _decode_marker(marker) if marker else ""
    asked = query.get("prefix", "")
    prefix = _plain(asked)
    delimiter = query.get("delimiter", "")
    page = list(islice(call.store.items(call.account, call.container, prefix, start, delimiter), count + 1))
    if not page and not marker:
        unfound.note(call.service, call.account, call.container, prefix)
        if unfound.made(call.service, call.account, call.container, prefix, call.headers.get("user-agent", "")):
            page = list(islice(call.store.items(call.account, call.container, prefix, start, delimiter), count + 1))
    after = page[count] if len(page) > count else None
    following = "" if after is None else encode_marker(after if isinstance(after, str) else after.name)
    named = page[:count] if prefix == asked else [_renamed(item, prefix, asked) for item in page[:count]]
    content = blob_xml.blob_list(
        _endpoint(call), call.container, _asked(call), named, following, "metadata" in included
    )
    return Response(content, 200, {}, "application/xml")


def _plain(prefix: str) -> str:
    """A prefix without segments that mean nothing, as a blob is found (:func:`amlbridge.wire.blob_request.locate`)."""
    *folders, last = prefix.split("/")
    return folder_path(folders) + last


def _renamed(item: Blob | str, prefix: str, asked: str) -> Blob | str:
    """An item of a list as it was asked for: rslex matches the names with its pattern as it stands."""
    if isinstance(item, str):
        return asked + item.removeprefix(prefix)
    return replace(item, name=asked + item.name.removeprefix(prefix))


def list_containers(call: BlobCall, _body: Body) -> Response:
    """List Containers of an account."""
    query = call.query
    included = {part.strip().lower() for part in query.get("include", "").split(",")}
    count, prefix, marker = _most(call), query.get("prefix", ""), query.get("marker", "")
    start = _decode_marker(marker) if marker else ""
    names = [name for name in call.store.containers(call.account) if name.startswith(prefix) and name >= start]
    following = encode_marker(names[count]) if len(names) > count else ""

    def items() -> Iterator[Container]:
        for name in names[:count]:
            yield call.store.container_state(call.account, name)

    content = blob_xml.container_list(_endpoint(call), _asked(call), items(), following, "metadata" in included)
    return Response(content, 200, {}, "application/xml")


def get_account_information(_call: BlobCall, _body: Body) -> Response:
    """Get Account Information: a general account without a hierarchical namespace."""
    headers = {"x-ms-sku-name": "Standard_LRS", "x-ms-account-kind": "StorageV2", "x-ms-is-hns-enabled": "false"}
    return Response(None, 200, headers)


def _endpoint(call: BlobCall) -> str:
    return f"https://{call.account}.blob.{call.service.storage_endpoint}/"


def _asked(call: BlobCall) -> dict[str, str]:
    names = {"Prefix": "prefix", "Marker": "marker", "MaxResults": "maxresults", "Delimiter": "delimiter"}
    return {element: call.query.get(name, "") for element, name in names.items()}


def _most(call: BlobCall) -> int:
    text = call.query.get("maxresults", "")
    if not text:
        return _MOST_RESULTS
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        message = f"maxresults must be a whole number above 0, not {text[:40]!r}"
        raise ServiceError(400, "OutOfRangeQueryParameterValue", message)
    return min(int(text[:9]), _MOST_RESULTS)


def encode_marker(name: str) -> str:
    """The marker of the page that begins with this name."""
    return base64.urlsafe_b64encode(name.encode(errors="surrogateescape")).decode()


def _decode_marker(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode(errors="surrogateescape")
    except (binascii.Error, ValueError) as error:
        raise ServiceError(400, "InvalidQueryParameterValue", f"{marker[:80]!r} is no marker of ours") from error
