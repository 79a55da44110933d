"""The rows of all mini batches in one file, which appears whole, at the end, or not at all."""

from __future__ import annotations

import os
from pathlib import Path


class Rows:
    """Writes the rows in the order of the mini batches, whoever is first, beside the file that they become."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._beside = target.with_name(f".{target.name}.part")
        self._waiting: dict[int, str] = {}
        self._next = 0
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._beside.open("w", encoding="utf-8")

    def add(self, index: int, text: str) -> None:
        """The rows of a mini batch; each must be added once."""
        self._waiting[index] = text
        while self._next in self._waiting:
            self._file.write(self._waiting.pop(self._next))
            self._next += 1

    def keep(self) -> None:
        """Puts the file in its place."""
        self._file.close()
        os.replace(self._beside, self._target)  # noqa: PTH105  # the same, and one call

    def drop(self) -> None:
        """Forgets what was written."""
        self._file.close()
        self._beside.unlink()
