"""The properties and tags of child runs, as the clients read them (``AutoMLRun``, samples of the run history)."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from amlbridge.engine.automl.candidates import Candidate

if TYPE_CHECKING:
    from amlbridge.engine.automl.search import Task, Trial

MODEL_PATH = "outputs/model.pkl"
#: What goes with every model: its environment, what it was made with, and how to score with it.
CONDA, DEPENDENCIES = "outputs/conda_env_v_1_0_0.yml", "outputs/env_dependencies.json"
SCORING = ("outputs/scoring_file_v_1_0_0.py", "outputs/scoring_file_v_2_0_0.py")
#: The properties of a run that say where these are.
_PLACES = {
    CONDA: "conda_env_data_location",
    DEPENDENCIES: "dependencies_data_location",
    SCORING[0]: "scoring_data_location",
    SCORING[1]: "scoring_data_location_v2",
}
#: Packages that a fitted model may need, by what imports them.
PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "cloudpickle", "lightgbm", "xgboost-cpu", "statsmodels")


@functools.cache
def versions() -> dict[str, str]:
    """The packages that models are made of, as they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def python() -> str:
    """The version of this interpreter, for environments."""
    return ".".join(map(str, sys.version_info[:3]))


def model_name(run_id: str, index: int) -> str:
    """What a client calls the registered model of a child by default (``properties["model_name"]``): letters and digits
    alone, because notebooks make the name of a web service of it."""
    letters = "".join(item for item in run_id.removeprefix("AutoML_") if item.isalnum())
    return f"AutoML{letters[:9]}{index}"


def started(
    task: Task, index: int, algorithm: str, preprocessor: str | None, candidate: Candidate | None, threads: int
) -> dict[str, Any]:
    """The properties of a child run when it begins."""
    goal = "max" if task.maximizes else "min"
    specification = {
        "algorithm": algorithm,
        "preprocessor": preprocessor,
        "parameters": dict(candidate.params) if candidate is not None else {},
        "balanced": candidate.balanced if candidate is not None else False,
    }
    text = json.dumps(specification, sort_keys=True)
    return {
        "runTemplate": "automl_child",
        "iteration": str(index),
        "run_algorithm": algorithm,
        "run_preprocessor": preprocessor or "",
        "run_properties": text,
        "pipeline_id": hashlib.sha256(text.encode()).hexdigest()[:40],
        "pipeline_spec": text,
        "primary_metric": task.metric,
        "goal": f"{task.metric}_{goal}",
        "task_type": task.settings.task,
        "training_percent": "100",
        "num_cores": str(threads),
        "score": "NaN",
    }


def ended(task: Task, trial: Trial, details: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties and tags that a child run gets when it has completed."""
    score = trial.metrics[task.metric]
    properties: dict[str, Any] = {
        "score": repr(score),
        task.metric: repr(score),
        "fit_time": f"{trial.fit_seconds:.4f}",
        "model_output_path": MODEL_PATH,
        **{_PLACES[name]: name for name in task.companions},
        "dependencies_versions": json.dumps(versions()),
        "python_version": python(),
    }
    tags = {name: json.dumps(value) for name, value in details.items() if name.startswith("ensemble")}
    return properties, tags
