"""Quality of AutoML: ours, plain FLAML and untuned LightGBM on the same tables, judged on the same held-out rows."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from .automl_contestant import CONTESTANTS, TARGET
from .machine import say
from .measure import Row, Series, Target

#: Seconds that ours and FLAML get for each table.
BUDGET = 60.0
_QUICK, _QUICK_TABLES = 10.0, 3
#: Ours may be worse than untuned LightGBM by this share of its score.
_SLACK = 0.01


@dataclass(frozen=True)
class Table:
    """A table with its target among its columns."""

    name: str
    classifies: bool
    frame: Any


def _of(name: str, classifies: bool, features: Any, target: Any) -> Table:
    frame = pd.DataFrame(features)
    frame.columns = [f"f{index}" for index in range(frame.shape[1])]
    return Table(name, classifies, frame.assign(**{TARGET: target}))


def _shipped(name: str, classifies: bool) -> Table:
    return _of(name, classifies, *getattr(datasets, f"load_{name}")(return_X_y=True))


def _mixed(classifies: bool, rows: int = 3000) -> Table:
    """Numbers with holes, words of few and of many kinds, dates; the target follows from some of each."""
    random = np.random.default_rng(7)
    city, kind = random.integers(0, 80, rows), random.integers(0, 5, rows)
    size, age = random.lognormal(3, 0.5, rows), random.normal(40, 15, rows)
    worth = (
        np.log(size) * 2 + random.normal(0, 1, 80)[city] + np.array([0, 1, -1, 2, 0.5])[kind] - (age - 40) ** 2 / 400
    )
    worth = worth + random.normal(0, 0.7, rows)
    frame = pd.DataFrame(
        {
            "size": np.where(random.random(rows) < 0.15, np.nan, size),
            "age": np.where(random.random(rows) < 0.1, np.nan, age),
            "city": [f"city {value}" for value in city],
            "kind": np.array(["flat", "house", "shed", "castle", "boat"])[kind],
            "noise": random.normal(0, 1, rows),
        }
    )
    target = (worth > np.quantile(worth, 0.6)).astype(int) if classifies else worth
    return Table(f"mixed ({'classes' if classifies else 'numbers'})", classifies, frame.assign(**{TARGET: target}))


def tables() -> Iterator[Callable[[], Table]]:
    """Ten tables, each made when it is asked for."""
    yield lambda: _shipped("breast_cancer", True)
    yield lambda: _mixed(True)
    yield lambda: _shipped("diabetes", False)
    yield lambda: _mixed(False)
    yield lambda: _shipped("digits", True)
    yield lambda: _of("friedman1", False, *datasets.make_friedman1(2000, noise=1.0, random_state=1))
    yield lambda: _of(
        "classes in clusters",
        True,
        *datasets.make_classification(
            3000, 25, n_informative=8, n_classes=4, n_clusters_per_class=3, flip_y=0.05, random_state=2
        ),
    )
    yield lambda: _of(
        "rare class",
        True,
        *datasets.make_classification(4000, 20, n_informative=6, weights=[0.95], flip_y=0.02, random_state=3),
    )
    yield lambda: _of("moons", True, *datasets.make_moons(1500, noise=0.3, random_state=4))
    yield lambda: _of(
        "linear", False, *datasets.make_regression(1500, 30, n_informative=10, noise=20.0, random_state=5)
    )


def rows(quick: bool, budget: float | None = None) -> Iterator[Row]:
    """The mean rank against FLAML's, and the worst loss against LightGBM."""
    seconds = budget or (_QUICK if quick else BUDGET)
    makers = list(tables())[: _QUICK_TABLES if quick else None]
    scores = []
    for make in makers:
        table = make()
        found = _compete(table, seconds)
        said = ", ".join(f"{name} {score:.4f}" for name, score in found.items())
        say(f"  {table.name}: {said}")
        scores.append(found)
    ranks = {name: float(np.mean([_rank(found, name) for found in scores])) for name in CONTESTANTS}
    count = f"{len(scores)} tables, {seconds:g} s each"
    note = (
        f"{count}; a quarter of the rows is held out; the score is AUC_weighted, or R2 of numbers; rank 1 is the best "
        "of ours, plain FLAML and untuned LightGBM (equal scores share a rank); the floor is FLAML"
    )
    yield Row(
        "AutoML: mean rank",
        unit="",
        ours=Series((ranks["ours"],)),
        floor=Series((ranks["flaml"],)),
        peers={"LightGBM": Series((ranks["lightgbm"],))},
        target=Target(1.0),
        note=note,
    )
    losses = [(found["lightgbm"] - found["ours"]) / abs(found["lightgbm"]) for found in scores]
    yield Row(
        "AutoML: loss against untuned LightGBM, worst table",
        unit="",
        ours=Series((max(0.0, *losses),)),
        target=Target(_SLACK, of="ours"),
        note=f"{count}; the share of LightGBM's score that ours is below it; 0: ours is nowhere worse",
    )


def _rank(found: dict[str, float], name: str) -> float:
    mine = round(found[name], 4)
    better = sum(round(score, 4) > mine for score in found.values())
    equal = sum(round(score, 4) == mine for score in found.values())
    return better + (equal + 1) / 2


def _compete(table: Table, seconds: float) -> dict[str, float]:
    stratify = table.frame[TARGET] if table.classifies else None
    train, test = train_test_split(table.frame, test_size=0.25, random_state=0, stratify=stratify)
    found = {}
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as root:
        folder = Path(root)
        train.to_parquet(folder / "train.parquet", index=False)
        test.to_parquet(folder / "test.parquet", index=False)
        (folder / "task.json").write_text(json.dumps({"classifies": table.classifies}))
        script = str(Path(__file__).with_name("automl_contestant.py"))
        for name in CONTESTANTS:
            command = [sys.executable, script, name, str(folder), str(seconds)]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found[name] = _score(test[TARGET].to_numpy(), np.load(folder / f"{name}.npy"), table.classifies)
    return found


def _score(truth: Any, predicted: Any, classifies: bool) -> float:
    if not classifies:
        return float(1 - np.mean((truth - predicted) ** 2) / np.var(truth))
    if predicted.shape[1] == 2:
        return float(roc_auc_score(truth, predicted[:, 1]))
    return float(
        roc_auc_score(truth, predicted / predicted.sum(axis=1, keepdims=True), multi_class="ovr", average="weighted")
    )
