"""The blobs of a container in name order, a page at a time, without reading folders that a page does not need."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass

from amlbridge.engine.blob_names import is_encodable
from amlbridge.engine.errors import InvalidNameError

log = logging.getLogger(__name__)


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
        for name, entry in self._entries(folder):
            if self.passed is not None and name.startswith(self.passed):
                continue
            if name.endswith("/"):
                if self._may_hold(name):
                    yield from self.below(name)
                    if self.passed is not None and folder.startswith(self.passed):
                        return
            elif name.startswith(self.prefix) and name >= self.start and (status := self._file(entry)) is not None:
                yield Found(name, status)

    def _entries(self, folder: str) -> list[tuple[str, os.DirEntry[str]]]:
        try:
            with os.scandir(f"{self.base}/{folder}") as found:
                names = [
                    (folder + item.name + ("/" if item.is_dir(follow_symlinks=False) else ""), item) for item in found
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        # A folder sorts as its name with the slash: so do the names of the blobs in it.
        return sorted(names, key=lambda pair: pair[0])

    def _may_hold(self, folder: str) -> bool:
        if not (folder.startswith(self.prefix) or self.prefix.startswith(folder)):
            return False
        return folder >= self.start or self.start.startswith(folder)

    def _file(self, entry: os.DirEntry[str]) -> os.stat_result | None:
        try:
            if entry.is_symlink() and not os.path.realpath(entry.path).startswith(self.base + "/"):
                log.warning("not listed: %s leads out of its container", entry.path)
                return None
            return entry.stat() if entry.is_file() else None
        except FileNotFoundError:  # deleted meanwhile
            return None
