"""``python copy.py SETTINGS.json``: copies a file or a folder, as its step starts it. Standard library only.

Files that are there under the same name are replaced, each as a whole; others stay. Exit codes: 0, or that of
:data:`amlbridge.engine.kinds.SAID_WHY` with a sentence as the last line on standard error.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_SAID_WHY = 113


class TransferError(Exception):
    """Why nothing can be copied, in words for the user."""


def pairs(
    source: Path, destination: Path, source_type: str | None, destination_type: str | None
) -> Iterator[tuple[Path, Path]]:
    """Each file with the place of its copy. Raises TransferError."""
    if not source.exists():
        raise TransferError(f"there is nothing at the source {source.name!r}")
    kind = "directory" if source.is_dir() else "file"
    if source_type is not None and source_type != kind:
        raise TransferError(f"source_reference_type is {source_type!r}, but the source is a {kind}")
    there = "directory" if destination.is_dir() else "file" if destination.exists() else None
    wanted = destination_type or there or kind
    if there is not None and wanted != there:
        raise TransferError(f"destination_reference_type is {wanted!r}, but a {there} lies at the destination")
    if kind == "file":
        yield source, destination / source.name if wanted == "directory" else destination
        return
    if wanted == "file":
        raise TransferError("a directory cannot be copied to a file: leave destination_reference_type out")
    inside, outside = source.resolve(), destination.resolve()
    if outside == inside or inside in outside.parents:
        raise TransferError("the destination lies in the source: choose another folder")
    for folder, _, names in os.walk(inside):
        for name in names:
            path = Path(folder, name)
            yield path, destination / path.relative_to(inside)


def put(source: Path, target: Path) -> int:
    """Copies a file; returns its size in bytes. Raises TransferError and OSError."""
    if target.is_dir():
        raise TransferError(f"{target.name!r} is a directory at the destination and a file at the source")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, beside)
        os.replace(beside, target)  # noqa: PTH105  # the same, and one call
    finally:
        if beside.exists():
            beside.unlink()
    return target.stat().st_size


def main(path: str) -> int:
    """Copies what the settings at ``path`` say. Returns the exit code."""
    said = json.loads(Path(path).read_text(encoding="utf-8"))
    count = size = 0
    try:
        places = pairs(Path(said["source"]), Path(said["destination"]), said["source_type"], said["destination_type"])
        for source, target in list(places):
            size += put(source, target)
            count += 1
    except (TransferError, OSError) as error:
        print(f"the data transfer failed after {count} files: {error}", file=sys.stderr, flush=True)
        return _SAID_WHY
    if not count:
        # A folder without files is a folder all the same.
        Path(said["destination"]).mkdir(parents=True, exist_ok=True)
    print(f"copied {count} files, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
