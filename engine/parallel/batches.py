"""Cuts the inputs of a parallel run into mini batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import tables
from .entry import EntryError
from .settings import ParallelSettings

_FILES, _BYTES = 10, 2**20
#: How many files a message names.
_NAMED = 3


@dataclass(frozen=True)
class Batch:
    """A mini batch: files of an input, or rows of them (``rows``): a part of each file's, or those of a partition."""

    index: int
    source: str
    files: tuple[str, ...]
    rows: bool = False
    part: int = 0
    parts: int = 1
    partition: Mapping[str, Any] | None = None

    @property
    def items(self) -> int | None:
        """How many items it has; None for rows, which are not known before they are read."""
        return None if self.rows else len(self.files)

    def __str__(self) -> str:
        names = [Path(path).name for path in self.files[:_NAMED]]
        more = len(self.files) - len(names)
        text = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        if self.partition is not None:
            return f"mini batch {self.index} ({', '.join(f'{key}={value}' for key, value in self.partition.items())})"
        part = f", part {self.part + 1} of {self.parts}" if self.parts > 1 else ""
        return f"mini batch {self.index} ({text}{part})" if text else f"mini batch {self.index}"


def make(settings: ParallelSettings, inputs: Sequence[Mapping[str, Any]]) -> list[Batch]:
    """The mini batches, input by input. Each input is ``{"name", "path"}`` or ``{"name", "table"}``.

    Raises EntryError: there is nothing to do, or a partition key is no column.
    """
    if settings.rank_mini_batch_count > 0:
        return [Batch(index, "", ()) for index in range(settings.rank_mini_batch_count)]
    found: list[Batch] = []
    for item in inputs:
        for batch in _of(settings, item):
            found.append(Batch(len(found), item["name"], **batch))
    if not found:
        names = ", ".join(repr(item["name"]) for item in inputs)
        raise EntryError(f"there are no files in the input {names}: a parallel run needs at least one")
    return found


def _of(settings: ParallelSettings, item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    table = item.get("table")
    if table is not None and settings.partition_keys:
        for values, files in tables.apart(tables.partitions, table, settings.partition_keys):
            yield {"files": tuple(files), "rows": table["tabular"], "partition": values}
    elif table is not None and table["tabular"]:
        yield from _slices(table, settings.mini_batch_size or _BYTES)
    else:
        files = _listed(table) if table is not None else files_of(Path(item["path"]))
        size = settings.mini_batch_size or _FILES
        for start in range(0, len(files), size):
            yield {"files": tuple(files[start : start + size])}


def _slices(table: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
    """Parts of about so many bytes. None goes across files, as Azure documents, unless the table is one whole."""
    files = table["files"]
    units = [[item] for item in files] if tables.is_divisible(table) else [files] if files else []
    for unit in units:
        parts = max(1, -(-sum(item["size"] for item in unit) // size))
        for part in range(parts):
            yield {"files": tuple(item["path"] for item in unit), "rows": True, "part": part, "parts": parts}


def _listed(table: Mapping[str, Any]) -> list[str]:
    if table["transformations"]:
        found: list[str] = tables.apart(tables.chosen_files, table)
        return found
    return [item["path"] for item in table["files"]]


def files_of(place: Path) -> list[str]:
    """The files of an input, in the order of their paths."""
    if place.is_file():
        return [str(place)]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names)  # noqa: PTH118
