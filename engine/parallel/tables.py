"""Tables and partitioned files, read by Azure's own dataset engine (azureml-dataprep) from files of this machine.

A table is ``{"files": [{"path": …, "size": …}], "transformations": [...], "tabular": bool}``, the definition of an
MLTable with its sources resolved. The engine starts threads: it is used in worker processes and in processes of its
own, never in the driver, which forks.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .entry import EntryError

#: Transformations that look at one file, or one row, at a time: a part of the files gives a part of the rows.
_LOCAL = frozenset(
    {
        *("read_delimited", "read_parquet", "read_json_lines", "read_files", "extract_columns_from_partition_format"),
        *("convert_column_types", "drop_columns", "keep_columns", "filter", "rename_columns", "add_columns"),
    }
)
#: The header modes of delimited files that look at more than the file itself.
_FIRST_FILE = ("from_first_file",)
_MISSING = (
    "a table is read with azureml-dataprep, which the Python of this step does not have: add mltable (SDK v2) or "
    "azureml-dataset-runtime[pandas] (SDK v1) to the step's environment"
)


class TableReader:
    """Reads tables in a worker; keeps the last one, as the parts of a file come one after the other."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self._tables = tables
        self._last: tuple[Any, Any] | None = None

    def rows(self, name: str, files: Sequence[str], part: int, parts: int, partition: Mapping[str, Any] | None) -> Any:
        """A part of the rows of these files (``part`` of ``parts``, which differ by a row at most), or those rows that
        have the values of a partition. A DataFrame with an index of its own."""
        key = (name, tuple(files))
        if self._last is None or self._last[0] != key:
            self._last = (key, _flow(self._tables[name], files).to_pandas_dataframe())
        frame = self._last[1]
        if partition is not None:
            for column, value in partition.items():
                frame = frame[frame[column].isna() if value is None else frame[column] == value]
        else:
            count = len(frame)
            frame = frame.iloc[part * count // parts : (part + 1) * count // parts]
        # The script may change its mini batch, and it may be tried again.
        return frame.reset_index(drop=True).copy()


def is_divisible(table: Mapping[str, Any]) -> bool:
    """Whether each file of a table can be read by itself."""
    for item in table["transformations"]:
        name = item if isinstance(item, str) else next(iter(item), "")
        options = item.get(name) if isinstance(item, Mapping) else None
        header = options.get("header") if isinstance(options, Mapping) else None
        if name not in _LOCAL or header in _FIRST_FILE:
            return False
    return True


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function in a process of its own. Raises what it raises."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, arguments)


def chosen_files(table: Mapping[str, Any]) -> list[str]:
    """The files of a table without rows that its transformations leave."""
    found = _flow(table, _paths(table)).to_path(activity="to_path", source="FileDataset")
    return [str(path) for path in found]


def partitions(table: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[dict[str, Any], list[str]]]:
    """The values of the keys that there are, in order of appearance, each with the files that have it. Raises
    EntryError when a key is no column."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for files, frame in _frames(table):
        missing = [key for key in keys if key not in frame.columns]
        if missing:
            known = ", ".join(map(str, frame.columns))
            raise EntryError(f"the partition key {missing[0]!r} is no column of the input, which has: {known}")
        for path, row in zip(files, frame[list(keys)].itertuples(index=False, name=None)):  # noqa: B905 - Python 3.8 has no strict
            values = tuple(_plain(value) for value in row)
            found = groups.setdefault(values, [])
            if path is None:
                found[:] = _paths(table)
            elif path not in found:
                found.append(path)
    return [(dict(zip(keys, values)), files) for values, files in groups.items()]  # noqa: B905 - as above


def _frames(table: Mapping[str, Any]) -> Iterable[tuple[list[str | None], Any]]:
    """Frames with the key columns, each with the file of each row; None for a file that cannot be told."""
    paths = _paths(table)
    if not table["tabular"]:
        flow = _flow(table, paths)
        yield [str(path) for path in flow.to_path(activity="to_path", source="FileDataset")], flow.to_pandas_dataframe()
    elif is_divisible(table):
        for path in paths:
            frame = _flow(table, [path]).to_pandas_dataframe()
            yield [path] * len(frame), frame
    else:
        frame = _flow(table, paths).to_pandas_dataframe()
        yield [None] * len(frame), frame


def _plain(value: Any) -> Any:
    """A value of a frame as Python's own; None for a missing one."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _paths(table: Mapping[str, Any]) -> list[str]:
    return [item["path"] for item in table["files"]]


def _flow(table: Mapping[str, Any], files: Sequence[str]) -> Any:
    try:
        from azureml.dataprep import EnginelessDataflow
    except ImportError as error:
        raise EntryError(_MISSING) from error
    # The engine takes local paths as they are, not percent-encoded. Its YAML has JSON's forms; the line in front tells
    # it from the JSON of older definitions.
    content = {
        "type": "mltable",
        "paths": [{"file": f"file://{path}"} for path in files],
        "transformations": list(table["transformations"]),
    }
    return EnginelessDataflow("---\n" + json.dumps(content))
