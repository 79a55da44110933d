"""Run as a script: what pickled objects predict, or hold, as JSON, each in a process of its own (`predictor.py`).

It unpickles, which runs code. So it is used only for what a step of the user's own wrote, never inside the service.
Each line of the input is a list: the pickle, the probe table ("" for random rows), the file to write, one for what the
process says, and its folder. For each a process is forked; its exit code is a line of the output.

What a model takes longest for is the import of its library. This process imports what a model names before it forks:
the next one of the same library finds it there.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pickle
import re
import sys
from pathlib import Path
from typing import Any

ROWS = 256
_SEED = 20260630
#: Modules, as a pickle names them, of libraries that can be imported before a fork.
_LIBRARIES = re.compile(rb"\b(?:sklearn|lightgbm|xgboost)(?:\.\w+)*")


def serve() -> None:
    """Forks a process for each line. Returns at the end of the input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries say when they are imported is no answer
    for line in sys.stdin:
        model, probe, output, said, folder = json.loads(line)
        _import_libraries(Path(model))
        gc.freeze()
        process = os.fork()
        if process == 0:
            answers.close()
            _become(said, folder)
            main(model, probe, output)
            # Libraries that are taken down have all their memory copied for that.
            atexit._run_exitfuncs()
            os._exit(0)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _import_libraries(model: Path) -> None:
    found = sorted({name.decode() for name in _LIBRARIES.findall(model.read_bytes())})
    for name in ("joblib", *found, *(("numpy", "pandas") if found else ())):
        with contextlib.suppress(Exception):  # a process that needs it says what is wrong with it
            importlib.import_module(name)


def _become(said: str, folder: str) -> None:
    """Has nothing of the one that it was forked from: no input, no output, another folder."""
    with open(os.devnull) as nothing, open(said, "w") as file:  # noqa: PTH123  # descriptors, not files
        os.dup2(nothing.fileno(), 0)
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    os.chdir(folder)


def main(model_path: str, probe: str, output: str) -> None:
    """Writes ``{"how": …, "values": …}`` or ``{"problem": …}``."""
    try:
        content = _described(_load(Path(model_path)), probe)
    except ModuleNotFoundError as error:
        content = {"problem": f"its class cannot be imported: there is no module {error.name}"}
    except Exception as error:  # noqa: BLE001 - whatever a user's object raises is the reason that is reported
        content = {"problem": f"{type(error).__name__}: {error}"}
    Path(output).write_text(json.dumps(content))


def _load(path: Path) -> Any:
    """joblib reads what it wrote and plain pickles."""
    try:
        joblib: Any = importlib.import_module("joblib")
    except ModuleNotFoundError:
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - see above
    return joblib.load(path)


def _described(found: Any, probe: str) -> dict[str, Any]:
    if not hasattr(found, "predict"):
        values = _plain(found)
        return {"how": f"the values of a {type(found).__name__}", "type": type(found).__name__, "values": values}
    rows = _table(found, probe)
    method = "predict_proba" if hasattr(found, "predict_proba") else "predict"
    where = "the probe table" if probe else f"{ROWS} random rows (--probe TABLE chooses others)"
    values = _plain(getattr(found, method)(rows))
    return {"how": f"{method} on {where}", "type": type(found).__name__, "values": values}


def _table(model: Any, probe: str) -> Any:
    import numpy as np
    import pandas as pd

    names = list(getattr(model, "feature_names_in_", []))
    if probe:
        table = pd.read_parquet(probe) if probe.endswith(".parquet") else pd.read_csv(probe)
        missing = [name for name in names if name not in table.columns]
        if missing:
            raise ValueError(f"the probe table has no column {missing[0]!r}, which the model was trained with")
        return table[names] if names else table.to_numpy()
    count = getattr(model, "n_features_in_", None)
    if count is None:
        raise ValueError("it does not say how many features it takes: give a table for it to predict on (--probe)")
    rows = np.random.default_rng(_SEED).normal(size=(ROWS, count))
    return pd.DataFrame(rows, columns=names) if names else rows


def _plain(value: Any) -> Any:
    """JSON's own types; what cannot be told is an error."""
    if hasattr(value, "to_dict") and hasattr(value, "index"):
        return _plain({str(key): list(item) if hasattr(item, "tolist") else item for key, item in value.items()})
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=repr)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value).__module__ in ("datetime", "pandas._libs.tslibs.timestamps", "decimal"):
        return str(value)
    if hasattr(value, "__dict__"):
        return {"class": type(value).__name__, **{key: _plain(item) for key, item in vars(value).items()}}
    raise TypeError(f"a {type(value).__name__} has no predictions and no values to compare")


if __name__ == "__main__":
    serve()
