"""Registers the best model of the step before."""

import argparse

from azureml.core import Run
from azureml.core.model import Model

parser = argparse.ArgumentParser()
parser.add_argument("--model_name", required=True)
parser.add_argument("--model_path", required=True)
args = parser.parse_args()

workspace = Run.get_context().experiment.workspace
model = Model.register(workspace=workspace, model_path=args.model_path, model_name=args.model_name)
print(f"registered model {model.name} version {model.version}")
