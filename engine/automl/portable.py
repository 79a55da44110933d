"""Pickles of models that load where amlbridge is not installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amlbridge.engine.automl import fitted

#: What loads them, besides the libraries of the model.
LOADER = "cloudpickle"


def by_value() -> None:
    """Makes cloudpickle (MLflow's too) write our classes into pickles, instead of their names."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(fitted)


def dump(model: Any, path: Path) -> None:
    """Writes a fitted model; the file appears whole or not at all."""
    import cloudpickle

    by_value()
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    with aside.open("wb") as file:
        cloudpickle.dump(model, file)
    aside.replace(path)


def load(path: Path) -> Any:
    """A model that :func:`dump` has written in this very step."""
    import pickle

    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - written by our own worker, read in the user's step only
