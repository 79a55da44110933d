"""Tar archives from a client: build contexts, and files for a container."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import IO

from amlbridge.engine.blobs import check_name
from amlbridge.engine.errors import InvalidNameError
from amlbridge.server.docker.errors import DockerError

#: An archive of more than this is no folder of code and models: bytes.
MOST_UNPACKED = 16 * 1024**3


def unpack(archive: IO[bytes], target: Path, most: int = MOST_UNPACKED) -> None:
    """Writes the files of an archive, packed or not, below ``target``. Raises a 400 :class:`DockerError` for one that
    would write elsewhere, has links or is too large."""
    size = 0
    try:
        with tarfile.open(fileobj=archive) as tar:
            for member in tar:
                size += member.size
                if size > most:
                    raise DockerError(400, f"the archive has more than {most} bytes")
                _unpack_one(tar, member, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DockerError(400, f"the archive cannot be read: {error}") from error


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    name = member.name.strip("/").removeprefix("./")
    if name in ("", "."):
        return
    path = target.joinpath(*inside(name))
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    source = tar.extractfile(member) if member.isfile() else None
    if source is None:
        raise DockerError(400, f"{member.name} is neither a file nor a folder: replace links by what they lead to")
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, path.open("wb") as file:
        shutil.copyfileobj(source, file)


def inside(path: str) -> tuple[str, ...]:
    """The parts of a path in a container. Raises a 400 :class:`DockerError` for one that leads out of it."""
    parts = "/".join(part for part in path.split("/") if part not in ("", "."))
    try:
        return check_name(parts) if parts else ()
    except InvalidNameError as error:
        raise DockerError(400, f"{path!r} is no path in a container: {error}") from error
