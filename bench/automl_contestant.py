"""``automl_contestant.py NAME FOLDER SECONDS``: trains on train.parquet, writes predictions for test.parquet.

A process of its own for each, so that none profits from what another one has imported or cached. The predictions are
probabilities of the classes in order (columns), or numbers.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TARGET = "target"


def ours(folder: Path, seconds: float, classifies: bool) -> Any:
    """The driver of an AutoML step, as a step runs it."""
    from amlbridge.engine.automl import node

    work = folder / "ours"
    work.mkdir()
    (work / "work").mkdir()
    settings = {
        "automl": {
            "task": "classification" if classifies else "regression",
            "target_column": TARGET,
            "primary_metric": "AUC_weighted" if classifies else "normalized_root_mean_squared_error",
            "timeout_minutes": seconds / 60,
            "max_concurrent_trials": len(os.sched_getaffinity(0)),
            "enable_early_termination": False,
        },
        "data": {"training_data": str(folder / "train.parquet")},
        "outputs": {},
        "run_id": "bench",
        "events": str(work / "events.jsonl"),
        "scratch": str(work / "scratch"),
        "cancelled": str(work / "cancelled"),
    }
    (work / "settings.json").write_text(json.dumps(settings))
    command = [sys.executable, str(node.SCRIPT), str(work / "settings.json")]
    with (work / "log").open("w") as log:
        subprocess.run(command, cwd=work / "work", check=True, stdout=log, stderr=log)
    with (work / "work/outputs/model.pkl").open("rb") as file:
        return pickle.load(file)  # noqa: S301 - written by the process that was just run


def flaml(folder: Path, seconds: float, classifies: bool) -> Any:
    """FLAML as its documentation uses it."""
    from flaml import AutoML

    train = pd.read_parquet(folder / "train.parquet")
    classes = train[TARGET].nunique()
    metric = ("roc_auc" if classes == 2 else "roc_auc_ovr_weighted") if classifies else "rmse"
    model = AutoML()
    model.fit(
        train.drop(columns=TARGET),
        train[TARGET],
        task="classification" if classifies else "regression",
        metric=metric,
        time_budget=seconds,
        seed=42,
        verbose=0,
    )
    return model


def lightgbm(folder: Path, seconds: float, classifies: bool) -> Any:
    """LightGBM without any tuning; words are its categories."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    train = pd.read_parquet(folder / "train.parquet")
    kind = LGBMClassifier if classifies else LGBMRegressor
    return kind(random_state=42, verbosity=-1).fit(as_categories(train.drop(columns=TARGET)), train[TARGET])


def as_categories(frame: Any) -> Any:
    """Columns of words as pandas' categories."""
    words = [name for name in frame.columns if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(words, "category"))


CONTESTANTS = {"ours": ours, "flaml": flaml, "lightgbm": lightgbm}


def main(arguments: list[str]) -> int:
    """0: the predictions are there."""
    name, folder, seconds = arguments[0], Path(arguments[1]), float(arguments[2])
    test = pd.read_parquet(folder / "test.parquet").drop(columns=TARGET)
    classifies = bool(json.loads((folder / "task.json").read_text())["classifies"])
    model = CONTESTANTS[name](folder, seconds, classifies)
    if name == "lightgbm":
        train = pd.read_parquet(folder / "train.parquet").drop(columns=TARGET)
        kinds = {column: pd.CategoricalDtype(sorted(train[column].dropna().unique())) for column in train.columns
                 if train[column].dtype == object}  # fmt: skip
        test = test.astype(kinds)
    found = model.predict_proba(test) if classifies else model.predict(test)
    np.save(folder / f"{name}.npy", np.asarray(found, dtype=float))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
