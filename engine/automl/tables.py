"""Reads the tables that AutoML is given: files, folders of files, and folders with an MLTable file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from amlbridge.engine.automl.errors import AutoMLError

_DEFINITION = "MLTable"
#: Of a table that something else has read: its columns whose names were taken, and what its file calls them; among
#: ``DataFrame.attrs``, which a Parquet file keeps.
RENAMED = "renamed"


def read_table(place: str | Path, what: str) -> Any:
    """The DataFrame at a path; ``what`` it is, for messages. Column names are text. Raises :class:`AutoMLError`."""
    path = Path(place)
    if not path.exists():
        raise AutoMLError(f"the {what} is not there: nothing is at {path.name}")
    if path.name == _DEFINITION or (path / _DEFINITION).is_file():
        frame = _by_definition(path if path.is_file() else path / _DEFINITION, what)
    else:
        frame = _joined([_read(file, what) for file in _files(path, what)])
    frame.columns = [str(name).strip() for name in frame.columns]
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        raise AutoMLError(f"the {what} has the column {', '.join(twice)} more than once: give each column its own name")
    if frame.empty or not len(frame.columns):
        raise AutoMLError(f"the {what} has no rows: look at what the step before it has written")
    return frame.reset_index(drop=True)


def tell(frame: Any, what: str, note: Callable[[str], None]) -> None:
    """Notes what whoever read the table has changed in it."""
    for new, old in frame.attrs.get(RENAMED, {}).items():
        note(f"the {what} has the column {old} more than once: {new} is another one; give each column its own name")


def joined(features: str, label: str | None, weights: str | None, *, names: tuple[str, str | None], what: str) -> Any:
    """Features, label and weights that are tables of their own, side by side; ``names``: those of the two columns.
    Raises :class:`AutoMLError`."""
    frame = read_table(features, what)
    for place, name, role in ((label, names[0], "label"), (weights, names[1], "weight")):
        if place is None or name is None:
            continue
        column = read_table(place, f"{role} of the {what}")
        if len(column.columns) != 1:
            raise AutoMLError(f"the {role} of the {what} has {len(column.columns)} columns: give it exactly one")
        if len(column) != len(frame):
            raise AutoMLError(f"the {role} of the {what} has {len(column)} rows and its features have {len(frame)}")
        if name in frame.columns:
            raise AutoMLError(f"the features of the {what} have a column {name!r}, as the {role} is called: rename it")
        frame[name] = column.iloc[:, 0]
    return frame


def _files(path: Path, what: str) -> list[Path]:
    """The data files below a path, in the order of their names; those that are hidden or of a job system are none."""
    if path.is_file():
        return [path]
    found = sorted(
        Path(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if not name.startswith((".", "_"))
    )
    if not found:
        raise AutoMLError(f"the {what} has no files: nothing is in the folder {path.name}")
    return found


def _joined(frames: list[Any]) -> Any:
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def _csv(path: Path, separator: str = ",", **options: Any) -> Any:
    # Twice the same name must be seen: pandas would call the second one "name.1".
    header = options.get("header", 0)
    options.setdefault("encoding", "utf-8-sig")
    if header == 0:
        names = list(
            pd.read_csv(path, sep=separator, nrows=1, header=None, dtype=str, encoding=options["encoding"]).iloc[0]
        )
        plain = [str(name).strip() for name in names]
        if len(set(plain)) < len(plain):
            kept = {name: value for name, value in options.items() if name != "encoding"}
            frame = pd.read_csv(
                path, sep=separator, skiprows=1, header=None, low_memory=False, encoding=options["encoding"], **kept
            )
            return frame.set_axis(plain, axis=1)
    return pd.read_csv(path, sep=separator, low_memory=False, **options)


_READERS: dict[str, Callable[[Path], Any]] = {
    ".csv": _csv,
    ".txt": _csv,
    ".tsv": lambda path: _csv(path, "\t"),
    ".parquet": pd.read_parquet,
    ".pqt": pd.read_parquet,
    ".jsonl": lambda path: pd.read_json(path, lines=True),
    ".ndjson": lambda path: pd.read_json(path, lines=True),
    ".json": lambda path: pd.read_json(path, lines=_has_lines(path)),
}


def _has_lines(path: Path) -> bool:
    with path.open("rb") as file:
        return not file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"[")


def _read(path: Path, what: str, reader: Callable[[Path], Any] | None = None) -> Any:
    reader = reader or _READERS.get(path.suffix.lower())
    if reader is None:
        if path.suffix:
            known = ", ".join(sorted(_READERS))
            raise AutoMLError(f"the {what} has the file {path.name}, which is no table: there are {known}, and MLTable")
        # A step's output often has no suffix: Parquet files say what they are.
        with path.open("rb") as file:
            reader = pd.read_parquet if file.read(4) == b"PAR1" else _csv
    try:
        return reader(path)
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise AutoMLError(f"the {what} cannot be read: {path.name}: {error}") from error


# -- MLTable -----------------------------------------------------------------------------------------------------------


def _by_definition(path: Path, what: str) -> Any:
    """What an MLTable file describes: paths beside it, one reader, and simple transformations."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AutoMLError(f"the MLTable file of the {what} is no YAML: {error}") from error
    files = [file for item in content.get("paths") or [] for file in _paths(path.parent, item, what)]
    if not files:
        raise AutoMLError(f"the MLTable file of the {what} names no files that are there: look at its paths")
    steps = [_step(item) for item in content.get("transformations") or []]
    reader: Callable[[Path], Any] | None = None
    if steps and steps[0][0] in _TABLE_READERS:
        name, options = steps.pop(0)
        maker = _TABLE_READERS[name]
        reader = lambda file: maker(file, options)  # noqa: E731 - the reader of all files of this table
    frame = _joined([_read(file, what, reader) for file in files])
    for name, options in steps:
        if name not in _STEPS:
            raise AutoMLError(
                f"the MLTable file of the {what} has the transformation {name}, which AutoML cannot do here: "
                f"write the table as it should be; there are {', '.join([*_TABLE_READERS, *_STEPS])}"
            )
        frame = _STEPS[name](frame, options)
    return frame


def _step(item: Any) -> tuple[str, Any]:
    if isinstance(item, Mapping) and len(item) == 1:
        return next(iter(item.items()))
    return str(item), {}


def _paths(folder: Path, item: Any, what: str) -> list[Path]:
    kind, text = next(iter(item.items())) if isinstance(item, Mapping) and item else ("file", str(item))
    text = str(text).removeprefix("file://")
    if "://" in text:
        raise AutoMLError(
            f"the MLTable file of the {what} names {text}: AutoML reads only files beside it; put them there"
        )
    if kind == "pattern":
        return sorted(folder.glob(text.removeprefix("./")))
    place = folder / text
    if kind == "folder":
        return _files(place, what) if place.is_dir() else []
    return [place] if place.exists() else []


def _delimited(path: Path, options: Mapping[str, Any]) -> Any:
    header = options.get("header", "all_files_same_headers")
    encoding = {"utf8": "utf-8-sig", "iso88591": "latin-1", "latin1": "latin-1"}.get(
        str(options.get("encoding", "utf8")), str(options.get("encoding", "utf8"))
    )
    given: dict[str, Any] = {"encoding": encoding}
    if header in ("no_header", False):
        given["header"] = None
    if options.get("infer_column_types") is False:
        # As the dataset engine reads text: an empty cell is no value, and "NA" is two letters.
        given |= {"dtype": str, "keep_default_na": False, "na_values": [""]}
    return _csv(path, str(options.get("delimiter", ",")), **given)


_TABLE_READERS: dict[str, Callable[[Path, Any], Any]] = {
    "read_delimited": lambda path, options: _delimited(path, options or {}),
    "read_parquet": lambda path, options: pd.read_parquet(path),
    "read_json_lines": lambda path, options: pd.read_json(path, lines=True),
}


def _names(options: Any) -> list[str]:
    return [options] if isinstance(options, str) else [str(item) for item in options]


def _converted(frame: Any, options: Any) -> Any:
    kinds = {"int": "Int64", "float": "float64", "string": "string", "boolean": "boolean"}
    for item in options:
        kind = item.get("column_type")
        kind = next(iter(kind)) if isinstance(kind, Mapping) else kind
        for name in _names(item.get("columns", [])):
            if kind == "datetime":
                frame[name] = pd.to_datetime(frame[name], errors="coerce")
            elif kind in kinds:
                frame[name] = frame[name].astype(kinds[kind])
            else:
                raise AutoMLError(f"the MLTable file converts {name} to {kind}: there are datetime, {', '.join(kinds)}")
    return frame


_STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "keep_columns": lambda frame, options: frame[_names(options)],
    "drop_columns": lambda frame, options: frame.drop(columns=_names(options)),
    "take": lambda frame, options: frame.head(int(options)),
    "skip": lambda frame, options: frame.iloc[int(options) :],
    "convert_column_types": _converted,
}
