"""Blobs as a plain folder: ``<root>/<account>/<container>/<blob name>``.

A step's mount is then the folder itself, without a copy. Every write goes to a hidden file first and is renamed, so a
reader sees the old blob or the new one, never a half, and a killed writer leaves nothing behind but its hidden file.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError

#: Unfinished writes and staged outputs live here, inside the container's file system but outside every container.
STAGING = ".staging"
_LONGEST_SEGMENT = 255


@dataclass(frozen=True)
class Blob:
    """One blob: its name in the container, its size in bytes, its times in seconds since the epoch."""

    name: str
    size: int
    modified: float
    etag: str


def check_name(name: str) -> tuple[str, ...]:
    """The segments of a blob name. Raises :class:`InvalidNameError` for one that would leave its folder or that no file
    system can hold: empty or dot segments, a leading slash, a backslash, NUL, a segment over 255 bytes."""
    segments = tuple(name.split("/"))
    for segment in segments:
        if segment in ("", ".", "..") or "\\" in segment or "\0" in segment:
            raise InvalidNameError(f"{name!r} is not a valid path: it has the segment {segment!r}")
        if len(os.fsencode(segment)) > _LONGEST_SEGMENT:
            raise InvalidNameError(f"a part of the path {name[:80]!r}… is longer than {_LONGEST_SEGMENT} bytes")
    return segments


class BlobStore:
    """All accounts and containers of a state folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / STAGING).mkdir(parents=True, exist_ok=True)

    def container(self, account: str, container: str) -> Path:
        """The folder of a container, whether it exists or not. Raises :class:`InvalidNameError`."""
        for part in (account, container):
            if len(check_name(part)) != 1 or part.startswith("."):
                raise InvalidNameError(f"{part!r} cannot be the name of a storage account or container")
        return self.root / account / container

    def path(self, account: str, container: str, name: str) -> Path:
        """Where a blob or folder lies, whether it exists or not. Raises :class:`InvalidNameError`.

        A symbolic link that leads out of the container (a step may have made one) is refused, too.
        """
        base = self.container(account, container)
        path = base.joinpath(*check_name(name))
        inside = path.parent.resolve()
        if inside != base.resolve() and base.resolve() not in inside.parents:
            raise InvalidNameError(f"{name!r} leads out of its container through a symbolic link")
        return path

    def staging(self) -> Path:
        """A fresh path, on the file system of the blobs, for something that is not finished."""
        return self.root / STAGING / uuid.uuid4().hex

    @contextmanager
    def writing(self, account: str, container: str, name: str) -> Iterator[BinaryIO]:
        """A file to write a blob's content to; the blob appears when the block ends without an error."""
        target = self.path(account, container, name)
        aside = self.staging()
        try:
            with aside.open("xb") as file:
                yield file
            self.publish(aside, target)
        finally:
            aside.unlink(missing_ok=True)

    def publish(self, aside: Path, target: Path) -> None:
        """Moves a finished file to its place. Raises :class:`ConflictError` where a folder and a blob would collide."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise ConflictError(
                f"{target.name}: a folder cannot hold a file and a folder of the same name ({error.strerror})"
            ) from error

    def put(self, account: str, container: str, name: str, content: bytes) -> Blob:
        """Writes a small blob at once."""
        with self.writing(account, container, name) as file:
            file.write(content)
        return self.stat(account, container, name)

    def stat(self, account: str, container: str, name: str) -> Blob:
        """The blob's size and times. Raises :class:`NotFoundError` when there is no file of this name."""
        path = self.path(account, container, name)
        if not path.is_file():
            raise NotFoundError(f"there is no blob {container}/{name}")
        return _blob(name, path.stat())

    def list(self, account: str, container: str, prefix: str = "") -> Iterator[Blob]:
        """Blobs whose name starts with ``prefix``, in name order."""
        base = self.container(account, container)
        folder = prefix.rpartition("/")[0]
        start = self.path(account, container, folder) if folder else base
        names: list[tuple[str, os.stat_result]] = []
        for directory, _folders, files in os.walk(start):
            for file in files:
                path = Path(directory, file)
                name = path.relative_to(base).as_posix()
                if name.startswith(prefix) and path.is_file():
                    names.append((name, path.stat()))
        for name, status in sorted(names, key=lambda item: item[0]):
            yield _blob(name, status)

    def delete(self, account: str, container: str, name: str) -> None:
        """Deletes a blob and the folders that it leaves empty. Raises :class:`NotFoundError`."""
        self.stat(account, container, name)
        path = self.path(account, container, name)
        path.unlink()
        base = self.container(account, container)
        for folder in path.parents:
            if folder == base or any(folder.iterdir()):
                break
            folder.rmdir()

    def clear_staging(self) -> int:
        """Removes what killed writers left. Only for start-up, before anything writes. Returns how many there were."""
        left = list((self.root / STAGING).iterdir())
        for path in left:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        return len(left)


def _blob(name: str, status: os.stat_result) -> Blob:
    etag = f'"0x{status.st_mtime_ns:X}{status.st_size:X}"'
    return Blob(name, status.st_size, status.st_mtime, etag)
