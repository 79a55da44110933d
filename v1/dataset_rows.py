"""The rows of a tabular definition as a file, for a step that reads tables itself.

The dataset engine reads them, so that headers, types and transformations are what the SDK would make of them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from amlbridge.v1 import dataflow
from amlbridge.wire.errors import bad_request

_FILE = "rows.parquet"
#: Seconds that the dataset engine gets to read the rows.
_TIMEOUT = 3600


def write(files: Iterable[str], transformations: list[Any], folder: Path) -> Path:
    """The rows of files of this machine, as a Parquet file in a folder that is made for it. ``transformations`` are
    those of the definition. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError` for rows that cannot be read."""
    # The engine takes local paths as they are, not percent-encoded.
    paths = [{"file": f"file://{path}"} for path in files]
    content = {"type": "mltable", "paths": paths, "transformations": transformations}
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "amlbridge.v1.read_rows", str(folder / _FILE)]
    try:
        done = subprocess.run(
            command, input=dataflow.dump(content), capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise bad_request(f"the dataset engine did not read the rows in {_TIMEOUT} s") from error
    if done.returncode != 0:
        raise bad_request(f"the dataset engine cannot read the rows: {done.stderr.strip()[-1000:]}")
    return folder / _FILE
