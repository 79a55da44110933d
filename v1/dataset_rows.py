"""Tables as files: the rows of a tabular dataset, or of a folder with an MLTable, for a step that reads them itself.

The dataset engine reads them, so that headers, types and transformations are what the SDK would make of them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow, dataset_records, dataset_sources
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request, not_found

#: The file that makes a folder an MLTable.
MLTABLE = "MLTable"
_FILE = "rows.parquet"
#: Seconds that the dataset engine gets to read the rows.
_TIMEOUT = 3600


def of_dataset(service: Service, workspace: Workspace, saved_dataset_id: str, scratch: Path) -> Path:
    """The rows of a tabular dataset as a Parquet file in the folder ``scratch``, which is made for it.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`: no such dataset, no files, rows that cannot be read.
    """
    made = dataset_records.saved(service, workspace, saved_dataset_id)
    if made.dataset_type != "tabular":
        raise bad_request(
            f"the dataset {saved_dataset_id} has files, not rows: make a tabular dataset of them, with "
            "Dataset.Tabular.from_delimited_files for instance"
        )
    return _read(service, workspace, dataflow.load(made.yaml), scratch)


def of_mltable(service: Service, workspace: Workspace, folder: Path, scratch: Path) -> Path:
    """The rows of a folder with an MLTable file; relative paths in it start from the folder.

    Raises a 4xx :class:`~amlbridge.wire.errors.ServiceError`.
    """
    content = dataflow.load((folder / MLTABLE).read_text(encoding="utf-8"))
    paths = [_absolute(entry, folder) for entry in content.get("paths", [])]
    return _read(service, workspace, {**content, "paths": paths}, scratch)


def _absolute(entry: Any, folder: Path) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    found = {}
    for how, value in entry.items():
        relative = isinstance(value, str) and "://" not in value and not value.startswith("/")
        found[how] = (folder / value).as_posix() if relative else value
    return found


def _read(service: Service, workspace: Workspace, content: Mapping[str, Any], scratch: Path) -> Path:
    local = dict(content)
    local["paths"] = [path for entry in content.get("paths", []) for path in _local(service, workspace, content, entry)]
    scratch.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "amlbridge.v1.read_rows", str(scratch / _FILE)]
    try:
        done = subprocess.run(
            command, input=dataflow.dump(local), capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise bad_request(f"the dataset engine did not read the rows in {_TIMEOUT} s") from error
    if done.returncode != 0:
        raise bad_request(f"the dataset engine cannot read the rows: {done.stderr.strip()[-1000:]}")
    return scratch / _FILE


def _local(service: Service, workspace: Workspace, content: Mapping[str, Any], entry: Any) -> list[dict[str, str]]:
    """One source as paths of this machine, which the engine takes as they are, not percent-encoded."""
    how, value = next(((how, entry[how]) for how in dataflow.SOURCES if how in entry), (None, None))
    if isinstance(value, str) and value.startswith("/"):
        if not any(Path(value).parent.glob(Path(value).name)) and "*" not in value:
            raise not_found(f"there is nothing at {value}, which the MLTable reads", "UserError")
        return [{str(how): f"file://{value}"}]
    found = dataset_sources.find(service, workspace, dataflow.sources({**content, "paths": [entry]}))
    return [{"file": f"file://{item.path}"} for item in found.items]
