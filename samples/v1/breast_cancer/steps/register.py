"""Registers the trained model in the workspace."""

import argparse
import os
import shutil

from azureml.core import Run, Workspace
from azureml.core.model import Model
from azureml.core.run import _OfflineRun

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--model-name", required=True)
args = parser.parse_args()

run = Run.get_context()
ws = Workspace.from_config() if isinstance(run, _OfflineRun) else run.experiment.workspace
# Model.register takes paths below the working folder only.
shutil.copy(os.path.join(args.model, "model.pkl"), "model.pkl")
model = Model.register(
    workspace=ws,
    model_path="model.pkl",
    model_name=args.model_name,
    tags={"sample": "breast_cancer"},
)
run.tag("model_version", str(model.version))
print(f"registered {model.name} version {model.version}")
