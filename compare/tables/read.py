"""Reads tables as batches of texts.

Everything is compared as text first, which is one vectorised pass; only the cells that differ are looked at as numbers
or dates. So a reader hands out every column as strings, with :data:`NULL` where a typed file has no value.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from amlbridge.compare.errors import UnreadableError

#: A record batch or a table of pyarrow, whose classes have no types.
Batch: TypeAlias = Any
#: Stands for a missing value; no text file holds it as a cell by accident.
NULL = "\0null"
#: Bytes of a csv that are parsed at once: what memory a comparison needs follows from this.
BLOCK = 1 << 20
_ROWS = 32_768
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """A table in a file. ``types`` are the columns' types where the format has any, else "". ``batches`` reads it from
    its start; it raises :class:`UnreadableError` where the file is damaged."""

    path: Path
    columns: tuple[str, ...]
    types: tuple[str, ...]
    batches: Callable[[], Iterator[Batch]]


def open_table(path: Path) -> Table:
    """The table in a file, by its suffix. Raises :class:`UnreadableError`."""
    suffix = _suffix(path)
    reader = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".parquet": _parquet}.get(suffix, _arrow)
    try:
        return reader(path)
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        raise UnreadableError(f"{path.name} cannot be read as {suffix[1:]}: {error}") from error


def _suffix(path: Path) -> str:
    return path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def _guarded(path: Path, batches: Callable[[], Iterator[Batch]]) -> Callable[[], Iterator[Batch]]:
    def read() -> Iterator[Batch]:
        try:
            yield from batches()
        except (pa.ArrowException, OSError, UnicodeError, json.JSONDecodeError) as error:
            raise UnreadableError(f"{path.name} is damaged: {error}") from error

    return read


def _csv(path: Path) -> Table:
    encoding = "utf-8" if _is_utf8(path) else "latin-1"
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(1 << 16).decode(encoding, "replace").removeprefix("\ufeff")
    if not head.strip():
        return Table(path, (), (), lambda: iter(()))
    first_line = head.splitlines()[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    names = next(csv.reader(io.StringIO(head), delimiter=delimiter))
    if head.rstrip("\r\n") == first_line:  # names only; without a line end, the reader takes it for no table
        return Table(path, tuple(names), ("",) * len(names), lambda: iter(()))
    # Quotes that span lines are rare, and cost the reader its speed.
    multiline = '"' in head

    def batches() -> Iterator[Batch]:
        with pa.input_stream(str(path), compression="detect") as stream:
            yield from pa.csv.open_csv(
                stream,
                read_options=pa.csv.ReadOptions(block_size=BLOCK, encoding=encoding, use_threads=True),
                parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=multiline),
                convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
            )

    return Table(path, tuple(names), ("",) * len(names), _guarded(path, batches))


def _is_utf8(path: Path) -> bool:
    """By the first megabyte; what comes later and is not valid is reported as damage."""
    with pa.input_stream(str(path), compression="detect") as stream:
        sample = stream.read(1 << 20)
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return bool(error.end >= len(sample) - 4)
    return True


def _jsonl(path: Path) -> Table:
    """The columns and their types are those of all lines: it is read once for them."""
    kinds: dict[str, set[str]] = {}
    for row in _objects(path):
        for name, value in row.items():
            kinds.setdefault(name, set()).add(_kind(value))
    names = tuple(kinds)
    types = tuple(" or ".join(sorted(kinds[name] - {"null"})) for name in names)

    def batches() -> Iterator[Batch]:
        rows: list[dict[str, Any]] = []
        for row in _objects(path):
            rows.append(row)
            if len(rows) == _ROWS:
                yield _batch_of(rows, names)
                rows = []
        if rows:
            yield _batch_of(rows, names)

    return Table(path, names, types, _guarded(path, batches))


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with pa.input_stream(str(path), compression="detect") as stream:
        for number, line in enumerate(io.TextIOWrapper(stream, encoding="utf-8-sig"), 1):
            if not line.strip():
                continue
            content = json.loads(line)
            if not isinstance(content, dict):
                raise ValueError(f"line {number} is no object")
            yield content


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "string", list: "list"}.get(type(value), "object")


def _batch_of(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Batch:
    columns = [pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names]
    return pa.RecordBatch.from_arrays(columns, names=list(names))


def _text(value: Any) -> str:
    if value is None:
        return NULL
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _parquet(path: Path) -> Table:
    with pa.parquet.ParquetFile(path) as file:
        schema = file.schema_arrow

    def batches() -> Iterator[Batch]:
        with pa.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                yield _as_text(batch)

    return Table(path, tuple(schema.names), tuple(map(_plain, schema.types)), _guarded(path, batches))


def _arrow(path: Path) -> Table:
    with pa.memory_map(str(path)) as source:
        schema = pa.ipc.open_file(source).schema

    def batches() -> Iterator[Batch]:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            for index in range(file.num_record_batches):
                whole = file.get_batch(index)
                for start in range(0, whole.num_rows, _ROWS):
                    yield _as_text(whole.slice(start, _ROWS))

    return Table(path, tuple(schema.names), tuple(map(_plain, schema.types)), _guarded(path, batches))


def _plain(kind: Any) -> str:
    """A type's name without what is only a way of storing it."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        return "timestamp with zone" if kind.tz else "timestamp"
    return str(kind).removeprefix("large_").removesuffix("_view")


def _as_text(batch: Batch) -> Batch:
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        try:
            text = pc.cast(column, pa.string())
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            # Lists, objects and bytes: rare, so slowly.
            text = pa.array([None if item is None else repr(item) for item in column.to_pylist()], pa.string())
        columns.append(pc.fill_null(text, NULL))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
