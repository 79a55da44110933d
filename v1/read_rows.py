"""``python -m amlbridge.v1.read_rows DEFINITION TARGET``: the rows of a definition, by the dataset engine, as Parquet.

The definition is a YAML file over local files. Values that cannot be converted become null, as in
``TabularDataset.to_pandas_dataframe``. A process of its own, because the engine takes a second to load and a hundred
megabytes that the service need not hold.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amlbridge.engine.automl.tables import RENAMED
from amlbridge.v1 import dataflow

#: How Python calls the encodings of definitions.
_ENCODINGS = {"iso88591": "latin-1", "windows1252": "cp1252", "utf8": "utf-8-sig"}


def main(definition: Path, target: Path) -> int:
    """Writes the file. Exit code 1 and the engine's message on stderr when the rows cannot be read."""
    from azureml.dataprep import EnginelessDataflow
    from azureml.dataprep.api.errorhandlers import ExecutionError

    text = definition.read_text()
    try:
        frame = EnginelessDataflow(text).to_pandas_dataframe(on_error="null", out_of_range_datetime="null")
    except ExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    for name in frame.columns:
        # One column has one type in a Parquet file: what is mixed is told apart as text.
        if frame[name].dtype == object and frame[name].dropna().map(type).nunique() > 1:
            frame[name] = frame[name].map(str, na_action="ignore")
    new = renamed(header(dataflow.load(text)))
    # What pandas keeps beside the rows, also in the file.
    frame.attrs[RENAMED] = {name: old for name, old in new.items() if name in frame.columns}
    frame.to_parquet(target, index=False)
    return 0


def header(definition: Mapping[str, Any]) -> list[str]:
    """The names in the first line of the first file, when the definition reads delimited files with a header."""
    steps = [{step: {}} if isinstance(step, str) else step for step in definition.get("transformations") or []]
    options = next((step["read_delimited"] or {} for step in steps if "read_delimited" in step), None)
    paths = definition.get("paths") or []
    if options is None or options.get("header") in ("no_header", False) or not paths:
        return []
    encoding = str(options.get("encoding", "utf8")).lower()
    path = Path(paths[0]["file"].removeprefix("file://"))
    with path.open(encoding=_ENCODINGS.get(encoding, encoding), errors="replace", newline="") as file:
        delimiter = str(options.get("delimiter", ","))
        if len(delimiter) != 1:
            return file.readline().split(delimiter)
        try:
            return next(csv.reader(file, delimiter=delimiter), [])
        except csv.Error:
            # Compressed files, for instance: the engine has read the rows, and nothing can be told of their names.
            return []


def renamed(names: Sequence[str]) -> dict[str, str]:
    """What the dataset engine calls columns whose names are taken, and how the file calls them: it counts them."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in (name.strip() for name in names):
        new = name if name not in taken else f"{name}_{len(found) + 1}"
        if new != name:
            found[new] = name
        taken.add(new)
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
