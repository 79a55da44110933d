"""What an AutoML step of SDK v1 gave as outputs, behind the AutoML node of SDK v2, which has the best model only.

Readers of v1's outputs open files: the metrics of all models as JSON, and the best model as a pickle file. A component
of the user's own writes them, from the MLflow folder of the node and the runs of the workspace. SDK v2 has no node that
does (azure-ai-ml: the outputs of ``automl.classification`` are ``best_model`` alone).
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.steps.nodes_behind import NodeBehind

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


class OutputsOfAutoML(NodeBehind):
    """The node behind an AutoML node."""

    folder = _FOLDER
    script = SCRIPT
    text = TEXT
    source = ("best_model", "mlflow_model")


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
