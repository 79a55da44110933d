"""One request to the blob endpoint, before and after its sender is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import Request

from amlbridge.engine.blob_names import is_encodable
from amlbridge.engine.blobs import BlobStore
from amlbridge.wire.caller import process_id
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

Level: TypeAlias = Literal["account", "container", "blob"]
#: Where the ASGI scope's ``state`` names the storage account whose own host a request called. Only connections that are
#: answered in the name of Azure's hosts have it: their callers have proven themselves otherwise.
CALLED_ACCOUNT = "called_account"
_META = "x-ms-meta-"
_META_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LARGEST_METADATA = 8 * 1024


@dataclass(frozen=True)
class Grant:
    """What a request's signature or token allows.

    ``permissions`` are the letters of a shared access signature, None for everything; ``levels`` what they hold for.
    """

    account: str
    permissions: str | None = None
    levels: frozenset[Level] = frozenset(("account", "container", "blob"))
    #: Response headers that a shared access signature sets.
    overrides: Mapping[str, str] = field(default_factory=dict)
    #: Whether the service issued the URL itself: writing then makes the container.
    issued: bool = False
    #: Whether any container of the account is there: writing makes it.
    any_container: bool = False


@dataclass
class BlobCall:
    """One request. ``raw_path`` is the path as it came, ``query`` has decoded values under names in lower case."""

    service: Service
    method: str
    scheme: str
    raw_path: str
    raw_query: str
    headers: Headers
    #: Address and port of the peer.
    client: tuple[str, int]
    #: The account whose own host was called, by a caller who has proven to be one of ours.
    called_account: str | None = None
    container: str = ""
    name: str = ""
    grant: Grant = Grant("")

    @property
    def store(self) -> BlobStore:
        """The blobs of the service."""
        return self.service.blobs

    @property
    def account(self) -> str:
        """The storage account, known once the request is authenticated."""
        return self.grant.account

    @cached_property
    def owner(self) -> str:
        """Who uploads: the process, because clients send the blocks of one blob over several connections and name them
        by their number; the connection when the process cannot be found."""
        pid = process_id(self.service, self.client)
        return f"p{pid}" if pid is not None else str(self.client[1])

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, container and name of the blob."""
        return self.account, self.container, self.name

    @property
    def level(self) -> Level:
        """What the request is about."""
        if self.name:
            return "blob"
        return "container" if self.container else "account"

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's parameters as they came: names in lower case, values still encoded."""
        pieces = (piece.partition("=") for piece in self.raw_query.split("&") if piece)
        return [(_decode(name).lower(), value) for name, _, value in pieces]

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded."""
        return {name: _decode(value.replace("+", " ")) for name, value in self.pairs}

    @property
    def comp(self) -> str:
        """The ``comp`` parameter, which selects the operation."""
        return self.query.get("comp", "").lower()

    def header(self, name: str) -> str | None:
        """A header without surrounding blanks; None when it is missing or empty."""
        return self.headers.get(name, "").strip() or None

    def number(self, name: str) -> int | None:
        """A header that is a whole number. Raises a 400 :class:`ServiceError`."""
        text = self.header(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise ServiceError(400, "InvalidHeaderValue", f"the header {name} must be a whole number, not {text!r}")
        return int(text)

    @cached_property
    def metadata(self) -> dict[str, str]:
        """The user's metadata in the headers. Raises a 400 :class:`ServiceError`.

        Names are in lower case, as HTTP servers pass them; Azure would keep their case.
        """
        found = {name[len(_META) :]: value for name, value in self.headers.items() if name.startswith(_META)}
        for name in found:
            if not _META_NAME.fullmatch(name):
                raise ServiceError(400, "InvalidMetadata", f"{name!r} cannot name metadata: use letters, digits and _")
        if sum(len(name) + len(value) for name, value in found.items()) > _LARGEST_METADATA:
            raise ServiceError(400, "MetadataTooLarge", f"the metadata are larger than {_LARGEST_METADATA} bytes")
        return found


def folder_path(segments: Iterable[str]) -> str:
    """The folders of a blob's name, each with a slash behind it, without those that mean nothing to a file system.

    Azure leaves out the segments "." of a URL, and rslex sends them: `datastore.path("./data/table.csv")`. Empty ones
    are names of their own in Azure; clients join paths such as `"dataset/" + "/" + name` and read them back.
    """
    kept: list[str] = []
    for segment in segments:
        # A slash in front is no slip of a client that joins paths: such a name is refused.
        if segment != "." and (segment or not kept):
            kept.append(segment)
    return "".join(f"{segment}/" for segment in kept)


def locate(call: BlobCall) -> None:
    """Finds container and blob in the path. Raises a 400 :class:`ServiceError` for a path that is no UTF-8 when the
    request would create something; a file whose name a step wrote in other bytes can still be read and deleted."""
    container, slash, name = call.raw_path.lstrip("/").partition("/")
    try:
        call.container = unquote_to_bytes(container).decode()
    except UnicodeDecodeError as error:
        raise ServiceError(400, "InvalidUri", f"the container's name is not UTF-8: {error}") from error
    *folders, last = unquote_to_bytes(name).decode(errors="surrogateescape").split("/") if slash else [""]
    above = folder_path(folders)
    call.name = above.removesuffix("/") if last == "." else above + last
    if call.method == "PUT" and not is_encodable(call.name):
        raise ServiceError(400, "InvalidUri", f"the name of the blob is not UTF-8: {name[:200]!r}")


def _decode(text: str) -> str:
    return unquote_to_bytes(text).decode(errors="surrogateescape")


def blob_call(service: Service, request: Request) -> BlobCall:
    """A request to the blob or the file endpoint; who sends it is not known yet."""
    scope = request.scope
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return BlobCall(
        service=service,
        method=request.method,
        scheme=scope["scheme"],
        raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=request.headers,
        client=(request.client.host, request.client.port) if request.client else ("", 0),
        called_account=scope.get("state", {}).get(CALLED_ACCOUNT),
    )
