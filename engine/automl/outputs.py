"""What a step leaves: the best model as a pickle and as an MLflow folder, how to score with it, and the outputs of the
node."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from amlbridge.engine.automl import mlflow_import, portable, report, trials
from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.events import Events
from amlbridge.engine.automl.search import Search, Trial

MLFLOW = "outputs/mlflow-model"
FEATURES, SUMMARY = "outputs/engineered_feature_names.json", "outputs/featurization_summary.json"
#: Rows of the training data that the example in a scoring file has.
_EXAMPLE_ROWS = 2


def write_best(search: Search, best: Trial, example: Any, folder: Path, child: str) -> dict[str, str]:
    """Writes the best model and its files below the step's ``folder``, and gives its child run, of the id ``child``,
    the MLflow model. ``example``: raw feature columns of training rows. Returns where that is, as a property of the
    child run."""
    (folder / "outputs").mkdir(exist_ok=True)
    shutil.copyfile(best.folder / trials.MODEL, folder / report.MODEL_PATH)
    for name, text in search.task.companions.items():
        (folder / name).write_text(text)
    model = portable.load(best.folder / trials.MODEL)
    for name, told in featurization(model).items():
        text = json.dumps(told, indent=2, default=str)
        (folder / name).write_text(text)
        (best.folder / trials.ARTIFACTS / name).write_text(text)
    write_mlflow(model, example, folder / MLFLOW, child)
    shutil.copytree(folder / MLFLOW, best.folder / trials.ARTIFACTS / MLFLOW, dirs_exist_ok=True)
    return {"mlflow_model_location": MLFLOW}


def featurization(model: Any) -> dict[str, Any]:
    """What notebooks read of the features of the best model, by path: their names, and what became of each column."""
    featurizer = model.steps[0][1]
    return {FEATURES: list(featurizer.get_engineered_feature_names()), SUMMARY: featurizer.get_featurization_summary()}


def companions(task: str, example: Any) -> dict[str, str]:
    """The text files that go with each model of a task, by path; ``example``: raw feature columns of training rows."""
    return {
        report.CONDA: yaml.safe_dump(conda(), sort_keys=False),
        report.DEPENDENCIES: json.dumps(report.versions(), indent=2),
        report.SCORING[0]: _scoring(example, task, "data"),
        report.SCORING[1]: _scoring(example, task, "Inputs"),
    }


def conda() -> dict[str, Any]:
    """A conda environment in which the model can be loaded."""
    packages = [f"{name}=={version}" for name, version in report.versions().items()]
    return {
        "name": "project_environment",
        "channels": ["conda-forge"],
        "dependencies": [f"python={report.python()}", "pip", {"pip": [*packages, "azureml-defaults"]}],
    }


def write_mlflow(model: Any, example: Any, folder: Path, run_id: str) -> None:
    """Writes a model as an MLflow folder of the scikit-learn flavour, with a signature and the run that has it: scripts
    read that from the folder and register ``runs:/{run_id}/outputs/mlflow-model``."""
    flavour = mlflow_import.mlflow_sklearn()
    from mlflow.models import Model, infer_signature

    portable.by_value()
    if folder.exists():
        shutil.rmtree(folder)
    flavour.save_model(
        model,
        str(folder),
        mlflow_model=Model(artifact_path=MLFLOW, run_id=run_id),
        signature=infer_signature(example, model.predict(example)),
        serialization_format="cloudpickle",
        pip_requirements=[f"{name}=={version}" for name, version in report.versions().items()] + ["mlflow"],
    )


_TEMPLATE = '''"""Scores rows with the model of an AutoML run: init() once, run(...) for each request."""

import io
import json
import os

import joblib
import pandas as pd

INPUT_SAMPLE = pd.read_json(io.StringIO({sample!r}), orient="split")
MODEL_FILE = "model.pkl"
model = None


def init():
    global model
    folder = os.environ.get("AZUREML_MODEL_DIR", ".")
    found = [os.path.join(place, MODEL_FILE) for place, _, names in os.walk(folder) if MODEL_FILE in names]
    if not found:
        raise FileNotFoundError(f"{{MODEL_FILE}} is not below {{folder}}")
    model = joblib.load(sorted(found, key=len)[0])


def run(request, method="predict"):
    """request: JSON text {{"{key}": [rows as objects or lists], "method": "predict" or "predict_proba"}}, or the form
    of newer notebooks: {{"Inputs": {{"data": [rows]}}, "GlobalParameters": {{"method": ...}}}}."""
    content = json.loads(request) if isinstance(request, (str, bytes)) else request
    rows = content.get("{key}", content.get("data"))
    rows = rows["data"] if isinstance(rows, dict) else rows
    settings = content.get("GlobalParameters")
    method = (settings if isinstance(settings, dict) else content).get("method", method)
    listed = bool(rows) and isinstance(rows[0], list)
    frame = pd.DataFrame(rows, columns=list(INPUT_SAMPLE.columns) if listed else None)
    result = {call}
    result = pd.DataFrame(result) if getattr(result, "ndim", 1) > 1 else pd.Series(result)
    return {answer}
'''


def _scoring(example: Any, task: str, key: str) -> str:
    sample = example.head(_EXAMPLE_ROWS).to_json(orient="split", date_format="iso")
    forecasts = task == "forecasting"
    values = "json.loads(result.to_json(orient='values'))"
    return _TEMPLATE.format(
        sample=sample,
        key=key,
        call="model.forecast(frame)[0]" if forecasts else "getattr(model, method)(frame)",
        answer=f'json.dumps({{"result": {values}}})' if key == "data" else f'{{"Results": {values}}}',
    )


def write_node_outputs(
    search: Search, best: Trial, wanted: Mapping[str, Any], run_id: str, folder: Path, events: Events
) -> None:
    """Writes the outputs of the node: metrics as JSON, models as a pickle or as an MLflow folder."""
    for name, output in wanted.items():
        training = output["training"] or {}
        path = Path(output["path"])
        if training.get("type") == "Metrics":
            content = {
                f"{run_id}_{trial.index}": {metric: [value] for metric, value in trial.metrics.items()}
                for trial in search.trials.values()
            }
            _as_file(path, "metrics.json").write_text(json.dumps(content))
        elif output["type"] == "mlflow_model" or (not training and name in ("best_model", "mlflow_model")):
            shutil.copytree(folder / MLFLOW, path, dirs_exist_ok=True)
        elif training.get("type") == "Model" or output["type"] == "custom_model":
            trial = _asked_for(search, best, training)
            shutil.copyfile(_file_of(trial, training.get("model_file")), _as_file(path, "model.pkl"))
        else:
            events.note(f"the output {name!r} is none that AutoML writes: metrics, or the best model")


def _as_file(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path / name if path.is_dir() else path


def _asked_for(search: Search, best: Trial, training: Mapping[str, Any]) -> Trial:
    """The trial whose model a TrainingOutput names: by its iteration, by another metric, or the best one."""
    iteration, metric = training.get("iteration"), training.get("metric")
    if iteration is not None:
        found = search.trials.get(int(iteration))
        if found is None:
            there = ", ".join(map(str, sorted(search.trials)))
            raise AutoMLError(f"the model output asks for iteration {iteration}, which has no model; there are {there}")
        return found
    if metric and metric != search.task.metric:
        return best_by(search, metric)
    return best


def best_by(search: Search, metric: str) -> Trial:
    """The best trial by another metric than the primary one."""
    from amlbridge.engine.automl.metrics import names

    sign = 1 if names.is_maximized(metric) else -1
    scored = [trial for trial in search.trials.values() if trial.metrics.get(metric) == trial.metrics.get(metric)]
    scored = [trial for trial in scored if metric in trial.metrics]
    if not scored:
        raise AutoMLError(f"the model output asks for the best {metric!r}, which no model has")
    return max(scored, key=lambda trial: (sign * trial.metrics[metric], -trial.index))


def _file_of(trial: Trial, name: str | None) -> Path:
    path = trial.folder / (f"{trials.ARTIFACTS}/{name}" if name else trials.MODEL)
    if not path.is_file():
        raise AutoMLError(f"the model output asks for the file {name}, which iteration {trial.index} has not written")
    return path
