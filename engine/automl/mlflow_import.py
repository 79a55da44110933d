"""Imports MLflow without Databricks' SDK, for a process that only writes models."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

#: MLflow takes one class of exceptions from here as soon as it is imported; the whole SDK comes with it.
_SDK = ("databricks", "databricks.sdk", "databricks.sdk.errors", "databricks.sdk.errors.platform")
_NEEDED = "NotFound"


def mlflow_sklearn() -> Any:
    """``mlflow.sklearn``. Databricks' SDK takes more than a second of each process, three quarters of the import of
    MLflow: while that lasts a stand-in is there, afterwards the SDK can be imported as ever. Should MLflow want more
    of it than it did in 2.22, it is imported as it is."""
    if "mlflow" in sys.modules or _SDK[0] in sys.modules:
        return importlib.import_module("mlflow.sklearn")
    stand_ins = {name: types.ModuleType(name) for name in _SDK}
    setattr(stand_ins[_SDK[-1]], _NEEDED, type(_NEEDED, (Exception,), {}))
    sys.modules.update(stand_ins)
    try:
        return importlib.import_module("mlflow.sklearn")
    except (ImportError, AttributeError):
        _forget(*[name for name in sys.modules if name.partition(".")[0] == "mlflow"])
    finally:
        _forget(*_SDK)
    return importlib.import_module("mlflow.sklearn")


def _forget(*names: str) -> None:
    for name in names:
        sys.modules.pop(name, None)
