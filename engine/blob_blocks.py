"""Blocks that were uploaded and not yet put together: outside every container, across restarts of the service.

Two clients that write one blob at once often name their blocks alike. So each block is kept per uploader, and a list
takes the blocks of the uploader who sends it before those of others: one whole version wins.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.errors import InvalidNameError

_LONGEST_ID = 64
#: Azure keeps uncommitted blocks for a week.
LIFETIME = 7 * 24 * 3600.0
#: Blocks of another uploader who was silent for so long go when the blob is put together.
_SILENCE = 600.0


@dataclass(frozen=True)
class Block:
    """An uploaded block: ``name`` is its base64 id, ``path`` its file, ``size`` in bytes, ``modified`` when it came."""

    name: str
    owner: str
    path: Path
    size: int
    modified: float


class BlockStore:
    """The uploaded blocks of all blobs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _folder(self, account: str, container: str, name: str) -> Path:
        return self.root / account / container / hashlib.sha256(os.fsencode(name)).hexdigest()[:40]

    def add(self, account: str, container: str, name: str, block: str, owner: str, aside: Path) -> None:
        """Takes a finished file as a block. Raises :class:`InvalidNameError` for an id that is not the base64 form of 1
        to 64 bytes, or not as long as the ids of the other blocks."""
        stem = _decode(block).hex()
        block = canonical_id(block)
        folder = self._folder(account, container, name)
        other = next((item for item in self.uploaded(account, container, name) if len(item.name) != len(block)), None)
        if other is not None:
            raise InvalidNameError(f"block ids of one blob must be equally long: {block!r} comes after {other.name!r}")
        folder.mkdir(parents=True, exist_ok=True)
        aside.replace(folder / f"{stem}.{owner}")

    def uploaded(self, account: str, container: str, name: str) -> list[Block]:
        """All blocks of a blob, newest first."""
        folder = self._folder(account, container, name)
        if not folder.is_dir():
            return []
        return sorted(_blocks(folder), key=lambda block: block.modified, reverse=True)

    def of(self, account: str, container: str, name: str, owner: str) -> dict[str, Block]:
        """The block behind each id, as ``owner`` would get it: their own, else the newest."""
        found: dict[str, Block] = {}
        for block in self.uploaded(account, container, name):
            if block.name not in found or (block.owner == owner and found[block.name].owner != owner):
                found[block.name] = block
        return found

    def finish(self, account: str, container: str, name: str, owner: str, used: list[Path]) -> None:
        """Forgets what a written blob leaves: the used blocks, the owner's, and those of uploaders who went silent."""
        blocks = self.uploaded(account, container, name)
        if not blocks:
            return
        seen: dict[str, float] = {}
        for block in blocks:
            seen[block.owner] = max(seen.get(block.owner, 0.0), block.modified)
        taken = set(used)
        limit = time.time() - _SILENCE
        for block in blocks:
            if block.path in taken or block.owner == owner or seen[block.owner] < limit:
                block.path.unlink(missing_ok=True)
        _remove_if_empty(self._folder(account, container, name))

    def drop(self, account: str, container: str, name: str | None = None) -> None:
        """Forgets all blocks of a blob, or of a container."""
        shutil.rmtree(
            self.root / account / container if name is None else self._folder(account, container, name),
            ignore_errors=True,
        )

    def sweep(self, age: float = LIFETIME) -> int:
        """Forgets blocks that came more than ``age`` seconds ago. Returns how many."""
        limit = time.time() - age
        old = [path for path in self.root.glob("*/*/*/*") if path.stat().st_mtime < limit]
        for path in old:
            path.unlink()
            _remove_if_empty(path.parent)
        return len(old)


def canonical_id(block: str) -> str:
    """A block id as base64 writes it (padding bits zero). Raises :class:`InvalidNameError` for a malformed id."""
    return base64.b64encode(_decode(block)).decode()


def _decode(block: str) -> bytes:
    try:
        raw = base64.b64decode(block, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidNameError(f"the block id {block[:100]!r} is not base64: {error}") from error
    if not 1 <= len(raw) <= _LONGEST_ID:
        raise InvalidNameError(f"a block id must be 1 to {_LONGEST_ID} bytes in base64, this one is {len(raw)}")
    return raw


def _blocks(folder: Path) -> Iterator[Block]:
    for path in folder.iterdir():
        stem, _, owner = path.name.partition(".")
        try:
            status = path.stat()
        except FileNotFoundError:  # taken by another commit meanwhile
            continue
        yield Block(
            base64.b64encode(bytes.fromhex(stem)).decode(), owner, path, status.st_size, status.st_mtime_ns / 1e9
        )


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def append_range(target: int, source: int, offset: int, size: int) -> None:
    """Appends ``size`` bytes of an open file to another, both given by their descriptors: within the kernel where the
    system can. Raises OSError (EIO) when the source is shorter than that."""
    while size > 0:
        done = _copy_some(target, source, offset, size)
        if done == 0:
            raise OSError(errno.EIO, "a file became shorter while it was copied")
        offset += done
        size -= done


def _copy_some(target: int, source: int, offset: int, size: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, min(size, 1 << 30), offset_src=offset)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
    return os.write(target, os.pread(source, min(size, 1 << 20), offset))
