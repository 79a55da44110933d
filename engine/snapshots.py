"""Code snapshots on disk: content by its hash, trees by theirs, and ids that name trees.

    content/ab/cdef…      a file's bytes, named by their SHA-256
    trees/<digest>.json   the files of a tree; the digest is a hash of names, contents and executable bits
    ids/<scope>/<id>.json what a snapshot id means in its scope: a tree, and details that its service keeps

Nothing is ever changed in place: each file is written aside and renamed, so a killed writer leaves no half. A snapshot
shares its content with every other one, and a checkout is always a copy, so a step may do with it what it likes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import threading
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,127}")
_CHUNK = 1024 * 1024
#: Trees of small files are kept in memory, so that checking them out again reads nothing: bytes in all, and per tree.
_CACHE_SIZE = 16 * 1024 * 1024
_LARGEST_CACHED = 512 * 1024
#: Zip files get a fixed time (zip cannot say "none"), so that equal snapshots give equal bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class SnapshotFile:
    """A file of a tree: ``name`` with slashes, the SHA-256 of its bytes, its size in bytes."""

    name: str
    sha256: str
    size: int
    executable: bool = False


class SnapshotStore:
    """All snapshots of a state folder.

    ``scope`` is a workspace's id: the ids of one mean nothing in another. ``snapshot`` is an id, or the digest
    of a tree, which needs no scope. Safe to use from several threads.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._content = root / "content"
        self._trees = root / "trees"
        self._ids = root / "ids"
        self._aside = root / ".staging"
        for folder in (self._content, self._trees, self._ids, self._aside):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[SnapshotFile, ...]] = {}
        self._small: dict[str, tuple[bytes, ...]] = {}
        self._small_size = 0

    # What there is

    def exists(self, scope: str, snapshot: str) -> bool:
        """Whether the snapshot or tree is there."""
        try:
            self.digest(scope, snapshot)
        except NotFoundError:
            return False
        return True

    def digest(self, scope: str, snapshot: str) -> str:
        """The hash of the tree behind a snapshot: equal for equal names, contents and executable bits, whatever the
        snapshot is called. Raises :class:`NotFoundError`."""
        if _DIGEST.fullmatch(snapshot):
            if snapshot not in self._known and not self._tree_path(snapshot).exists():
                raise NotFoundError(f"there is no code snapshot {snapshot}")
            return snapshot
        found: str = self._read_id(scope, snapshot)["digest"]
        return found

    def details(self, scope: str, snapshot_id: str) -> dict[str, Any]:
        """What :meth:`name` was given beside the tree. Raises :class:`NotFoundError`."""
        found: dict[str, Any] = self._read_id(scope, snapshot_id)["details"]
        return found

    def files(self, scope: str, snapshot: str) -> tuple[SnapshotFile, ...]:
        """The files, in name order. Raises :class:`NotFoundError`."""
        digest = self.digest(scope, snapshot)
        if digest not in self._known:
            rows = json.loads(self._tree_path(digest).read_bytes())
            self._known[digest] = tuple(SnapshotFile(*row) for row in rows)
        return self._known[digest]

    def content(self, file: SnapshotFile) -> Path:
        """Where a file's bytes lie, to be read only."""
        return self._content_path(file.sha256)

    # New snapshots

    def add(self, source: BinaryIO) -> tuple[str, int]:
        """Stores the bytes of a file. Returns their SHA-256 and how many there are."""
        aside = self._staged()
        found, size = hashlib.sha256(), 0
        try:
            with aside.open("xb") as target:
                while chunk := source.read(_CHUNK):
                    found.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            self._publish(aside, self._content_path(found.hexdigest()))
        finally:
            aside.unlink(missing_ok=True)
        return found.hexdigest(), size

    def create(self, files: Iterable[SnapshotFile]) -> str:
        """Stores a tree whose contents were added. Returns its digest. Raises :class:`InvalidNameError` for a name that
        would leave its folder and for one that is a file and a folder at once."""
        ordered = sorted(files, key=lambda file: file.name)
        _check_names([file.name for file in ordered])
        digest = _digest(ordered)
        target = self._tree_path(digest)
        if not target.exists():
            self._write(target, [[file.name, file.sha256, file.size, file.executable] for file in ordered])
        return digest

    def name(self, scope: str, snapshot_id: str, digest: str, details: Mapping[str, Any] | None = None) -> None:
        """Gives a tree an id. Doing so again with the same tree changes nothing.

        Raises :class:`ConflictError` when the id names another tree, :class:`InvalidNameError` for a malformed id.
        """
        if not _ID.fullmatch(scope) or not _ID.fullmatch(snapshot_id) or _DIGEST.fullmatch(snapshot_id):
            raise InvalidNameError(f"{snapshot_id!r} cannot be the id of a code snapshot")
        self.digest(scope, digest)
        with self._lock:
            path = self._id_path(scope, snapshot_id)
            if path.exists():
                if self.digest(scope, snapshot_id) != digest:
                    raise ConflictError(f"the code snapshot {snapshot_id} exists with other files")
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, {"digest": digest, "details": dict(details or {})})

    def import_folder(self, folder: Path) -> str:
        """Stores a folder with everything in it. Links are followed, as the v1 client does when it uploads.

        Returns the digest. Raises :class:`InvalidNameError` for a name that cannot be kept and for a link to a folder
        that holds it.
        """
        return self.create(self._import(folder, "", frozenset({folder.resolve()})))

    def _import(self, folder: Path, prefix: str, above: frozenset[Path]) -> Iterator[SnapshotFile]:
        for entry in sorted(folder.iterdir()):
            name = prefix + entry.name
            if entry.is_dir():
                real = entry.resolve()
                if real in above:
                    raise InvalidNameError(f"{name!r} is a link to a folder that holds it")
                yield from self._import(entry, f"{name}/", above | {real})
            elif entry.is_file():
                with entry.open("rb") as source:
                    digest, size = self.add(source)
                yield SnapshotFile(name, digest, size, bool(entry.stat().st_mode & stat.S_IXUSR))

    def import_zip(self, archive: zipfile.ZipFile) -> str:
        """Stores the files of a zip archive. Every name is checked before anything is written.

        Returns the digest. Raises :class:`InvalidNameError` for a name that would leave its folder, a name that comes
        twice and a symbolic link.
        """
        entries = [info for info in archive.infolist() if not info.is_dir()]
        _check_names(sorted(info.filename for info in entries))
        for info in entries:
            if stat.S_ISLNK(info.external_attr >> 16):
                raise InvalidNameError(f"{info.filename!r} is a symbolic link, which a code snapshot cannot hold")
        files = []
        for info in entries:
            with archive.open(info) as source:
                digest, size = self.add(source)  # type: ignore[arg-type]
            files.append(SnapshotFile(info.filename, digest, size, bool((info.external_attr >> 16) & stat.S_IXUSR)))
        return self.create(files)

    # Snapshots in use

    def checkout(self, scope: str, snapshot: str, target: Path) -> None:
        """Copies a snapshot into a folder, which is made if need be; the copies belong to whoever asked.

        Small snapshots come from memory: 10 files take about 0.2 ms. Raises :class:`NotFoundError`.
        """
        digest = self.digest(scope, snapshot)
        files = self.files(scope, digest)
        target.mkdir(parents=True, exist_ok=True)
        base = os.fspath(target)
        made: set[str] = set()
        contents = self._small_contents(digest, files)
        for index, file in enumerate(files):
            parent = file.name.rpartition("/")[0]
            if parent and parent not in made:
                os.makedirs(f"{base}/{parent}", exist_ok=True)  # noqa: PTH103 (Path would cost more than the copy)
                made.add(parent)
            path = f"{base}/{file.name}"
            if contents is not None:
                _write_file(path, contents[index], 0o777 if file.executable else 0o666)
            else:
                _copy_file(self._content_path(file.sha256), path, 0o777 if file.executable else 0o666)

    def zip(self, scope: str, snapshot: str, target: BinaryIO) -> None:
        """Writes a snapshot as a zip archive; equal snapshots give equal bytes. Raises :class:`NotFoundError`."""
        files = self.files(scope, snapshot)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                info = zipfile.ZipInfo(file.name, _ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
                with self._content_path(file.sha256).open("rb") as source, archive.open(info, "w") as entry:
                    shutil.copyfileobj(source, entry, _CHUNK)

    def _small_contents(self, digest: str, files: tuple[SnapshotFile, ...]) -> tuple[bytes, ...] | None:
        """The contents of a small tree, from memory where they are there; None for a large one."""
        found = self._small.get(digest)
        if found is not None:
            return found
        size = sum(file.size for file in files)
        if size > _LARGEST_CACHED:
            return None
        found = tuple(self._content_path(file.sha256).read_bytes() for file in files)
        with self._lock:
            if self._small_size + size > _CACHE_SIZE:
                self._small.clear()
                self._small_size = 0
            if digest not in self._small:
                self._small[digest] = found
                self._small_size += size
        return found

    # Where things are

    def _content_path(self, sha256: str) -> Path:
        return self._content / sha256[:2] / sha256[2:]

    def _tree_path(self, digest: str) -> Path:
        return self._trees / f"{digest}.json"

    def _id_path(self, scope: str, snapshot_id: str) -> Path:
        return self._ids / scope / f"{snapshot_id}.json"

    def _staged(self) -> Path:
        return self._aside / uuid.uuid4().hex

    def _read_id(self, scope: str, snapshot_id: str) -> dict[str, Any]:
        if not _ID.fullmatch(scope) or not _ID.fullmatch(snapshot_id):
            raise NotFoundError(f"there is no code snapshot {snapshot_id[:200]!r}")
        try:
            content: dict[str, Any] = json.loads(self._id_path(scope, snapshot_id).read_bytes())
        except FileNotFoundError:
            raise NotFoundError(f"there is no code snapshot {snapshot_id}") from None
        return content

    def _write(self, target: Path, content: Any) -> None:
        aside = self._staged()
        try:
            aside.write_text(json.dumps(content, separators=(",", ":")))
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)

    @staticmethod
    def _publish(aside: Path, target: Path) -> None:
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            aside.replace(target)


def _digest(files: Iterable[SnapshotFile]) -> str:
    found = hashlib.sha256()
    for file in files:
        found.update(
            f"{file.name}\0{'x' if file.executable else '-'}\0{file.sha256}\n".encode("utf-8", "surrogateescape")
        )
    return found.hexdigest()


def _check_names(ordered: list[str]) -> None:
    folders: set[str] = set()
    seen: set[str] = set()
    for name in ordered:
        segments = check_name(name)
        if name in seen:
            raise InvalidNameError(f"{name!r} comes twice")
        seen.add(name)
        folders.update("/".join(segments[:count]) for count in range(1, len(segments)))
    for name in seen & folders:
        raise InvalidNameError(f"{name!r} is both a file and a folder")


def _write_file(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _copy_file(source: Path, path: str, mode: int) -> None:
    """Copies bytes in the kernel; on file systems that can, as a reflink that costs nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with source.open("rb") as content, os.fdopen(descriptor, "wb") as target:
        left = os.fstat(content.fileno()).st_size
        try:
            while left > 0 and (count := os.copy_file_range(content.fileno(), target.fileno(), left)):
                left -= count
        except OSError:  # not between these two file systems: the plain way says what is wrong, if something is
            target.seek(0)
            content.seek(0)
            shutil.copyfileobj(content, target, _CHUNK)
