"""The XML that the blob service speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from amlbridge.engine.blobs import Blob, Container
from amlbridge.wire.blob_conditions import http_date
from amlbridge.wire.errors import ServiceError

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
#: What XML 1.0 cannot hold, or what its parsers would change.
_UNSAFE = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEFAULT_TYPE = "application/octet-stream"


def text(value: str) -> str:
    """Escaped, and without characters that XML cannot hold."""
    return escape(_UNSAFE.sub("\ufffd", value))


def name_element(name: str) -> str:
    """The name of a blob. One that XML cannot hold is percent-encoded and says so, as Azure does since 2021-02-12."""
    if _UNSAFE.search(name):
        return f'<Name Encoded="true">{quote(name.encode(errors="surrogateescape"))}</Name>'
    return f"<Name>{escape(name)}</Name>"


def error(failure: ServiceError) -> str:
    """The body of an error."""
    return f"{_DECLARATION}<Error><Code>{text(failure.code)}</Code><Message>{text(failure.message)}</Message></Error>"


def _metadata(values: Mapping[str, str]) -> str:
    if not values:
        return "<Metadata />"
    return f"<Metadata>{''.join(f'<{name}>{text(value)}</{name}>' for name, value in values.items())}</Metadata>"


def blob_element(blob: Blob, with_metadata: bool) -> str:
    """One blob of a list."""
    properties = blob.properties
    kind = "AppendBlob" if properties.kind == "append" else "BlockBlob"
    date = http_date(blob.modified)
    tier = "" if kind == "AppendBlob" else "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
    return (
        f"<Blob>{name_element(blob.name)}<Properties><Creation-Time>{date}</Creation-Time>"
        f"<Last-Modified>{date}</Last-Modified><Etag>{blob.etag.strip(chr(34))}</Etag>"
        f"<Content-Length>{blob.size}</Content-Length>"
        f"<Content-Type>{text(properties.content_type or DEFAULT_TYPE)}</Content-Type>"
        f"<Content-Encoding>{text(properties.content_encoding or '')}</Content-Encoding>"
        f"<Content-Language>{text(properties.content_language or '')}</Content-Language>"
        f"<Content-MD5>{text(properties.content_md5 or '')}</Content-MD5>"
        f"<Cache-Control>{text(properties.cache_control or '')}</Cache-Control>"
        f"<Content-Disposition>{text(properties.content_disposition or '')}</Content-Disposition>"
        f"<BlobType>{kind}</BlobType>{tier}<LeaseStatus>unlocked</LeaseStatus>"
        "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties>"
        f"{_metadata(properties.metadata) if with_metadata else ''}</Blob>"
    )


def blob_list(
    endpoint: str, container: str, asked: Mapping[str, str], items: Iterable[Blob | str], marker: str, metadata: bool
) -> str:
    """The answer of List Blobs. ``asked`` holds the parameters to repeat: Prefix, Marker, MaxResults, Delimiter."""
    body = (
        f"<BlobPrefix>{name_element(item)}</BlobPrefix>" if isinstance(item, str) else blob_element(item, metadata)
        for item in items
    )
    return (
        f"{_DECLARATION}<EnumerationResults ServiceEndpoint={quoteattr(endpoint)} ContainerName={quoteattr(container)}>"
        f"{_asked(asked)}<Blobs>{''.join(body)}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
    )


def container_list(
    endpoint: str, asked: Mapping[str, str], items: Iterable[Container], marker: str, metadata: bool
) -> str:
    """The answer of List Containers."""
    body = (
        f"<Container>{name_element(item.name)}<Properties><Last-Modified>{http_date(item.modified)}</Last-Modified>"
        f"<Etag>{escape(item.etag)}</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
        "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold></Properties>"
        f"{_metadata(item.metadata) if metadata else ''}</Container>"
        for item in items
    )
    return (
        f"{_DECLARATION}<EnumerationResults ServiceEndpoint={quoteattr(endpoint)}>{_asked(asked)}"
        f"<Containers>{''.join(body)}</Containers><NextMarker>{marker}</NextMarker></EnumerationResults>"
    )


def _asked(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{text(value)}</{name}>" for name, value in values.items() if value)


def block_list(committed: Iterable[tuple[str, int]] | None, uncommitted: Iterable[tuple[str, int]] | None) -> str:
    """The answer of Get Block List; None for a part that was not asked for."""
    parts = _blocks("Committed", committed) + _blocks("Uncommitted", uncommitted)
    return f"{_DECLARATION}<BlockList>{parts}</BlockList>"


def _blocks(kind: str, blocks: Iterable[tuple[str, int]] | None) -> str:
    if blocks is None:
        return ""
    rows = (f"<Block><Name>{escape(name)}</Name><Size>{size}</Size></Block>" for name, size in blocks)
    return f"<{kind}Blocks>{''.join(rows)}</{kind}Blocks>"


def parse_block_list(body: bytes) -> Iterator[tuple[str, str]]:
    """(Committed | Uncommitted | Latest, block id) in the order given. Raises a 400 :class:`ServiceError`."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ServiceError(400, "InvalidXmlDocument", "the block list must not declare entities")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError) as failure:
        raise ServiceError(400, "InvalidXmlDocument", f"the block list is not XML: {failure}") from failure
    if root.tag != "BlockList":
        raise ServiceError(400, "InvalidXmlDocument", f"the root of a block list is BlockList, not {root.tag}")
    for item in root:
        if item.tag not in ("Committed", "Uncommitted", "Latest"):
            raise ServiceError(400, "InvalidXmlDocument", f"a block list cannot hold the element {item.tag}")
        yield item.tag, (item.text or "").strip()
