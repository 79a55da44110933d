"""What every operation works on, and one request to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.clock import Clock, system_clock
from amlbridge.engine.records.store import Records
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.errors import bad_request
from amlbridge.wire.identity import Identity, TokenIssuer

T = TypeVar("T")
_MISSING = object()
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass
class Service:
    """The one service of a state folder: its records, blobs and addresses. Built by :mod:`amlbridge.server`.

    ``parts`` holds what single modules share under their own key (for instance the scheduler), so that this class need
    not know them.
    """

    home: Path
    records: Records
    blobs: BlobStore
    issuer: TokenIssuer
    host: str = "127.0.0.1"
    http_port: int = 0
    https_port: int = 0
    clock: Clock = system_clock
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def http_url(self) -> str:
        """The base URL of everything that may be plain HTTP; no trailing slash."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def https_url(self) -> str:
        """The base URL for ARM and blobs, which the clients insist on reaching by https; no trailing slash."""
        return f"https://{self.host}:{self.https_port}"

    @property
    def storage_endpoint(self) -> str:
        """The ``endpoint`` of a datastore. The clients build ``{account}.blob.{endpoint}``; what stands before the
        ``@`` becomes the userinfo of the URL, so they connect to us (protocol notes, section 2)."""
        return f"x@{self.host}:{self.https_port}"

    def part(self, key: str, make: Callable[[], T]) -> T:
        """The shared object under ``key``, made on first use."""
        if key not in self.parts:
            self.parts[key] = make()
        found: T = self.parts[key]
        return found

    def blob_url(self, account: str, container: str, name: str) -> str:
        """A URL with a signature, good for reading and writing this one blob."""
        signature = self.issuer.sign(f"{account}/{container}/{name}")
        base = f"https://{account}.blob.{self.storage_endpoint}/{container}/{quote(name)}"
        return f"{base}?sv=2019-07-07&sr=b&sp=rcw&se=2099-01-01T00%3A00%3A00Z&si={account}&sig={signature}"


@dataclass
class Call:
    """One request to one operation.

    ``params`` are the path's parameters, ``query`` the query string (last value wins, names in lower case without a
    leading ``$``), ``workspace`` the workspace that the path names, if it names one, and ``identity`` who calls.
    """

    service: Service
    method: str
    path: str
    params: dict[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    identity: Identity | None
    #: Address and port of the peer.
    client: tuple[str, int] | None = None
    #: The query string as it came, for those whose names or repeated values matter.
    query_string: str = ""
    _workspace: Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace of the path. An operation outside of any workspace must not ask."""
        assert self._workspace is not None, f"{self.path} names no workspace"
        return self._workspace

    @property
    def records(self) -> Records:
        """The records of the service."""
        return self.service.records

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when it is empty. Raises a 400 :class:`ServiceError` when it is not JSON."""
        if not self.body.strip():
            return None
        try:
            content = json.loads(self.body)
            if _SURROGATE.search(self.body):
                # Half a character: neither the records nor an answer can hold it.
                json.dumps(content, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise bad_request(f"the request body is not JSON: {error}", "InvalidJson") from error
        return content

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object ({} when it is empty). Raises a 400 :class:`ServiceError` for anything else."""
        content = self.json
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise bad_request(f"the request body must be a JSON object, not {_kind(content)}", "InvalidJson")
        return content

    def field(self, name: str, kind: type[T], default: Any = _MISSING) -> T:
        """A field of the JSON body, checked for its type. ``default`` is for a missing or null field; without one the
        field is required. Raises a 400 :class:`ServiceError`."""
        return typed(self.object, name, kind, default)


def typed(content: Mapping[str, Any], name: str, kind: type[T], default: Any = _MISSING) -> T:
    """``content[name]``, checked for its type; see :meth:`Call.field`. An int passes as a float, no bool as an int."""
    value = content.get(name)
    if value is None:
        if default is _MISSING:
            raise bad_request(f"the field {name!r} is missing")
        return default  # type: ignore[no-any-return]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # type: ignore[return-value]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise bad_request(f"the field {name!r} must be {_NAMES.get(kind, kind.__name__)}, not {_kind(value)}")
    return value


_NAMES: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
}


def _kind(value: Any) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)
