"""The metrics that a HyperDriveStep of SDK v1 gave as an output, behind the sweep node of SDK v2.

Readers of v1's output open a JSON file with the metrics of all trials. The outputs of a sweep node are those of its
best trial: that one tells the id of its run, by which a component of the user's own finds the other trials.
"""

from __future__ import annotations

from amlbridge.migrate.models.steps.nodes_behind import NodeBehind

FOLDER = "sweep_outputs"
#: The output of a trial with the id of its run, and what follows the command of the trial.
TRIAL = "trial_id"
TELL = f"&& echo $AZUREML_RUN_ID > ${{{{outputs.{TRIAL}}}}}"
#: The script of the component.
TEXT = '''\
"""Writes the metrics of all trials of a sweep as a JSON file."""

import argparse
import json

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--trial_id", required=True, help="file with the id of the best trial's run")
parser.add_argument("--metrics", required=True, help="file to write: {run of the trial: {metric: [value]}}")
args = parser.parse_args()

with open(args.trial_id) as file:
    trial_id = file.read().strip()

# The runs of all trials are children of the run of the sweep.
client = mlflow.MlflowClient()
trial = client.get_run(trial_id)
sweep_id = trial.data.tags["mlflow.parentRunId"]
metrics = {}
page_token = None
while True:
    children = client.search_runs(
        [trial.info.experiment_id],
        f"tags.mlflow.parentRunId = '{sweep_id}'",
        page_token=page_token,
    )
    for child in children:
        if child.data.metrics:
            metrics[child.info.run_id] = {
                name: [measured.value for measured in client.get_metric_history(child.info.run_id, name)]
                for name in child.data.metrics
            }
    page_token = children.token
    if not page_token:
        break
with open(args.metrics, "w") as file:
    json.dump(metrics, file)
'''
REVIEW = (
    f"a component behind the sweep, {FOLDER}/sweep_outputs.py, writes the metrics of all trials, as SDK v1 did for the "
    "readers of this output"
)


class OutputsOfSweep(NodeBehind):
    """The node behind a sweep node."""

    folder = FOLDER
    script = "sweep_outputs.py"
    text = TEXT
    source = (TRIAL, "uri_file")
