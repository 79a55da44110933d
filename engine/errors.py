"""Errors of the engine. Each message says what happened and, where one can, what to do."""

from __future__ import annotations

import errno


class EngineError(Exception):
    """The base of what the engine raises on purpose."""


class PlanError(EngineError):
    """A Plan that is malformed or cannot be run."""


class NotFoundError(EngineError):
    """A record or a blob that is not there."""


class ConflictError(EngineError):
    """A change that contradicts what is recorded."""


class InvalidNameError(EngineError):
    """A name that would leave its folder or that no file system can hold."""


class StorageError(EngineError):
    """The disk of the state folder is full or refuses what is written. Nothing was changed; it may work later."""


class StateError(EngineError):
    """The state folder cannot be used: another service holds it, it is read-only, or it is of a newer version."""


#: What the system calls a disk, a quota or a file that takes no more.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: What it calls one that must not be written.
_FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def storage_error(error: OSError) -> StorageError | None:
    """The error of a write that found no room or no permission; None for any other error of the system."""
    if error.errno in _FORBIDDEN:
        return StorageError(f"the state folder cannot be written ({error.strerror}): make it writable, then try again")
    if error.errno not in FULL:
        return None
    return StorageError(f"the disk of the state folder is full ({error.strerror}): free some space, then try again")
