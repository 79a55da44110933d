"""The operations of the blob service: what a request asks for, and what it takes to be allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from starlette.responses import Response

from amlbridge.wire import blob_container, blob_copy, blob_read, blob_write
from amlbridge.wire.blob_auth import denied
from amlbridge.wire.blob_request import BlobCall, Level
from amlbridge.wire.blob_stream import Body
from amlbridge.wire.errors import ServiceError

Handler: TypeAlias = Callable[[BlobCall, Body], Response]
_PATHS: dict[Level, str] = {"account": "/", "container": "/{container}", "blob": "/{container}/{blob*}"}


@dataclass(frozen=True)
class BlobOperation:
    """One operation. ``comp`` is the query parameter that selects it, ``variant`` the header that does besides.

    ``permissions``: a shared access signature needs one of these letters. ``body``: what comes with the request.
    ``service``, ``name``, ``method``, ``path``, ``summary`` and ``refused`` are those of
    :class:`amlbridge.wire.routing.Operation`, for the coverage table.
    """

    method: str
    level: Level
    handler: Handler
    permissions: str
    comp: str = ""
    variant: str = ""
    body: Literal["none", "xml", "stream"] = "none"
    prepare: Callable[[BlobCall], None] | None = None
    md5: bool = False
    service: str = "blob"
    refused: str | None = None

    @property
    def name(self) -> str:
        """The handler's name."""
        return self.handler.__name__

    @property
    def path(self) -> str:
        """The path with the parameters that select the operation."""
        parts = [f"comp={self.comp}"] if self.comp else []
        if self.level == "container":
            parts.insert(0, "restype=container")
        elif self.comp == "properties" and self.level == "account":
            parts.insert(0, "restype=account")
        return _PATHS[self.level] + ("?" + "&".join(parts) if parts else "")

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]

    def authorize(self, call: BlobCall) -> None:
        """Raises a 403 :class:`ServiceError` unless the grant is good for this operation."""
        grant = call.grant
        if self.level not in grant.levels:
            raise denied(f"the signature does not hold for {self.level}s", "AuthorizationResourceTypeMismatch")
        if grant.permissions is not None and not set(self.permissions) & set(grant.permissions):
            needed = " or ".join(self.permissions)
            message = f"This request is not authorized to perform this operation: the signature must allow {needed}."
            raise ServiceError(403, "AuthorizationPermissionMismatch", message)


OPERATIONS: tuple[BlobOperation, ...] = (
    BlobOperation("GET", "account", blob_container.list_containers, "l", "list"),
    BlobOperation("GET", "account", blob_container.get_account_information, "rl", "properties"),
    BlobOperation("PUT", "container", blob_container.create_container, "cw"),
    BlobOperation("GET", "container", blob_container.get_container_properties, "r"),
    BlobOperation("HEAD", "container", blob_container.get_container_properties, "r"),
    BlobOperation("GET", "container", blob_container.get_container_metadata, "r", "metadata"),
    BlobOperation("HEAD", "container", blob_container.get_container_metadata, "r", "metadata"),
    BlobOperation("PUT", "container", blob_container.set_container_metadata, "w", "metadata"),
    BlobOperation("DELETE", "container", blob_container.delete_container, "d"),
    BlobOperation("GET", "container", blob_container.list_blobs, "l", "list"),
    BlobOperation("GET", "blob", blob_read.get_blob, "r"),
    BlobOperation("HEAD", "blob", blob_read.get_blob_properties, "r"),
    BlobOperation("GET", "blob", blob_read.get_blob_metadata, "r", "metadata"),
    BlobOperation("HEAD", "blob", blob_read.get_blob_metadata, "r", "metadata"),
    BlobOperation("GET", "blob", blob_read.get_block_list, "r", "blocklist"),
    BlobOperation(
        "PUT", "blob", blob_write.put_blob, "cw", "", "BlockBlob", "stream", blob_write.prepare_blob, md5=True
    ),
    BlobOperation("PUT", "blob", blob_write.put_append_blob, "cw", "", "AppendBlob", "xml", blob_write.prepare_blob),
    BlobOperation("PUT", "blob", blob_write.put_block, "wc", "block", "", "stream", blob_write.prepare_block),
    BlobOperation("PUT", "blob", blob_write.put_block_list, "wc", "blocklist", "", "xml", blob_write.prepare_blob),
    BlobOperation("PUT", "blob", blob_write.append_block, "aw", "appendblock", "", "stream", blob_write.prepare_block),
    BlobOperation("PUT", "blob", blob_copy.copy_blob, "cw", "", "copy"),
    BlobOperation("PUT", "blob", blob_copy.put_blob_from_url, "cw", "", "copy BlockBlob"),
    BlobOperation("PUT", "blob", blob_copy.put_block_from_url, "wc", "block", "copy"),
    BlobOperation("PUT", "blob", blob_copy.append_block_from_url, "aw", "appendblock", "copy"),
    BlobOperation("PUT", "blob", blob_write.set_blob_metadata, "w", "metadata"),
    BlobOperation("PUT", "blob", blob_write.set_blob_properties, "w", "properties"),
    BlobOperation("DELETE", "blob", blob_write.delete_blob, "d"),
)
_TABLE = {(item.method, item.level, item.comp, item.variant): item for item in OPERATIONS}

#: Headers whose meaning we cannot honour; ignoring them would be silent. Each with what to do.
_REFUSED_HEADERS = {
    "x-ms-content-crc64": "use MD5: validate_content=True",
    "x-ms-structured-body": "use MD5: validate_content=True",
    "x-ms-encryption-key": "leave out the customer-provided key",
    "x-ms-encryption-scope": "leave out the encryption scope",
    "x-ms-immutability-policy-mode": "leave out the immutability policy",
    "x-ms-legal-hold": "leave out the legal hold",
    "x-ms-tags": "use metadata instead of tags",
    "x-ms-if-tags": "use an etag condition",
    "x-ms-source-if-match": "copy without a condition on the source",
    "x-ms-source-if-none-match": "copy without a condition on the source",
    "x-ms-source-if-modified-since": "copy without a condition on the source",
    "x-ms-source-if-unmodified-since": "copy without a condition on the source",
    "x-ms-source-content-md5": "leave out the MD5 of the source",
    "x-ms-source-content-crc64": "leave out the CRC of the source",
}


def find_operation(call: BlobCall) -> BlobOperation:
    """What the request asks for. Raises a :class:`ServiceError`: 501 for what we do not serve, naming it."""
    restype = call.query.get("restype", "").lower()
    expected = {"account": "account" if call.comp == "properties" else "", "container": "container", "blob": ""}
    operation = _TABLE.get((call.method, call.level, call.comp, _variant(call)))
    if operation is None or restype != expected[call.level]:
        asked = "&".join(f"{name}={call.query[name]}" for name in ("restype", "comp") if name in call.query)
        kind = call.header("x-ms-blob-type") or ""
        what = " ".join(
            part for part in (call.method, _PATHS[call.level] + (f"?{asked}" if asked else ""), kind) if part
        )
        raise ServiceError(501, "NotImplemented", f"amlbridge does not serve the blob operation {what}")
    _refuse(call)
    return operation


def _variant(call: BlobCall) -> str:
    if call.method != "PUT" or call.level != "blob":
        return ""
    copied = "copy" if call.header("x-ms-copy-source") else ""
    return f"{copied} {call.header('x-ms-blob-type') or ''}".strip() if not call.comp else copied


def _refuse(call: BlobCall) -> None:
    for name, advice in _REFUSED_HEADERS.items():
        if name in call.headers:
            raise ServiceError(501, "NotImplemented", f"amlbridge does not serve {name}: {advice}")
    if (call.header("x-ms-access-tier") or "Hot").lower() != "hot":
        raise ServiceError(501, "NotImplemented", "amlbridge has no access tiers but Hot")
    if call.header("x-ms-lease-id"):
        raise ServiceError(
            412, "LeaseNotPresentWithBlobOperation", "There is no lease: amlbridge does not serve leases"
        )
    for name in ("snapshot", "versionid"):
        if call.query.get(name):
            raise ServiceError(501, "NotImplemented", f"amlbridge keeps no old versions of a blob ({name})")
