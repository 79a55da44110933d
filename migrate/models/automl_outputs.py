"""What an AutoML step of SDK v1 gave as outputs, behind the AutoML node of SDK v2, which has the best model only.

Readers of v1's outputs open files: the metrics of all models as JSON, and the best model as a pickle file. A component
of the user's own writes them, from the MLflow folder of the node and the runs of the workspace. SDK v2 has no node that
does (azure-ai-ml: the outputs of ``automl.classification`` are ``best_model`` alone).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.files.yaml_text import dump
from amlbridge.migrate.models.component_files import SCHEMA, create_file, is_free
from amlbridge.migrate.rewriter import Rewriter

_FOLDER = "automl_outputs"
SCRIPT = "automl_outputs.py"
#: The script of the component.
TEXT = '''\
"""Writes what AutoML found as files: the metrics of all models as JSON, and the best model as a pickle file."""

import argparse
import json
import os
import shutil

import mlflow
from mlflow.models import Model

parser = argparse.ArgumentParser()
parser.add_argument("--best_model", required=True, help="MLflow folder of the best model")
parser.add_argument("--metrics", help="file to write: {run of the model: {metric: [value]}}")
parser.add_argument("--model", help="file to write: the best model")
args = parser.parse_args()

best = Model.load(args.best_model)

if args.metrics:
    # The run that made the best model is one of the children of the AutoML run.
    client = mlflow.MlflowClient()
    run = client.get_run(best.run_id)
    automl_run_id = run.data.tags["mlflow.parentRunId"]
    metrics = {}
    page_token = None
    while True:
        children = client.search_runs(
            [run.info.experiment_id],
            f"tags.mlflow.parentRunId = '{automl_run_id}'",
            page_token=page_token,
        )
        for child in children:
            if child.data.metrics:
                metrics[child.info.run_id] = {name: [value] for name, value in child.data.metrics.items()}
        page_token = children.token
        if not page_token:
            break
    with open(args.metrics, "w") as file:
        json.dump(metrics, file)

if args.model:
    shutil.copyfile(os.path.join(args.best_model, best.flavors["sklearn"]["pickled_model"]), args.model)
'''
#: What the script needs.
CONDA = {
    "channels": ["conda-forge"],
    "dependencies": ["python=3.10", "pip", {"pip": ["mlflow", "azureml-mlflow"]}],
}
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"


@dataclass
class OutputsOfAutoML:
    """The node behind an AutoML node. ``node`` and ``component`` are its variables."""

    node: str
    component: str
    #: Output -> the option of the script that writes it: "metrics" or "model".
    written: dict[str, str] = field(default_factory=dict)

    def component_code(self, to: Rewriter) -> str:
        """Creates the files of the component; returns the code that loads it."""
        folder = to.path.parent / _FOLDER
        options = [f"--{option} ${{{{outputs.{name}}}}}" for name, option in self.written.items()]
        content = {
            "$schema": SCHEMA,
            "name": self.node,
            "type": "command",
            "inputs": {"best_model": {"type": "mlflow_model"}},
            "outputs": {name: {"type": "uri_file"} for name in self.written},
            "code": ".",
            "environment": {"image": IMAGE, "conda_file": "environment.conda.yml"},
            "command": " ".join([f"python {SCRIPT} --best_model ${{{{inputs.best_model}}}}", *options]),
        }
        for name, text in ((SCRIPT, TEXT), ("environment.conda.yml", dump(CONDA))):
            to.create(Path(os.path.relpath(folder / name, to.path.parent)).as_posix(), text)
        name = create_file(folder, self.node, ".component.yml", dump(content), to)
        load = to.need("azure.ai.ml", "load_component")
        if to.path.suffix == ".ipynb":
            return f'{load}(source="{_FOLDER}/{name}")'
        path = f"{to.need_module('os')}.path"
        return f'{load}(source={path}.join({path}.dirname({path}.abspath(__file__)), "{_FOLDER}", "{name}"))'


def can_follow(to: Rewriter) -> bool:
    """Whether the files of the component have a place: a folder is converted, and nothing else is there."""
    folder = to.path.parent / _FOLDER
    files = ((SCRIPT, TEXT), ("environment.conda.yml", dump(CONDA)))
    return bool(to.roots) and all(is_free(folder / name, text) for name, text in files)


def reviews(what: Use) -> list[str]:
    """What to check of the outputs that a TrainingOutput stands for."""
    found = [
        f"a component behind the AutoML node, {_FOLDER}/{SCRIPT}, writes the files that its readers had in SDK v1; "
        "code that loads the model from MLflow can take best_model of the node itself"
    ]
    for key, position in (("iteration", 1), ("metric", 2), ("model_file", 3)):
        if what.argument(key, position=position) is not None:
            found.append(f"TrainingOutput({key}=...) asks for another model than the best one: take it from its run")
    return found
