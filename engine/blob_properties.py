"""What a client set on a blob besides its content: kept beside the containers, never among the user's files.

One small JSON file per blob *version*: its name holds the hash of the blob's name and the version's time and size. It
is written before the version appears, so it can neither be stale nor half: when a step rewrites the file behind the
blob, the version changes and the old properties no longer apply, as after an overwrite in Azure.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple


class Version(NamedTuple):
    """What tells a blob's versions apart: the time of the file in nanoseconds since the epoch, its size in bytes."""

    modified: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> Version:
        """The version of a file."""
        return cls(status.st_mtime_ns, status.st_size)


@dataclass(frozen=True)
class BlobProperties:
    """The properties of one version. ``content_md5`` is base64; ``blocks`` are (base64 id, size in bytes) in order."""

    kind: Literal["block", "append"] = "block"
    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    content_md5: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[tuple[str, int], ...] = ()
    #: How many blocks were appended to an append blob.
    appended: int = 0
    #: Of a copied blob: ``id``, ``source`` and ``completed`` (an HTTP date).
    copy: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Without the fields that are at their default."""
        content = asdict(self)
        return json.dumps({key: value for key, value in content.items() if value != getattr(DEFAULT, key)})

    @classmethod
    def from_json(cls, text: str | bytes) -> BlobProperties:
        """The reverse of :meth:`to_json`."""
        content: dict[str, Any] = json.loads(text)
        if "blocks" in content:
            content["blocks"] = tuple((name, size) for name, size in content["blocks"])
        return cls(**content)


#: Of a blob that has none, for instance a file that a step wrote.
DEFAULT = BlobProperties()


class PropertyStore:
    """The properties of all blobs, and of containers, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)

    def _path(self, account: str, container: str, name: str, version: Version) -> str:
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:40]
        return f"{self.root}/{account}/{container}/{digest}-{version.modified:x}-{version.size:x}"

    def write(self, account: str, container: str, name: str, version: Version, properties: BlobProperties) -> None:
        """Keeps the properties of a version that is about to appear."""
        if properties != DEFAULT:
            _write(self._path(account, container, name, version), properties.to_json())

    def read(self, account: str, container: str, name: str, version: Version) -> BlobProperties:
        """The properties of a version."""
        text = _read(self._path(account, container, name, version))
        return DEFAULT if text is None else BlobProperties.from_json(text)

    def drop(self, account: str, container: str, name: str, version: Version) -> None:
        """Forgets a version."""
        _unlink(self._path(account, container, name, version))

    def write_container(self, account: str, container: str, metadata: Mapping[str, str]) -> None:
        """Keeps a container's metadata; the time of the file is when the container was last modified."""
        path = f"{self.root}/{account}/{container}.json"
        _write(path + ".new", json.dumps(dict(metadata)))
        Path(path + ".new").replace(path)

    def read_container(self, account: str, container: str) -> tuple[dict[str, str], os.stat_result | None]:
        """A container's metadata and the state of the file that keeps it."""
        path = f"{self.root}/{account}/{container}.json"
        text = _read(path)
        return ({}, None) if text is None else (json.loads(text), Path(path).stat())

    def drop_container(self, account: str, container: str) -> None:
        """Forgets a container and everything in it."""
        _unlink(f"{self.root}/{account}/{container}.json")
        shutil.rmtree(f"{self.root}/{account}/{container}", ignore_errors=True)


# Plain calls instead of Path: these run once per blob in a listing.
def _write(path: str, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _read(path: str) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _unlink(path: str) -> None:
    Path(path).unlink(missing_ok=True)
