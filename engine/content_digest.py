"""What files hold, as digests: by these two trees are equal or not, whatever their times say.

A digest that was made is kept for as long as the file's size, its times and its inode stay: the time of the last change
of the inode (ctime) is among them, which a program cannot set back, so a file whose content was changed and whose
modification time was restored is read again. A file that changed a moment ago is never trusted, because a further
change within the tick of the file system's clock would not show.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20
#: A file that is larger (bytes) is known by its size and its modification time alone.
LARGE = 4 << 30
#: A file that changed less than this long ago (seconds) may change again without a trace in its times.
_SETTLED = 0.1
_MOST_KNOWN = 200_000
#: The digest of what is not there.
ABSENT = "absent"
#: At most so many files are kept by name, so that a change can be named.
MOST_NAMED = 1000


@dataclass(frozen=True)
class Contents:
    """What a file or folder holds. ``digest`` covers all names and contents; ``files`` maps names to the digests of
    single files and is None when there are too many to keep. An absent place has no files and a digest of its own."""

    digest: str
    count: int
    files: Mapping[str, str] | None

    def differences(self, earlier: Contents) -> list[str]:
        """What became different since ``earlier``, for people; at least one entry when the digests differ."""
        if self.digest == earlier.digest:
            return []
        if self.digest == ABSENT or earlier.digest == ABSENT:
            return ["it is missing" if self.digest == ABSENT else "it was not there"]
        if self.files is None or earlier.files is None:
            return [f"{earlier.count} files became {self.count}" if self.count != earlier.count else "files changed"]
        return changed_names(self.files, earlier.files)


def changed_names(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """Which files of a tree changed, are new or are gone: one line for each, the first few."""
    found = [f"{name} changed" for name in sorted(now.keys() & then.keys()) if now[name] != then[name]]
    found += [f"{name} is new" for name in sorted(now.keys() - then.keys())]
    found += [f"{name} is missing" for name in sorted(then.keys() - now.keys())]
    return [*found[:5], f"and {len(found) - 5} more"] if len(found) > 5 else found


class ContentDigests:
    """Digests of files, each file read once for as long as it stays as it is. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[tuple[int, ...], str]] = OrderedDict()
        self._lock = threading.Lock()

    def of_path(self, path: Path) -> Contents:
        """The contents of a file or of a folder. Raises OSError."""
        if not path.exists():
            return Contents(ABSENT, 0, {})
        return self.of_files(files_below(path))

    def of_files(self, files: Iterable[tuple[str, Path]]) -> Contents:
        """The contents of named files. Raises OSError, also for one that is not there."""
        found = {name: self.of_file(path) for name, path in files}
        whole = hashlib.sha256()
        for name in sorted(found):
            whole.update(f"{name}\0{found[name]}\n".encode("utf-8", "surrogateescape"))
        printable = {name.encode("utf-8", "replace").decode(): digest for name, digest in found.items()}
        return Contents(whole.hexdigest(), len(found), printable if len(found) <= MOST_NAMED else None)

    def of_file(self, path: Path) -> str:
        """The digest of one file. Raises OSError."""
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "special"
        if status.st_size > LARGE:
            return f"large:{status.st_size}:{status.st_mtime_ns}"
        key, version = str(path), _version(status)
        with self._lock:
            known = self._known.get(key)
            if known is not None and known[0] == version:
                self._known.move_to_end(key)
                return known[1]
        digest = _hashed(path)
        after = path.stat()
        if _version(after) == version and abs(time.time() - after.st_ctime) > _SETTLED:
            with self._lock:
                self._known[key] = (version, digest)
                while len(self._known) > _MOST_KNOWN:
                    self._known.popitem(last=False)
        return digest


def files_below(path: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder by their names in it, links followed; a file by its own name; nothing for nothing."""
    if path.is_dir():
        yield from _below(path, "", frozenset())
    elif path.exists():
        yield path.name, path


def _below(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        # A link to a folder above: its files were seen.
        return
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _below(Path(entry.path), f"{prefix}{entry.name}/", above | {here})
        elif entry.is_symlink() and not Path(entry.path).exists():
            continue
        else:
            yield prefix + entry.name, Path(entry.path)


def _version(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _hashed(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
