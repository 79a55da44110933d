"""The blobs of a container in name order, a page at a time, without reading folders that a page does not need."""

from __future__ import annotations

import bisect
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from amlbridge.engine.blob_names import is_encodable
from amlbridge.engine.errors import InvalidNameError

log = logging.getLogger(__name__)

#: Folders with fewer names are scanned each time: that takes less than a millisecond.
_LARGE = 500
#: At most so many names are kept, of all folders together (some 20 MB).
_MOST_NAMES = 200_000
#: Nanoseconds; the coarsest times of a file system in use are of two seconds (FAT).
_SETTLED = 2_500_000_000


@dataclass(frozen=True)
class Found:
    """One file below a container's folder, or (``status`` None) a prefix that stands for all names below it."""

    name: str
    status: os.stat_result | None


def walk(base: str, prefix: str = "", start: str = "", delimiter: str = "") -> Iterator[Found]:
    """Files whose name starts with ``prefix`` and is not before ``start``, in the order of their names' code points.

    With a ``delimiter`` all names that share the text up to its first appearance behind the prefix give one
    :class:`Found` without status. ``base`` must be a real path. Folders behind symbolic links are not entered: the link
    may close a circle; files behind links are listed when they lie in the container. Raises :class:`InvalidNameError`
    when the prefix leads out of the container.
    """
    folder = os.path.realpath(f"{base}/{_folder(prefix)}") if is_encodable(prefix) and "\0" not in prefix else base
    if folder != base and not folder.startswith(base + "/"):
        raise InvalidNameError(f"{prefix!r} leads out of its container")
    files = _Walk(base, prefix, start)
    if not delimiter:
        yield from files.below(_folder(prefix))
        return
    last = None
    for item in files.below(_folder(prefix)):
        cut = item.name.find(delimiter, len(prefix))
        if cut < 0:
            yield item
            continue
        shared = item.name[: cut + len(delimiter)]
        if shared != last:
            last = shared
            # Nothing else below this prefix is of interest: the walk leaves its folder as soon as it can.
            files.passed = shared
            yield Found(shared, None)


def _folder(prefix: str) -> str:
    return prefix[: prefix.rfind("/") + 1]


class _Walk:
    def __init__(self, base: str, prefix: str, start: str) -> None:
        self.base = base
        self.prefix = prefix
        self.start = start
        self.passed: str | None = None

    def below(self, folder: str) -> Iterator[Found]:
        """``folder`` is "" or ends with a slash."""
        if any(part in ("", ".", "..") for part in folder.split("/")[:-1]) or "\0" in folder:
            return
        names = _names(f"{self.base}/{folder}")
        first = bisect.bisect_left(names, max(_first(self.start, folder), _first(self.prefix, folder)))
        for name in (folder + names[place] for place in range(first, len(names))):
            if self.passed is not None and name.startswith(self.passed):
                continue
            if name.endswith("/"):
                if self._may_hold(name):
                    yield from self.below(name)
                    if self.passed is not None and folder.startswith(self.passed):
                        return
            elif name.startswith(self.prefix) and name >= self.start and (status := self._file(name)) is not None:
                yield Found(name, status)
            elif name > self.prefix and not name.startswith(self.prefix):
                return  # all others come behind the prefix, too

    def _may_hold(self, folder: str) -> bool:
        if not (folder.startswith(self.prefix) or self.prefix.startswith(folder)):
            return False
        return folder >= self.start or self.start.startswith(folder)

    def _file(self, name: str) -> os.stat_result | None:
        path = f"{self.base}/{name}"
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                if not os.path.realpath(path).startswith(self.base + "/"):
                    log.warning("not listed: %s leads out of its container", path)
                    return None
                status = os.stat(path)  # noqa: PTH116  # a plain call: this runs once per blob in a listing
        except (FileNotFoundError, NotADirectoryError):  # deleted meanwhile, or a link to nothing
            return None
        return status if stat.S_ISREG(status.st_mode) else None


def _first(wanted: str, folder: str) -> str:
    """The first name in ``folder`` that can lead to ``wanted`` or to what comes behind it, without the folder."""
    if not wanted.startswith(folder):
        # Nobody enters a folder that lies wholly before it, so all of this one lies behind it.
        return ""
    rest = wanted[len(folder) :]
    return rest[: rest.find("/") + 1] if "/" in rest else rest


class _Cache:
    """Names in large folders that have not changed for a while: every page of a list would scan them anew.

    The change time of a folder, which no program can set, changes with its names. How fine it is depends on the file
    system: so what was changed less than :data:`_SETTLED` ago is not kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[tuple[int, int, int], list[str]]] = {}

    def get(self, path: str, mark: tuple[int, int, int]) -> list[str] | None:
        """The names in a folder that still has this mark."""
        with self._lock:
            kept = self._kept.pop(path, None)
            if kept is None or kept[0] != mark:
                return None
            self._kept[path] = kept  # the last used come last
            return kept[1]

    def put(self, path: str, mark: tuple[int, int, int], names: list[str]) -> None:
        """Keeps the names, and forgets those of the folders that were not used for longest."""
        with self._lock:
            self._kept[path] = (mark, names)
            total = sum(len(kept) for _, kept in self._kept.values())
            while total > _MOST_NAMES:
                total -= len(self._kept.pop(next(iter(self._kept)))[1])


_cache = _Cache()


def _names(path: str) -> list[str]:
    """What a folder holds, sorted; [] when there is none. Folders have a slash at the end: so they sort as the
    names of the blobs in them do."""
    try:
        status = os.stat(path)  # noqa: PTH116
        mark = (status.st_dev, status.st_ino, status.st_ctime_ns)
        known = _cache.get(path, mark)
        if known is not None:
            return known
        settled = time.time_ns() - status.st_ctime_ns > _SETTLED
        with os.scandir(path) as found:
            names = sorted(item.name + ("/" if item.is_dir(follow_symlinks=False) else "") for item in found)
    except (FileNotFoundError, NotADirectoryError):
        return []
    if settled and len(names) >= _LARGE:
        _cache.put(path, mark, names)
    return names
