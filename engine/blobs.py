"""Blobs as a plain folder: ``<root>/<account>/<container>/<blob name>``.

A step's mount is then the folder itself, without a copy. Every write goes to a hidden file first and is renamed, so a
reader sees the old blob or the new one, never a half, and a killed writer leaves nothing behind but its hidden file.
What is no content lies in hidden folders beside the accounts: unfinished writes, uploaded blocks, properties.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from amlbridge.engine.blob_blocks import BlockStore, append_range
from amlbridge.engine.blob_listing import walk
from amlbridge.engine.blob_names import check_name
from amlbridge.engine.blob_properties import DEFAULT, BlobProperties, PropertyStore, Version
from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError

#: Unfinished writes and staged outputs live here, inside the container's file system but outside every container.
STAGING = ".staging"
_BLOCKS = ".blocks"
_PROPERTIES = ".properties"
__all__ = ["DEFAULT", "STAGING", "Blob", "BlobProperties", "BlobStore", "Check", "Container", "check_name"]


@dataclass(frozen=True)
class Blob:
    """One blob: its name in the container, its size in bytes, its times in seconds since the epoch."""

    name: str
    size: int
    modified: float
    etag: str
    properties: BlobProperties = DEFAULT


@dataclass(frozen=True)
class Container:
    """One container: its name, when it was last changed itself (seconds since the epoch), its etag and metadata."""

    name: str
    modified: float
    etag: str
    metadata: Mapping[str, str]


#: Looks at the blob that is there (None: there is none) just before a change, and raises to prevent the change.
Check: TypeAlias = Callable[[Blob | None], None]


def _no_check(_blob: Blob | None) -> None:
    return


class BlobStore:
    """All accounts and containers of a state folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blocks = BlockStore(root / _BLOCKS)
        self.properties = PropertyStore(root / _PROPERTIES)
        self._locks = [threading.RLock() for _ in range(64)]
        self._clock_lock = threading.Lock()
        self._last_time = 0
        (root / STAGING).mkdir(parents=True, exist_ok=True)

    # --- accounts and containers

    def accounts(self) -> list[str]:
        """The accounts that have a container, in name order."""
        return sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir() and entry.name[0] != ".")

    def containers(self, account: str) -> list[str]:
        """The containers of an account, in name order."""
        folder = self.container(account, "x").parent
        if not folder.is_dir():
            return []
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")

    def container(self, account: str, container: str) -> Path:
        """The folder of a container, whether it exists or not. Raises :class:`InvalidNameError`."""
        for part in (account, container):
            if len(check_name(part)) != 1 or part.startswith("."):
                raise InvalidNameError(f"{part!r} cannot be the name of a storage account or container")
        return self.root / account / container

    def create_container(self, account: str, container: str, metadata: Mapping[str, str] | None = None) -> bool:
        """Makes a container; False when it is there already. Raises :class:`InvalidNameError`."""
        folder = self.container(account, container)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            return False
        self.properties.write_container(account, container, metadata or {})
        return True

    def container_state(self, account: str, container: str) -> Container:
        """A container. Raises :class:`NotFoundError`."""
        folder = self.container(account, container)
        if not folder.is_dir():
            raise NotFoundError(f"there is no container {container} in the storage account {account}")
        metadata, status = self.properties.read_container(account, container)
        modified = (status or folder.stat()).st_mtime_ns
        return Container(container, modified / 1e9, f'"0x{modified:X}"', metadata)

    def set_container_metadata(self, account: str, container: str, metadata: Mapping[str, str]) -> Container:
        """Replaces a container's metadata. Raises :class:`NotFoundError`."""
        self.container_state(account, container)
        self.properties.write_container(account, container, metadata)
        return self.container_state(account, container)

    def delete_container(self, account: str, container: str) -> None:
        """Deletes a container with everything in it. Raises :class:`NotFoundError`."""
        folder, aside = self.container(account, container), self.staging()
        try:
            folder.rename(aside)
        except FileNotFoundError:
            raise NotFoundError(f"there is no container {container} in the storage account {account}") from None
        self.properties.drop_container(account, container)
        self.blocks.drop(account, container)
        shutil.rmtree(aside)

    # --- places

    def path(self, account: str, container: str, name: str) -> Path:
        """Where a blob or folder lies, whether it exists or not. Raises :class:`InvalidNameError`.

        A symbolic link that leads out of the container (a step may have made one) is refused, too.
        """
        base = self.container(account, container)
        check_name(name)
        # Strings instead of Path: this runs for every request.
        path, inside = f"{base}/{name}", os.path.realpath(base) + "/"
        if not os.path.realpath(path).startswith(inside):
            raise InvalidNameError(f"{name!r} leads out of its container through a symbolic link")
        return Path(path)

    def staging(self) -> Path:
        """A fresh path, on the file system of the blobs, for something that is not finished."""
        return self.root / STAGING / uuid.uuid4().hex

    def _lock(self, path: Path) -> threading.RLock:
        return self._locks[hash(path) % len(self._locks)]

    def _now(self) -> int:
        """Nanoseconds since the epoch, never the same twice: it tells versions of equal size apart."""
        with self._clock_lock:
            self._last_time = max(time.time_ns(), self._last_time + 1)
            return self._last_time

    # --- writing

    @contextmanager
    def writing(self, account: str, container: str, name: str) -> Iterator[BinaryIO]:
        """A file to write a blob's content to; the blob appears when the block ends without an error."""
        self.path(account, container, name)
        aside = self.staging()
        try:
            with aside.open("xb") as file:
                yield file
            self.commit(account, container, name, aside)
        finally:
            aside.unlink(missing_ok=True)

    def publish(self, aside: Path, target: Path) -> None:
        """Moves a finished file to its place. Raises :class:`ConflictError` where a folder and a blob would collide."""
        while True:
            try:
                aside.replace(target)
                return
            except FileNotFoundError:
                if not aside.exists():
                    raise
            except OSError as error:
                if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY):
                    raise _collision(target, error) from error
                raise
            # A delete may remove an empty folder between any two of these steps: then all over again.
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError:
                continue
            except (FileExistsError, NotADirectoryError) as error:
                raise _collision(target, error) from error

    def commit(
        self,
        account: str,
        container: str,
        name: str,
        aside: Path,
        properties: BlobProperties = DEFAULT,
        check: Check = _no_check,
    ) -> Blob:
        """Makes a finished file the blob's content, at once with its properties, unless ``check`` raises.

        Raises :class:`ConflictError` where a folder and a blob would collide, and :class:`InvalidNameError`.
        """
        target = self.path(account, container, name)
        now = self._now()
        os.utime(aside, ns=(now, now))
        fresh = Version.of(aside.stat())
        with self._lock(target):
            old = self._version(target)
            check(None if old is None else self._blob(account, container, name, old))
            self.properties.write(account, container, name, fresh, properties)
            try:
                self.publish(aside, target)
            except BaseException:
                self.properties.drop(account, container, name, fresh)
                raise
            if old is not None:
                self.properties.drop(account, container, name, old)
        return _blob(name, fresh, properties)

    def put(
        self,
        account: str,
        container: str,
        name: str,
        content: bytes,
        properties: BlobProperties = DEFAULT,
        check: Check = _no_check,
    ) -> Blob:
        """Writes a small blob at once."""
        self.path(account, container, name)
        aside = self.staging()
        try:
            aside.write_bytes(content)
            return self.commit(account, container, name, aside, properties, check)
        finally:
            aside.unlink(missing_ok=True)

    def change_properties(
        self,
        account: str,
        container: str,
        name: str,
        change: Callable[[BlobProperties], BlobProperties],
        check: Check = _no_check,
    ) -> Blob:
        """Changes properties; that makes a new version of the same content. Raises :class:`NotFoundError`."""
        path = self.path(account, container, name)
        with self._lock(path):
            blob = self.stat(account, container, name)
            check(blob)
            properties = change(blob.properties)
            old, now = Version.of(path.stat()), self._now()
            self.properties.write(account, container, name, Version(now, old.size), properties)
            os.utime(path, ns=(now, now))
            self.properties.drop(account, container, name, old)
            return self.stat(account, container, name)

    def append(
        self, account: str, container: str, name: str, content: Path | bytes, check: Check = _no_check
    ) -> tuple[Blob, int]:
        """Adds a block to an append blob, whole or not at all; returns the blob and where the block begins.

        Raises :class:`NotFoundError`, and :class:`ConflictError` for a blob that was not made for appending.
        """
        target, aside = self.path(account, container, name), self.staging()
        with self._lock(target):
            blob = self.stat(account, container, name)
            check(blob)
            if blob.properties.kind != "append":
                raise ConflictError(f"{name} is no append blob")
            try:
                self._append(target, aside, content)
                properties = replace(blob.properties, appended=blob.properties.appended + 1, content_md5=None)
                return self.commit(account, container, name, aside, properties), blob.size
            finally:
                aside.unlink(missing_ok=True)

    @staticmethod
    def _append(old: Path, aside: Path, content: Path | bytes) -> None:
        # A copy within the kernel: a killed service leaves the old content, and a reader keeps what it reads.
        with aside.open("xb") as target:
            for path in (old, content):
                if isinstance(path, bytes):
                    target.write(path)
                    continue
                with path.open("rb") as source:
                    append_range(target.fileno(), source.fileno(), 0, os.fstat(source.fileno()).st_size)

    # --- reading

    @staticmethod
    def _version(path: Path) -> Version | None:
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Version.of(status) if stat.S_ISREG(status.st_mode) else None

    def _blob(self, account: str, container: str, name: str, version: Version) -> Blob:
        return _blob(name, version, self.properties.read(account, container, name, version))

    def stat(self, account: str, container: str, name: str) -> Blob:
        """The blob's size, times and properties. Raises :class:`NotFoundError` when there is no file of this name."""
        version = self._version(self.path(account, container, name))
        if version is None:
            raise NotFoundError(f"there is no blob {container}/{name}")
        return self._blob(account, container, name, version)

    def open(self, account: str, container: str, name: str) -> tuple[int, Blob]:
        """A file descriptor, which the caller closes, and the blob as it is behind it: a later overwrite changes
        neither. Raises :class:`NotFoundError`."""
        path = self.path(account, container, name)
        try:
            # Without O_NONBLOCK a pipe that a step made would hold us up.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(f"there is no blob {container}/{name}") from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise NotFoundError(f"there is no blob {container}/{name}: a folder has this name")
        return descriptor, self._blob(account, container, name, Version.of(status))

    def list(self, account: str, container: str, prefix: str = "", start: str = "") -> Iterator[Blob]:
        """Blobs whose name starts with ``prefix`` and is not before ``start``, in name order."""
        for item in self.items(account, container, prefix, start):
            assert isinstance(item, Blob)
            yield item

    def items(
        self, account: str, container: str, prefix: str = "", start: str = "", delimiter: str = ""
    ) -> Iterator[Blob | str]:
        """As :meth:`list`; with a ``delimiter``, one string for all names alike up to its first place behind the
        prefix."""
        base = os.path.realpath(self.container(account, container))
        for found in walk(base, prefix, start, delimiter):
            if found.status is None:
                yield found.name
            else:
                yield self._blob(account, container, found.name, Version.of(found.status))

    def delete(self, account: str, container: str, name: str, check: Check = _no_check) -> None:
        """Deletes a blob and the folders that it leaves empty. Raises :class:`NotFoundError`."""
        path, base = self.path(account, container, name), self.container(account, container)
        with self._lock(path):
            version = self._version(path)
            if version is None:
                raise NotFoundError(f"there is no blob {container}/{name}")
            check(self._blob(account, container, name, version))
            path.unlink()
            self.properties.drop(account, container, name, version)
        for folder in path.parents:
            if folder == base or not _remove_if_empty(folder):
                break

    def clear_staging(self) -> int:
        """Removes what killed writers left, and blocks that nobody put together for a week. Only for start-up, before
        anything writes. Returns how many things there were."""
        left = list((self.root / STAGING).iterdir())
        for path in left:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        return len(left) + self.blocks.sweep()


def _blob(name: str, version: Version, properties: BlobProperties) -> Blob:
    etag = f'"0x{version.modified:X}{version.size:X}"'
    return Blob(name, version.size, version.modified / 1e9, etag, properties)


def _collision(target: Path, error: OSError) -> ConflictError:
    return ConflictError(f"{target.name}: a folder cannot hold a file and a folder of the same name ({error.strerror})")


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
        return False
    return True
