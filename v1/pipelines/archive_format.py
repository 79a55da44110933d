"""The file format of an exported pipeline: a zip archive that another workspace, or another machine, can import.

    manifest.json         what the pipeline is: documents by their old ids, and what they need from a workspace
    content/<sha256>      each file of the code snapshots, once, named by the SHA-256 of its bytes

No name of the archive ever becomes a path on the disk. A reader checks everything before it uses anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.snapshots import SnapshotFile
from amlbridge.v1.graph_reading import Fields, checked_json
from amlbridge.wire.errors import ServiceError, bad_request, conflict, not_found

FORMAT, FORMAT_VERSION = "amlbridge published pipeline", 1
_MANIFEST, _CONTENT = "manifest.json", "content/"
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Bounds of what is read into memory: bytes of the manifest, entries of the archive.
_LARGEST_MANIFEST, _MOST_ENTRIES = 64 * 1024 * 1024, 500_000
_CHUNK = 1024 * 1024
#: A fixed time, so that it does not matter when a file was uploaded.
_TIME = (1980, 1, 1, 0, 0, 0)
#: What zipfile raises when bytes are not what they should be.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, ArithmeticError)


def invalid(message: str) -> ServiceError:
    """400: the archive cannot be imported."""
    return bad_request(message, "InvalidArchive")


# -- writing -----------------------------------------------------------------------------------------------------------


def write(path: Path, manifest: Mapping[str, Any], contents: Mapping[str, Path], *, overwrite: bool) -> int:
    """Writes an archive, whole or not at all, readable for its owner only. ``contents``: files by their SHA-256.
    Returns its size in bytes. Raises a :class:`ServiceError` when the file is there or cannot be written."""
    if not path.is_absolute():
        raise bad_request(f"the path of an archive must be absolute, not {str(path)!r}")
    if path.exists() and (path.is_dir() or not overwrite):
        raise conflict(f"{path} exists already: choose another name, or pass --overwrite", "ArchiveExists")
    aside = path.with_name(f".{path.name[:100]}.{uuid.uuid4().hex}.partial")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _write(file, manifest, contents)
        aside.replace(path)
        return path.stat().st_size
    except OSError as error:
        raise bad_request(
            f"cannot write the archive {path} ({error.strerror or error}): choose a place that can be written and has "
            "room"
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _write(file: IO[bytes], manifest: Mapping[str, Any], contents: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_info(_MANIFEST), json.dumps(manifest, indent=1, ensure_ascii=False))
        for sha256, source in sorted(contents.items()):
            found = hashlib.sha256()
            with source.open("rb") as content, archive.open(_info(_CONTENT + sha256), "w", force_zip64=True) as entry:
                while chunk := content.read(_CHUNK):
                    found.update(chunk)
                    entry.write(chunk)
            if found.hexdigest() != sha256:
                raise conflict(
                    f"the file {source} of a code snapshot is not what was uploaded (its digest differs): submit the "
                    "source directory again and publish anew",
                    "SnapshotDamaged",
                )


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Archive:
    """An archive that was checked: every file that its manifest names is there, whole, and nothing else.
    ``snapshots``: the files of each code snapshot by its old id."""

    path: Path
    manifest: Fields
    snapshots: Mapping[str, tuple[SnapshotFile, ...]]
    _zip: zipfile.ZipFile

    @contextmanager
    def content(self, sha256: str) -> Iterator[IO[bytes]]:
        """The bytes of a file. Raises a 400 :class:`ServiceError` when they cannot be read any more."""
        try:
            with self._zip.open(_CONTENT + sha256) as source:
                yield source
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(self.path, error) from error


@contextmanager
def opened(path: Path, room: Path) -> Iterator[Archive]:
    """Reads and checks an archive; ``room``: a folder on the disk that its files shall go to.

    Raises a :class:`ServiceError` (404, 400) that says what is wrong with it.
    """
    if not path.is_absolute():
        raise bad_request(f"the path of an archive must be absolute, not {str(path)!r}")
    if not path.is_file():
        raise not_found(f"there is no file {path}: give the path of a file that `amlbridge published export` wrote")
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGED, OSError) as error:
        raise _damaged(path, error) from error
    with archive:
        try:
            entries = _entries(path, archive)
            manifest = _manifest(path, archive, entries)
            snapshots = _snapshots(manifest)
            files = {file.sha256: file.size for content in snapshots.values() for file in content}
            _check_entries(entries, files, room)
            for sha256 in files:
                _check_content(archive, entries[_CONTENT + sha256], sha256)
        except (*_DAMAGED, OSError) as error:
            raise _damaged(path, error) from error
        yield Archive(path, manifest, snapshots, archive)


def _damaged(path: Path, error: Exception) -> ServiceError:
    return invalid(f"{path} is damaged, or no archive of amlbridge ({error}): export the pipeline again")


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    entries = {info.filename: info for info in infos}
    if _MANIFEST not in entries:
        raise invalid(f"{path} is a zip file without {_MANIFEST}: `amlbridge published export` did not write it")
    if len(infos) > _MOST_ENTRIES:
        raise invalid(f"{path} has {len(infos)} entries, more than the {_MOST_ENTRIES} that can be imported")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise invalid(f"{path} is compressed in a way that amlbridge does not use: export the pipeline again")
    if len(entries) != len(infos):
        raise invalid(f"{path} names an entry twice: it is damaged, or someone changed it; export the pipeline again")
    return entries


def _manifest(path: Path, archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> Fields:
    with archive.open(entries[_MANIFEST]) as source:
        text = source.read(_LARGEST_MANIFEST + 1)
    if len(text) > _LARGEST_MANIFEST:
        raise invalid(f"the manifest of {path} is larger than {_LARGEST_MANIFEST} bytes")
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise ValueError("its manifest is nested too deeply") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise invalid(f"{path} is not the archive of a published pipeline: its manifest says no format {FORMAT!r}")
    version = content.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise invalid(
            f"{path} has the format version {str(version)[:40]}; this amlbridge reads {FORMAT_VERSION}: import it with "
            "the amlbridge that wrote it, or a newer one"
        )
    return Fields(checked_json(content, "the manifest"), "the manifest")


def _snapshots(manifest: Fields) -> dict[str, tuple[SnapshotFile, ...]]:
    table = manifest.object("snapshots")
    found = {}
    for snapshot_id in table.content:
        files = tuple(_file(item) for item in table.object(snapshot_id).objects("files"))
        _check_names(file.name for file in files)
        found[snapshot_id] = files
    sizes: dict[str, int] = {}
    for file in (file for files in found.values() for file in files):
        if sizes.setdefault(file.sha256, file.size) != file.size:
            raise invalid(f"the manifest gives two sizes for the file {file.name!r}: export the pipeline again")
    return found


def _file(item: Fields) -> SnapshotFile:
    sha256, size = item.required("sha256"), item.content.get("size")
    if not _SHA256.fullmatch(sha256):
        raise invalid(f"{item.at('sha256')} is no SHA-256: export the pipeline again")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise invalid(f"{item.at('size')} is no number of bytes: export the pipeline again")
    return SnapshotFile(item.required("name"), sha256, size, item.flag("executable"))


def _check_names(names: Iterable[str]) -> None:
    """Each name stays in its folder, comes once, and is not a folder as well."""
    seen: set[str] = set()
    folders: set[str] = set()
    for name in names:
        try:
            segments = check_name(name)
        except InvalidNameError as error:
            raise invalid(f"a file of the archive cannot be kept: {error}") from error
        if name in seen:
            raise invalid(f"the archive holds the file {name[:200]!r} twice in one snapshot")
        seen.add(name)
        folders.update("/".join(segments[:count]) for count in range(1, len(segments)))
    if both := seen & folders:
        raise invalid(f"the archive holds {min(both)[:200]!r} as a file and as a folder")


def _check_entries(entries: Mapping[str, zipfile.ZipInfo], files: Mapping[str, int], room: Path) -> None:
    strange = entries.keys() - {_MANIFEST} - {_CONTENT + sha256 for sha256 in files}
    if strange:
        raise invalid(
            f"the archive holds {min(strange)[:200]!r}, which its manifest does not name: nothing was imported; export "
            "the pipeline again"
        )
    for sha256, size in files.items():
        info = entries.get(_CONTENT + sha256)
        if info is None:
            raise invalid(f"the archive lacks {_CONTENT}{sha256}, which its manifest names: export the pipeline again")
        if info.file_size != size:
            raise invalid(f"{_CONTENT}{sha256} has {info.file_size} bytes, the manifest says {size}: export again")
    needed, free = sum(files.values()), shutil.disk_usage(room).free
    if needed > free:
        raise ServiceError(
            409, "InsufficientStorage", f"the archive unpacks to {needed} bytes, and {room} has room for {free}"
        )


def _check_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, sha256: str) -> None:
    found = hashlib.sha256()
    # Not more than it says to hold: zipfile stops there.
    with archive.open(info) as source:
        while chunk := source.read(_CHUNK):
            found.update(chunk)
    if found.hexdigest() != sha256:
        raise invalid(
            f"{info.filename} is not what was exported (its digest is {found.hexdigest()[:12]}…): the archive is "
            "damaged or was changed; export the pipeline again"
        )
