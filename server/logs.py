"""The service's log: one file that stays small, whatever writes to it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RotatingOutput(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for type checkers
    """Logs to standard error, which is the log file of a detached service. When the file has grown beyond ``largest``
    bytes it becomes ``.1`` (``.1`` becomes ``.2``, and so on up to ``keep``), and standard output and error of this
    process go to a new one. So tracebacks and prints of any library land in the same place."""

    def __init__(self, path: Path, largest: int, keep: int) -> None:
        super().__init__(sys.stderr)
        self._path = path
        self._largest = largest
        self._keep = keep

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record, then looks at the size."""
        super().emit(record)
        try:
            if os.fstat(2).st_size > self._largest:
                self.rotate()
        except OSError:
            self.handleError(record)

    def rotate(self) -> None:
        """Begins a new file."""
        sys.stdout.flush()
        sys.stderr.flush()
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._keep + 1))]
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.close(descriptor)


def configure(path: Path | None, *, largest: int = 10 * 1024 * 1024, keep: int = 3) -> None:
    """Sets logging up: to the rotated file of a detached service, or (None) to the terminal of one in the foreground.

    ``AMLBRIDGE_LOG_LEVEL`` (DEBUG, INFO, …) sets how much; DEBUG shows every request.
    """
    handler = logging.StreamHandler() if path is None else RotatingOutput(path, largest, keep)
    level = os.environ.get("AMLBRIDGE_LOG_LEVEL", "INFO").upper()
    known = isinstance(logging.getLevelName(level), int)
    logging.basicConfig(level=level if known else "INFO", format=_FORMAT, handlers=[handler])
    # uvicorn says at INFO that it started and ended, twice; the service says it itself.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))
    if not known:
        logging.warning("AMLBRIDGE_LOG_LEVEL=%s is no level of logging; using INFO", level)
