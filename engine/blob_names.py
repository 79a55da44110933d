"""Which names a blob can have when blobs are files."""

from __future__ import annotations

import os

from amlbridge.engine.errors import InvalidNameError

_LONGEST_SEGMENT = 255
#: Azure's limit for a whole name, in characters; with the state folder before it a path stays below PATH_MAX.
_LONGEST_NAME = 1024


def check_name(name: str) -> tuple[str, ...]:
    """The segments of a blob name. Raises :class:`InvalidNameError` for one that would leave its folder or that no file
    system can hold: empty or dot segments, a leading slash, a backslash, NUL, a segment over 255 bytes, a name over
    1024 characters."""
    if len(name) > _LONGEST_NAME:
        raise InvalidNameError(f"the name {name[:80]!r}… is longer than {_LONGEST_NAME} characters")
    if "\\" in name or "\0" in name:
        raise InvalidNameError(f"{name!r} is not a valid path: it has a backslash or a NUL")
    segments = tuple(name.split("/"))
    for segment in segments:
        if segment in ("", ".", ".."):
            raise InvalidNameError(f"{name!r} is not a valid path: it has the segment {segment!r}")
        if len(segment) * 4 > _LONGEST_SEGMENT and _bytes(segment) > _LONGEST_SEGMENT:
            raise InvalidNameError(f"a part of the path {name[:80]!r}… is longer than {_LONGEST_SEGMENT} bytes")
    return segments


def _bytes(segment: str) -> int:
    try:
        return len(os.fsencode(segment))
    except UnicodeEncodeError as error:
        raise InvalidNameError(f"{segment!r} cannot be the name of a file: {error.reason}") from error


def is_encodable(name: str) -> bool:
    """Whether a name is Unicode text. The name of a file that a step made may be any bytes (surrogate escapes)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
