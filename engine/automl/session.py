"""One step of kind automl, from its settings to its outputs."""

from __future__ import annotations

import dataclasses
import functools
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from amlbridge.engine.automl import (
    algorithms,
    choice,
    ensembles,
    forecasting,
    model_test,
    outputs,
    portable,
    report,
    tables,
    trials,
    unhonoured,
    validation,
)
from amlbridge.engine.automl.candidates import Search as Proposals
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.problem import EXAMPLE_ROWS, Problem, of_tables
from amlbridge.engine.automl.search import Search, Task, Trial
from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.engine.errors import EngineError

#: :data:`amlbridge.engine.kinds.SAID_WHY`, whose module imports what this process does not need.
_SAID_WHY = 113
#: A class with fewer rows than this share of the largest one is rare.
_RARE = 0.2


def run(content: Mapping[str, Any]) -> int:
    """Searches as :func:`amlbridge.engine.automl.node.driver_settings` says, in the current folder. Returns the exit
    code; what is wrong is told on standard error."""
    began = time.monotonic()
    events = Events(Path(content["events"]), Path.cwd())
    try:
        settings = AutoMLSettings.from_json(content["automl"])
        training, validated, tested = (
            _table(content["data"][name], name.replace("_", " "), settings, events) if name in content["data"] else None
            for name in ("training_data", "validation_data", "test_data")
        )
        scratch = Path(content["scratch"])
        cancelled = Path(content["cancelled"])
        search, best, example = solve(settings, training, validated, tested, events, scratch, began, cancelled)
        finish(content, search, best, example, events)
    except (AutoMLError, EngineError) as error:
        print(" ".join(str(error).split()), file=sys.stderr, flush=True)
        return _SAID_WHY
    return 0


def _table(place: Any, what: str, settings: AutoMLSettings, events: Events) -> Any:
    names = (settings.target_column, settings.weight_column)
    read = tables.read_table(place, what) if isinstance(place, str) else tables.joined(*place, names=names, what=what)
    tables.tell(read, what, events.guard)
    return read


def solve(
    settings: AutoMLSettings,
    training: Any,
    validation_data: Any,
    test: Any,
    events: Events,
    scratch: Path,
    began: float,
    cancelled: Path | None = None,
) -> tuple[Search, Trial, Any]:
    """Searches for a model of DataFrames (the last two may be None). ``began``: monotonic, when the time of the
    experiment began; ``cancelled``: as for :class:`Search`. Returns the search, its best trial, and raw features of
    training rows.

    Raises :class:`AutoMLError`.
    """
    task, example = task_of(settings, training, validation_data, test, events)
    task = dataclasses.replace(task, companions=outputs.companions(settings.task, example))
    search = Search(task, events, scratch, began, cancelled)
    search.run()
    return search, search.best(), example


def task_of(
    settings: AutoMLSettings, training: Any, validation_data: Any, test: Any, events: Events
) -> tuple[Task, Any]:
    """What is searched in DataFrames, and raw features of training rows. Raises :class:`AutoMLError`."""
    unhonoured.tell(settings, training.columns, validation_data is not None, test is not None, events.note)
    if settings.task == "forecasting":
        return forecasting.task(settings, training, validation_data, test, events)
    if test is None and settings.test_size:
        training, test = _set_apart(settings, training)
    return _table_task(settings, training, validation_data, test, events)


def _table_task(
    settings: AutoMLSettings, training: Any, validation_data: Any, test: Any, events: Events
) -> tuple[Task, Any]:
    problem = of_tables(settings, training, validation_data, test, events.guard)
    unhonoured.tell_columns(settings, problem.purposes, events.note)
    splits = validation.splits(problem)
    prepared = trials.prepare(problem, splits)
    known = list(algorithms.of_task(settings.task))
    names = choice.chosen(settings, known, events.note)
    sparse = not isinstance(prepared.everything.features, np.ndarray)
    proposals = Proposals(
        choice.of_problem(problem, names, sparse, events.note),
        settings.seed,
        imbalanced=_is_imbalanced(problem, events),
    )
    _tell_problem(problem, prepared, events)
    task = Task(
        settings,
        problem.metric,
        problem.maximizes,
        proposals,
        functools.partial(trials.run, prepared),
        lambda candidate: trials.used_preprocessor(candidate, prepared),
        joins={
            ensembles.VOTING: functools.partial(ensembles.vote, prepared),
            ensembles.STACK: functools.partial(ensembles.stack, prepared),
        },
        test=functools.partial(model_test.of_table, problem) if problem.test is not None else None,
    )
    return task, problem.training.features.head(EXAMPLE_ROWS)


def _set_apart(settings: AutoMLSettings, table: Any) -> tuple[Any, Any]:
    """Test rows from the training data: they are neither trained nor validated with."""
    known = settings.target_column in table.columns
    counts = table[settings.target_column].value_counts() if known else None
    stratify = None
    if settings.task == "classification" and counts is not None and counts.min() >= 2:
        stratify = table[settings.target_column]
    training, test = train_test_split(
        table, test_size=settings.test_size, random_state=settings.seed, stratify=stratify
    )
    return training.reset_index(drop=True), test.reset_index(drop=True)


def _is_imbalanced(problem: Problem, events: Events) -> bool:
    if not problem.classifies:
        return False
    counts = np.bincount(problem.training.target, minlength=len(problem.labels))
    if counts.min() >= _RARE * counts.max():
        return False
    rare = problem.labels[int(counts.argmin())]
    events.guard(
        f"the class {rare!r} is rare ({counts.min()} of {counts.sum()} rows): some models weigh rare classes more"
    )
    return True


def _tell_problem(problem: Problem, prepared: trials.Prepared, events: Events) -> None:
    """What the clients wait for before they show trials."""
    features = prepared.everything.features
    information = {
        "dataset_num_categorical": 0,
        "is_sparse": not isinstance(features, np.ndarray),
        "subsampling": False,
        "has_extra_col": True,
        "dataset_classes": len(problem.labels) if problem.classifies else 1,
        "dataset_features": features.shape[1],
        "dataset_samples": len(problem.training),
        "single_frequency_class_detected": False,
    }
    events.searching(information)
    how = validation.kind(problem)
    print(f"{len(problem.training)} rows, {features.shape[1]} features, validated with {how}", flush=True)


def finish(content: Mapping[str, Any], search: Search, best: Trial, example: Any, events: Events) -> None:
    """Writes the outputs of the step and tells its run which model is the best."""
    folder, run_id = Path.cwd(), content["run_id"]
    places = outputs.write_best(search, best, example, folder, f"{run_id}_{best.index}")
    places["model_name"] = report.model_name(run_id, best.index)
    outputs.write_node_outputs(search, best, content["outputs"], run_id, folder, events)
    events.again(best.index, best.folder / trials.ARTIFACTS, places)
    _test(search, best, events)
    events.parent(
        tags={
            "automl_best_child_run_id": f"{run_id}_{best.index}",
            "best_score": repr(best.score),
            "best_iteration": str(best.index),
            "iterations": str(1 + max([*search.trials, *search.errors])),
        },
        metrics=best.metrics,
    )
    print(f"best: {best.index} {best.algorithm}, {search.task.metric} {best.score:.5f}", flush=True)


def _test(search: Search, best: Trial, events: Events) -> None:
    """Tests the best model as a run below its own. A test that fails takes nothing from the search."""
    if search.task.test is None:
        return
    events.test_started(best.index)
    try:
        tested = search.task.test(portable.load(best.folder / trials.MODEL))
        model_test.record(tested, best.index, search.folder / "test", events)
    except Exception as error:  # noqa: BLE001 - whatever the model says to the test rows is told in the test run
        why = f"the best model could not be tested: {type(error).__name__}: {error}"
        events.test_failed(best.index, {"code": "UserError", "message": why})
        events.note(why)
