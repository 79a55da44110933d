"""Why something could not be compared."""

from __future__ import annotations


class UnreadableError(ValueError):
    """A file that is not what its name says, or cannot be read. The message says which one and why."""


class MissingPackageError(UnreadableError):
    """A package that this kind of file needs is not installed; the message says how to install it."""


def need(package: str, what: str) -> MissingPackageError:
    """The error for a package that is not there."""
    return MissingPackageError(f"{what} need {package}, which is not installed: pip install 'amlbridge[compare]'")
