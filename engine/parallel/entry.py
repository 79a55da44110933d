"""What scores a mini batch: the user's entry script, or an MLflow model; and the rows of what it returned.

The contract is that of Azure's documentation: ``init()``, if there is one, once in each process; ``run(mini_batch)`` or
``run(mini_batch, context)`` with a list of file paths or a DataFrame returns a DataFrame (written without header,
separated by blanks), a list, tuple, array or Series (an element per line), one row or element for each item that
worked; ``shutdown()``, if there is one, at the end.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Takes a mini batch and its context; returns the text of the rows and how many items it stands for.
Run = Callable[[Any, Any], "tuple[str, int]"]


class EntryError(Exception):
    """The entry script cannot be used: the message says why and what to change."""


class Entry:
    """Something that scores mini batches."""

    def __init__(self, run: Run, shutdown: Callable[[], None] | None = None) -> None:
        self.run = run
        self.shutdown = shutdown


def script(name: str, arguments: list[str]) -> Entry:
    """Imports an entry script as ``python name arguments`` would run it, and calls its ``init()``.

    Raises EntryError, and what the script raises.
    """
    path = Path(name).absolute()
    sys.argv[:] = [name, *arguments]
    sys.path.insert(0, str(path.parent))
    specification = importlib.util.spec_from_file_location("entry_module", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise EntryError(f"the entry script {name} is no Python script of the step's code")
    module = importlib.util.module_from_spec(specification)
    sys.modules["entry_module"] = module
    specification.loader.exec_module(module)
    run = getattr(module, "run", None)
    if not callable(run):
        raise EntryError(
            f"the entry script {name} has no function run(): define run(mini_batch), which returns a row for each item"
        )
    init, shutdown = getattr(module, "init", None), getattr(module, "shutdown", None)
    if callable(init):
        init()
    takes_context = _takes_context(run, name)
    return Entry(
        lambda batch, context: rows(run(batch, context) if takes_context else run(batch)),
        shutdown if callable(shutdown) else None,
    )


def _takes_context(run: Callable[..., Any], name: str) -> bool:
    """Whether ``run`` wants the context of the mini batch, too."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(run).parameters.values()
    except ValueError:
        # A function of an extension module: it cannot be known.
        return False
    if any(item.kind == inspect.Parameter.VAR_POSITIONAL for item in parameters):
        return True
    positional = [item for item in parameters if item.kind in kinds]
    required = [item for item in positional if item.default is inspect.Parameter.empty]
    if not positional or len(required) > 2:
        raise EntryError(
            f"run() of {name} must take the mini batch, and may take its context: run(mini_batch, context)"
        )
    # A second parameter with a default may be the user's own.
    return len(required) == 2 or (len(positional) > 1 and "context" in positional[1].name)


def rows(result: Any) -> tuple[str, int]:
    """The lines of what ``run()`` returned, and how many items it stands for. Raises EntryError for another type."""
    if hasattr(result, "to_csv") and hasattr(result, "columns"):
        return result.to_csv(sep=" ", header=False, index=False), len(result)
    if isinstance(result, (str, bytes, dict, set)) or not hasattr(result, "__iter__"):
        kind = type(result).__name__
        raise EntryError(f"run() must return a DataFrame, a list or an array with a row for each item, not {kind}")
    items = [str(item) for item in result]
    return "".join(f"{item}\n" for item in items), len(items)


def mlflow_model(place: str) -> Entry:
    """An MLflow model, which reads CSV, Parquet and JSON files and writes rows of row number, prediction and file.

    Raises what MLflow raises.
    """
    import mlflow.pyfunc
    import pandas as pd

    model = mlflow.pyfunc.load_model(place)
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".pqt": pd.read_parquet,
        ".json": pd.read_json,
        ".jsonl": lambda path: pd.read_json(path, lines=True),
    }

    def run(files: Any, _context: Any) -> tuple[str, int]:
        if isinstance(files, pd.DataFrame):
            found = pd.DataFrame(model.predict(files))
            return found.to_csv(header=False, index=False), len(found)
        parts = []
        for path in files:
            kind = Path(path).suffix.lower()
            if kind not in readers:
                known = ", ".join(readers)
                raise EntryError(f"{path} is none of {known}: write an entry script that reads such files")
            found = pd.DataFrame(model.predict(readers[kind](path))).reset_index(drop=True)
            found.insert(0, "amlbridge_row", range(len(found)))
            found["amlbridge_file"] = Path(path).name
            parts.append(found.to_csv(header=False, index=False))
        return "".join(parts), len(files)

    return Entry(run)
