"""The rows of a tabular definition as a file, for a step that reads tables itself.

The dataset engine reads them, so that headers, types and transformations are what the SDK would make of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from amlbridge.engine.launch import Outcome
from amlbridge.v1 import dataflow
from amlbridge.wire.errors import bad_request

#: Runs a module with its arguments, in a folder where it leaves what it says, for so many seconds.
Run = Callable[[str, Sequence[str], Path, float], Outcome]
_FILE = "rows.parquet"
#: Seconds that the dataset engine gets to read the rows.
_TIMEOUT = 3600.0


def write(files: Iterable[str], transformations: list[Any], folder: Path, run: Run) -> Path:
    """The rows of files of this machine, as a Parquet file in a folder that is made for it. ``transformations`` are
    those of the definition. Raises a 400 :class:`~amlbridge.wire.errors.ServiceError` for rows that cannot be read."""
    # The engine takes local paths as they are, not percent-encoded.
    paths = [{"file": f"file://{path}"} for path in files]
    content = {"type": "mltable", "paths": paths, "transformations": transformations}
    folder.mkdir(parents=True, exist_ok=True)
    definition = folder / "definition.yaml"
    definition.write_text(dataflow.dump(content))
    for name in ("stdout", "stderr"):
        # Of an earlier attempt.
        (folder / name).unlink(missing_ok=True)
    outcome = run("amlbridge.v1.read_rows", (str(definition), str(folder / _FILE)), folder, _TIMEOUT)
    if outcome.timed_out:
        raise bad_request(f"the dataset engine did not read the rows in {_TIMEOUT:g} s")
    if not outcome.succeeded:
        raise bad_request(f"the dataset engine cannot read the rows: {_why(outcome, folder / 'stderr')}")
    return folder / _FILE


def _why(outcome: Outcome, stderr: Path) -> str:
    if outcome.over_memory is not None:
        return "it used more memory than a step may have"
    said = stderr.read_text(errors="replace").strip() if stderr.exists() else ""
    return outcome.error or said[-1000:] or f"it ended with {outcome.exit_code or f'signal {outcome.signal}'}"
